//! `launchway soci explain`: what Fargate will do with an image, and what to change.

use crate::exit;
use crate::image::Platform;
use crate::registry::Reference;
use crate::soci::explain::{explain, read};
use crate::ui::{Failure, explained_text};

use super::{Format, answer_json};
use crate::cli::Invocation;

const EXAMPLES: &str = "\
Examples:
  launchway soci explain 123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:production
  launchway soci explain registry.example.com/app@sha256:… --format json

Reads documents only, no layers; `launchway soci verify` reads back what the indexes promise.
The exit code is 0 whatever is found; 12 registry or credentials, 14 the image is damaged or has no\nsuch platform.";

/// Arguments of `soci explain`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The image: a tag, or a digest
    #[arg(value_name = "REF")]
    pub reference: Reference,

    /// Platforms to judge, for example linux/amd64,linux/arm64 [default: all of the image]
    #[arg(long, value_name = "PLATFORM", value_delimiter = ',')]
    pub platform: Vec<Platform>,

    /// How it is printed: table or json
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "table")]
    #[arg(hide_possible_values = true)]
    pub format: Format,
}

pub(super) async fn run(args: Args, invocation: &Invocation) -> Result<u8, Failure> {
    let registry = invocation.registry_client()?;
    let facts = read(&registry, &args.reference, &args.platform).await?;
    let explanation = explain(&facts);
    match args.format {
        Format::Json => answer_json(invocation, &explanation)?,
        Format::Table => invocation.printer.answer(&explained_text(
            &explanation,
            invocation.context.terminal.unicode,
            invocation.printer.answer_style(),
        ))?,
    }
    Ok(exit::OK)
}
