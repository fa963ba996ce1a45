//! `launchway soci attach`: SOCI indexes for an image that is in a registry already.

use std::num::NonZeroUsize;
use std::sync::Arc;

use launchway_soci::index::Version;

use crate::exit;
use crate::image::Platform;
use crate::registry::{Reference, Tag};
use crate::soci::attach::{AttachContext, AttachOptions, Attached, attach};
use crate::soci::{DEFAULT_STORE_LIMIT, SociOptions, ZtocStore};
use crate::ui::progress::Downloads;
use crate::ui::{Failure, attached_table};

use super::answer_json;
use crate::cli::{Invocation, parse};

const EXAMPLES: &str = "\
Examples:
  launchway soci attach registry.example.com/app:1            # moves the tag 1
  launchway soci attach registry.example.com/app:1 --tag 1-soci
  launchway soci attach registry.example.com/app@sha256:…     # pushes by digest, prints the digest
  launchway soci attach registry.example.com/app:1 --platform linux/arm64

Layers stream from the registry through the indexer; nothing is stored but their zTOCs. The image
index is replaced: image manifests get an annotation that names their SOCI index, attestations
follow them, all other entries stay. Deploy the digest that is printed. A second run changes
nothing.

Exit codes: 0 done, or nothing to do; 12 registry or credentials, 14 the image cannot get a SOCI
index, 75 temporary, 130 cancelled.";

/// Arguments of `soci attach`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The image: a tag, or a digest
    #[arg(value_name = "REF")]
    pub reference: Reference,

    /// Tag for the result instead of the one in REF; may be repeated
    #[arg(short, long = "tag", value_name = "TAG")]
    pub tags: Vec<Tag>,

    /// Platforms to index, for example linux/amd64,linux/arm64 [default: all of the image]
    #[arg(long, value_name = "PLATFORM", value_delimiter = ',')]
    pub platform: Vec<Platform>,

    /// Uncompressed bytes that are fetched and inflated at once
    #[arg(long, value_name = "BYTES", value_parser = parse::span_size, default_value = "4MiB")]
    pub span_size: u64,

    /// Smallest layer to index, in compressed bytes
    #[arg(long, value_name = "BYTES", value_parser = parse::size, default_value = "10MiB")]
    pub min_layer_size: u64,

    /// SOCI index version: v2, or v1 for accounts that used SOCI on Fargate before v2
    #[arg(
        long = "version",
        value_enum,
        value_name = "VERSION",
        default_value = "v2"
    )]
    #[arg(hide_possible_values = true)]
    pub version: IndexVersion,

    /// Index every layer, also those with a zTOC in the image or on this machine
    #[arg(long)]
    pub no_cache: bool,

    /// What is printed: reference or json
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "reference")]
    #[arg(hide_possible_values = true)]
    pub format: Format,
}

/// Which SOCI index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum IndexVersion {
    /// Refers to the image.
    V1,
    /// Named by the image.
    V2,
}

/// What is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// `REPOSITORY@DIGEST`.
    Reference,
    /// For programs.
    Json,
}

pub(super) async fn run(args: Args, invocation: &Invocation) -> Result<u8, Failure> {
    let version = match args.version {
        IndexVersion::V1 => Version::V1,
        IndexVersion::V2 => Version::V2,
    };
    if version == Version::V1 && !args.tags.is_empty() {
        return Err(Failure::usage("--tag has no meaning with --version v1")
            .hint("A v1 index refers to the image, which stays as it is under its tags."));
    }
    let store =
        (!args.no_cache).then(|| ZtocStore::new(invocation.ztoc_directory(), DEFAULT_STORE_LIMIT));
    let downloads = Downloads::start(
        "indexing",
        invocation.progress,
        &invocation.printer,
        invocation.context.terminal.unicode,
    );
    let context = AttachContext {
        registry: invocation.registry_client()?,
        store: store.clone(),
        reuse: !args.no_cache,
        at_once: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
        observer: {
            let downloads = Arc::clone(&downloads);
            Arc::new(move |event| downloads.event(&event))
        },
    };
    let options = AttachOptions {
        soci: SociOptions {
            version,
            span_size: args.span_size,
            min_layer_size: args.min_layer_size,
            ..SociOptions::default()
        },
        platforms: args.platform,
        tags: args.tags,
    };
    let result = attach(&context, &args.reference, &options).await;
    downloads.finish();
    let mut attached = result?;
    if let Some(store) = store {
        // What this run used is the last that should go.
        let keep: Vec<_> = attached
            .platforms
            .iter()
            .flat_map(|platform| platform.layers.iter().map(|layer| layer.digest))
            .collect();
        if let Err(error) = store.trim(&keep) {
            attached.warnings.push(format!("{error}: {}", error.source));
        }
    }
    tell(&attached, version, invocation);
    answer(&attached, args.format, invocation)?;
    Ok(exit::OK)
}

/// The table and what it cannot say, on stderr.
fn tell(attached: &Attached, version: Version, invocation: &Invocation) {
    let printer = &invocation.printer;
    printer.note(&attached_table(attached, version, printer.talk_style()));
    for warning in &attached.warnings {
        printer.warn(warning);
    }
}

fn answer(attached: &Attached, format: Format, invocation: &Invocation) -> Result<(), Failure> {
    match format {
        Format::Reference => {
            let reference = attached.repository.with_digest(attached.digest);
            invocation.printer.answer(&reference.to_string())
        }
        Format::Json => answer_json(invocation, attached),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use launchway_soci::{DEFAULT_MIN_LAYER_SIZE, DEFAULT_SPAN_SIZE};

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    #[test]
    fn the_defaults_are_those_of_the_official_tool() {
        let line = Line::try_parse_from(["attach", "r.example/app:1"]).unwrap();
        assert_eq!(line.args.span_size, DEFAULT_SPAN_SIZE);
        assert_eq!(line.args.min_layer_size, DEFAULT_MIN_LAYER_SIZE);
        assert_eq!(line.args.version, IndexVersion::V2);
    }
}
