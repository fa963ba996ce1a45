//! `launchway soci inspect`: what the SOCI indexes of an image hold.

use crate::cli::Invocation;
use crate::exit;
use crate::image::Platform;
use crate::registry::Reference;
use crate::soci::inspect::{InspectOptions, inspect};
use crate::ui::{Failure, inspection_table};

use super::Format;

const EXAMPLES: &str = "\
Examples:
  launchway soci inspect registry.example.com/app:1
  launchway soci inspect registry.example.com/app:1 --platform linux/arm64 --format json
  launchway soci inspect registry.example.com/app:1 --no-ztocs   # documents only

No layer is downloaded. Whether a zTOC is right is what `launchway soci verify` finds out.

Exit codes: 0 done, whatever the image has; 12 registry or credentials, 75 temporary.";

/// Arguments of `soci inspect`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The image: a tag, or a digest
    #[arg(value_name = "REF")]
    pub reference: Reference,

    /// Platforms to show, for example linux/amd64,linux/arm64 [default: all of the image]
    #[arg(long, value_name = "PLATFORM", value_delimiter = ',')]
    pub platform: Vec<Platform>,

    /// Do not fetch zTOCs, some percent of their layers in size; spans and members are not counted
    #[arg(long)]
    pub no_ztocs: bool,

    /// How it is printed: table or json
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "table")]
    #[arg(hide_possible_values = true)]
    pub format: Format,
}

pub(super) async fn run(args: Args, invocation: &Invocation) -> Result<u8, Failure> {
    let options = InspectOptions {
        platforms: args.platform,
        ztocs: !args.no_ztocs,
    };
    let registry = invocation.registry_client()?;
    let inspection = inspect(&registry, &args.reference, &options).await?;
    let printer = &invocation.printer;
    match args.format {
        Format::Table => {
            printer.answer(&inspection_table(&inspection, printer.answer_style()))?;
        }
        Format::Json => super::answer_json(invocation, &inspection)?,
    }
    Ok(exit::OK)
}
