//! `launchway parameter get`: what a parameter says now.

use serde::Serialize;

use crate::exit;
use crate::parameter::Told;
use crate::ui::{Failure, HistoryRow, parameter_text};

use crate::cli::Invocation;

const EXAMPLES: &str = "\
Examples:
  launchway parameter get /shop/production/web
  launchway parameter get /shop/production/web --format json
  launchway parameter get /shop/production/web --format value    # exactly what it holds

Exit codes: 0 done, 15 there is none, or AWS refused; 75 temporary.";

/// Arguments of `parameter get`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The parameter
    #[arg(value_name = "NAME")]
    pub name: String,

    /// The region [default: the one that AWS is configured for]
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,

    /// How it is printed: table, json or value
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "table")]
    #[arg(hide_possible_values = true)]
    pub format: Format,
}

/// How a parameter is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    Table,
    /// For programs: what it says, and its version.
    Json,
    /// The value as it is.
    Value,
}

#[derive(Serialize)]
struct Answer<'a> {
    name: &'a str,
    region: &'a str,
    #[serde(flatten)]
    row: HistoryRow,
}

pub(super) async fn run(args: Args, invocation: &Invocation) -> Result<u8, Failure> {
    let store = super::store(args.region.as_deref()).await?;
    let found = store.get(&args.name, true).await;
    let found = found.map_err(|error| super::failure(&error))?;
    let region = store.region();
    let Some(stored) = found else {
        let message = format!("there is no parameter {} in {region}", args.name);
        return Err(Failure::new(exit::HANDOFF, message)
            .hint("A release writes it at its end; --region asks another region."));
    };
    let printer = &invocation.printer;
    if args.format == Format::Value {
        printer.answer(stored.value.expose())?;
        return Ok(exit::OK);
    }
    let row = HistoryRow {
        version: stored.version,
        modified: stored.modified.map(|time| time.to_string()),
        by: None,
        labels: Vec::new(),
        told: Told::read(stored.value.expose(), stored.kind == "SecureString"),
    };
    if args.format == Format::Json {
        let name = &args.name;
        super::answer_json(invocation, &Answer { name, region, row })?;
    } else {
        let text = parameter_text(&args.name, region, &row, printer.answer_style());
        printer.answer(&text)?;
    }
    Ok(exit::OK)
}
