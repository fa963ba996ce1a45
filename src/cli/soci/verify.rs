//! `launchway soci verify`: whether a snapshotter can use the SOCI indexes of an image.

use crate::cli::Invocation;
use crate::exit;
use crate::image::Platform;
use crate::registry::Reference;
use crate::soci::verify::{Verification, VerifyEvent, VerifyOptions, verify};
use crate::ui::progress::Downloads;
use crate::ui::{Failure, verification_table};

use super::Format;

const EXAMPLES: &str = "\
Examples:
  launchway soci verify registry.example.com/app:1
  launchway soci verify registry.example.com/app@sha256:… --platform linux/arm64
  launchway soci verify registry.example.com/app:1 --format json

For every platform the SOCI index, its zTOCs and the indexed layers are read from the registry:
each span is decompressed from its checkpoint, each member of the archive looked up where the zTOC
says. Nothing is stored. An image without any SOCI index does not pass.

Exit codes: 0 everything is right, 12 registry or credentials, 14 something is wrong or there is no
SOCI index, 75 temporary, 130 cancelled.";

/// Arguments of `soci verify`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The image: a tag, or a digest
    #[arg(value_name = "REF")]
    pub reference: Reference,

    /// Platforms to verify, for example linux/amd64,linux/arm64 [default: all of the image]
    #[arg(long, value_name = "PLATFORM", value_delimiter = ',')]
    pub platform: Vec<Platform>,

    /// Layers that are read back at once [default: one per core]
    #[arg(long, value_name = "COUNT")]
    pub parallel: Option<usize>,

    /// How the result is printed: table or json
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "table")]
    #[arg(hide_possible_values = true)]
    pub format: Format,
}

pub(super) async fn run(args: Args, invocation: &Invocation) -> Result<u8, Failure> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let options = VerifyOptions {
        platforms: args.platform,
        parallel: args.parallel.unwrap_or(cores),
    };
    let registry = invocation.registry_client()?;
    let downloads = Downloads::start(
        "verifying",
        invocation.progress,
        &invocation.printer,
        invocation.context.terminal.unicode,
    );
    let tell = |event: VerifyEvent| downloads.verify_event(&event);
    let result = verify(&registry, &args.reference, &options, &tell).await;
    downloads.finish();
    let verification = result?;
    let printer = &invocation.printer;
    match args.format {
        Format::Table => {
            printer.answer(&verification_table(&verification, printer.answer_style()))?;
        }
        Format::Json => super::answer_json(invocation, &verification)?,
    }
    match failure(&verification) {
        Some(failure) => Err(failure),
        None => Ok(exit::OK),
    }
}

fn failure(verification: &Verification) -> Option<Failure> {
    if verification.ok {
        return None;
    }
    let reference = &verification.reference;
    if verification.has_nothing() {
        let message = format!("{reference} has no SOCI index");
        return Some(Failure::new(exit::SOCI, message).hint(format!(
            "`launchway soci attach {reference}` makes one; `launchway soci inspect {reference}` \
             shows its layers."
        )));
    }
    let bad = verification.platforms.iter();
    let bad: Vec<String> = bad
        .filter(|image| image.has_problems())
        .map(|image| image.platform.to_string())
        .collect();
    let message = format!("{reference} did not pass for {}", bad.join(", "));
    Some(
        Failure::new(exit::SOCI, message)
            .hint("The problems are in the table above.")
            .hint("Deploy it without relying on SOCI, or release it again: a new index replaces this one."),
    )
}
