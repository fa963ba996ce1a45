//! `launchway prune`: the plan, and with `--apply` its execution.

use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use crate::exit;
use crate::prune::{CallCounts, NamePattern, Plan, document};
use crate::release::write_atomically_with;
use crate::ui::{Failure, Style, prune_images, prune_table};

use super::apply;
use super::ground::{Ground, GroundArgs};
use super::output::Format;
use super::problem::Problem;
use crate::cli::{Invocation, parse};

/// Arguments of `prune` without an action.
#[derive(Debug, clap::Args)]
pub struct PlanArgs {
    /// Repositories, of those that the `prune` block has rules for; `*` and `?` match names
    /// [default: all of them]
    #[arg(value_name = "REPOSITORY")]
    pub repositories: Vec<NamePattern>,

    /// Remove what may go
    #[arg(long)]
    pub apply: bool,

    /// With --apply: remove only what this file has, too, which --output wrote
    #[arg(long, value_name = "FILE", requires = "apply", conflicts_with_all = ["output", "exact_size", "images"])]
    pub plan: Option<PathBuf>,

    /// With --apply: do not ask on a terminal
    #[arg(short, long, requires = "apply")]
    pub yes: bool,

    /// With --apply: how old an answer about what is in use may be when images are removed
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = parse::fresh_for)]
    pub fresh_for: Duration,

    /// Write the plan to this file, also when prune refuses
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// How the plan, or with --apply the result, is printed: table or json
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "table")]
    #[arg(hide_possible_values = true)]
    pub format: Format,

    /// List every image with its reason, too
    #[arg(long)]
    pub images: bool,

    /// Read every image, so that layers are counted once and only where nothing kept has them
    #[arg(long)]
    pub exact_size: bool,

    /// Configuration and cases.
    #[command(flatten)]
    pub ground: GroundArgs,
}

pub(super) async fn run(args: PlanArgs, invocation: &Invocation) -> Result<u8, Failure> {
    let ground = Ground::read(&args.ground, invocation).await?;
    if let Some(path) = &args.plan {
        return apply::saved(&args, path, ground, invocation).await;
    }
    let progress = ground.progress(invocation);
    let asked = ground.ask(&*progress).await;
    let (only, uses) = (&args.repositories, asked.in_use.clone());
    let plan = ground
        .plan_with(uses, only, args.exact_size, &*progress)
        .await;
    progress.finish();
    let calls = ground.aws.calls();
    if let Some(path) = &args.output {
        let path = invocation.context.resolve(path);
        write_atomically_with(&path, |file| write(file, &plan, &calls))?;
    }
    if args.apply {
        return apply::fresh(&args, plan, asked, ground, invocation).await;
    }
    match args.format {
        Format::Json => invocation
            .printer
            .answer_with(|out| write(out, &plan, &calls))?,
        Format::Table => show(&args, &plan, &calls, invocation)?,
    }
    match Problem::of_plan(&plan).failure() {
        Some(failure) => Err(failure),
        None => Ok(exit::OK),
    }
}

/// The plan as a document.
fn write(out: &mut dyn Write, plan: &Plan, calls: &CallCounts) -> io::Result<()> {
    document::write(out, plan, calls, env!("CARGO_PKG_VERSION"))
}

/// The plan as tables on standard output, one repository's images at a time.
fn show(
    args: &PlanArgs,
    plan: &Plan,
    calls: &CallCounts,
    invocation: &Invocation,
) -> Result<(), Failure> {
    let printer = &invocation.printer;
    let style = printer.answer_style();
    if args.images {
        for repository in &plan.repositories {
            let text = prune_images(repository, plan.created_at, style);
            if !text.is_empty() {
                printer.answer(&format!("{text}\n"))?;
            }
        }
    }
    printer.answer(&prune_table(plan, calls, style))?;
    if plan.has_refusals() {
        // The report stands apart.
        printer.note("\n");
    }
    Ok(())
}

/// The plan as talk, before it is carried out.
pub(super) fn note(args: &PlanArgs, plan: &Plan, calls: &CallCounts, invocation: &Invocation) {
    let printer = &invocation.printer;
    let style: Style = printer.talk_style();
    if args.images {
        for repository in &plan.repositories {
            printer.note(&prune_images(repository, plan.created_at, style));
        }
    }
    printer.note(&prune_table(plan, calls, style));
}

/// The time that ages count to.
pub(super) fn now() -> Timestamp {
    Timestamp::now()
}
