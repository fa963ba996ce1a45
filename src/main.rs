//! Launchway's entry point.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(launchway::cli::main(std::env::args_os()))
}
