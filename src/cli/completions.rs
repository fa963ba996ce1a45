//! `launchway completions`: completion scripts.

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::exit;
use crate::ui::Failure;

use super::{Cli, Invocation};

const EXAMPLES: &str = "\
Examples:
  launchway completions bash > /etc/bash_completion.d/launchway
  launchway completions zsh > ~/.zfunc/_launchway";

/// Arguments of `completions`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The shell: bash, elvish, fish, powershell or zsh
    #[arg(value_name = "SHELL", hide_possible_values = true)]
    shell: Shell,
}

pub(crate) fn run(args: &Args, invocation: &Invocation) -> Result<u8, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "launchway", &mut script);
    invocation
        .printer
        .answer(&String::from_utf8_lossy(&script))?;
    Ok(exit::OK)
}
