//! `launchway parameter history`: what a parameter said before.

use serde::Serialize;

use crate::exit;
use crate::parameter::Told;
use crate::ui::{Failure, HistoryRow, history_table};

use crate::cli::Invocation;
use crate::cli::soci::Format;

/// How many versions SSM keeps.
const KEPT: usize = 100;

const EXAMPLES: &str = "\
Examples:
  launchway parameter history /shop/production/web
  launchway parameter history /shop/production/web --limit 3 --format json

SSM keeps the last 100 versions. Values are not shown, only what they say of a release.

Exit codes: 0 done, 15 there is none, or AWS refused; 75 temporary.";

/// Arguments of `parameter history`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The parameter
    #[arg(value_name = "NAME")]
    pub name: String,

    /// The newest versions only, this many
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub limit: Option<u16>,

    /// The region [default: the one that AWS is configured for]
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,

    /// How it is printed: table or json
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "table")]
    #[arg(hide_possible_values = true)]
    pub format: Format,
}

#[derive(Serialize)]
struct Answer<'a> {
    name: &'a str,
    region: &'a str,
    versions: &'a [HistoryRow],
}

pub(super) async fn run(args: Args, invocation: &Invocation) -> Result<u8, Failure> {
    let store = super::store(args.region.as_deref()).await?;
    let versions = store.history(&args.name, true).await;
    let versions = versions.map_err(|error| super::failure(&error))?;
    let all = versions.len();
    let limit = args.limit.map_or(usize::MAX, usize::from);
    let rows = versions.into_iter().take(limit).map(|version| HistoryRow {
        version: version.stored.version,
        modified: version.stored.modified.map(|time| time.to_string()),
        by: version.by,
        labels: version.labels,
        told: Told::read(
            version.stored.value.expose(),
            version.stored.kind == "SecureString",
        ),
    });
    let rows: Vec<HistoryRow> = rows.collect();
    let printer = &invocation.printer;
    match args.format {
        Format::Json => super::answer_json(
            invocation,
            &Answer {
                name: &args.name,
                region: store.region(),
                versions: &rows,
            },
        )?,
        Format::Table => {
            printer.answer(&history_table(&rows, printer.answer_style()))?;
            if all >= KEPT && rows.len() == all {
                printer.note("Older versions are gone: SSM keeps the last 100.");
            }
        }
    }
    Ok(exit::OK)
}
