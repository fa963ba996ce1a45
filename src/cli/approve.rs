//! `launchway approve`: answer a manual approval of CodePipeline.

use serde::Serialize;

use crate::approve::{Choice, MAX_SUMMARY, Pipeline, Waiting, choose, find, still_waits};
use crate::aws::{ApprovalAnswer, Aws, AwsSettings, Pipelines};
use crate::exit;
use crate::ui::{Failure, WaitingRow, waiting_table};

use super::Invocation;
use super::confirm::{can_ask, confirmed};
use super::failure::approve::approval_failure;
use super::soci::Format;

const EXAMPLES: &str = "\
Examples:
  launchway approve shop                     # look at what waits, and answer it
  launchway approve shop --list
  launchway approve shop --reject --summary \"the test port shows the old version\"
  launchway approve shop --execution 3137f7cb-7cf7-4abc-9def-0123456789ab    # no other one

On a terminal it asks first. Elsewhere it needs --yes, which answers whatever waits, or --execution,
which answers for that execution alone.

Exit codes: 0 done, 2 several wait, or nobody to ask; 15 none waits, or AWS refused; 75 temporary.";

/// Arguments of `approve`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The pipeline
    #[arg(value_name = "PIPELINE")]
    pub pipeline: String,

    /// The stage, where several approvals wait
    #[arg(long, value_name = "STAGE")]
    pub stage: Option<String>,

    /// The action, where several approvals wait
    #[arg(long, value_name = "ACTION")]
    pub action: Option<String>,

    /// The execution that was looked at; another one is not answered
    #[arg(long, value_name = "ID")]
    pub execution: Option<String>,

    /// Stop the execution instead
    #[arg(long)]
    pub reject: bool,

    /// Why, for the pipeline's history; at most 512 characters
    #[arg(long, value_name = "TEXT")]
    pub summary: Option<String>,

    /// Show what waits, and answer nothing
    #[arg(long, conflicts_with_all = ["reject", "summary", "yes"])]
    pub list: bool,

    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,

    /// The region [default: the one that AWS is configured for]
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,

    /// How it is printed: table or json
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "table")]
    #[arg(hide_possible_values = true)]
    pub format: Format,
}

/// What was answered.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answered<'a> {
    pipeline: &'a str,
    stage: &'a str,
    action: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    execution: Option<&'a str>,
    /// `approved` or `rejected`.
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<String>,
}

pub(crate) async fn run(args: Args, invocation: &Invocation) -> Result<u8, Failure> {
    let summary = summary(&args)?;
    let asks = can_ask(invocation);
    if !(args.list || args.yes || asks || args.execution.is_some()) {
        let message = "there is nobody to ask whether this approval is meant";
        return Err(Failure::usage(message).hint(
            "Add --yes to answer whatever waits, or --execution ID to name what was looked at.",
        ));
    }
    let aws = Aws::new(AwsSettings::default());
    let fail = |error| approval_failure(&error, &args.pipeline);
    let pipelines = aws.pipelines(args.region.as_deref()).await.map_err(fail)?;
    let pipeline = find(&pipelines, &args.pipeline).await.map_err(fail)?;
    if let Some(permission) = pipeline.denied {
        invocation.printer.note(&format!(
            "What reviewers are told is not shown: that needs {permission}."
        ));
    }
    if args.list {
        return list(&args, invocation, &pipeline, pipelines.region());
    }
    let choice = Choice {
        stage: args.stage.clone(),
        action: args.action.clone(),
        execution: args.execution.clone(),
    };
    let seen = choose(&pipeline, &choice)?;
    if !asks || args.yes {
        return answer(&args, invocation, &pipelines, seen, &summary).await;
    }
    let shown = Pipeline {
        waiting: vec![seen.clone()],
        ..pipeline.clone()
    };
    let printer = &invocation.printer;
    printer.note(&waiting_table(
        &shown,
        pipelines.region(),
        printer.talk_style(),
    ));
    let what = if args.reject { "Reject" } else { "Approve" };
    let question = format!("{what} this execution of {}?", shown.name);
    if !confirmed(invocation, &question).await? {
        printer.note("Nothing was answered.");
        return Ok(exit::CANCELLED);
    }
    // People take their time: another execution may have come to it meanwhile.
    let now = find(&pipelines, &args.pipeline).await.map_err(fail)?;
    let waits = still_waits(&now, seen)?;
    answer(&args, invocation, &pipelines, waits, &summary).await
}

fn summary(args: &Args) -> Result<String, Failure> {
    let summary = args.summary.clone().unwrap_or_else(|| {
        let what = if args.reject { "Rejected" } else { "Approved" };
        format!("{what} with launchway approve")
    });
    let length = summary.chars().count();
    if length > MAX_SUMMARY {
        return Err(Failure::usage(format!(
            "--summary has {length} characters, and CodePipeline takes {MAX_SUMMARY}"
        )));
    }
    Ok(summary)
}

fn list(
    args: &Args,
    invocation: &Invocation,
    pipeline: &Pipeline,
    region: &str,
) -> Result<u8, Failure> {
    let printer = &invocation.printer;
    match args.format {
        Format::Json => {
            let rows = pipeline.waiting.iter();
            let rows: Vec<WaitingRow<'_>> = rows
                .map(|waiting| WaitingRow::new(&pipeline.name, region, waiting))
                .collect();
            answer_json(invocation, &rows)?;
        }
        Format::Table if pipeline.waiting.is_empty() => {
            // The same words as the refusal to answer: where the pipeline stands.
            let none = choose(pipeline, &Choice::default()).map(|_| ());
            printer.note(&none.err().map(|none| none.to_string()).unwrap_or_default());
        }
        Format::Table => {
            printer.answer(&waiting_table(pipeline, region, printer.answer_style()))?;
        }
    }
    Ok(exit::OK)
}

async fn answer(
    args: &Args,
    invocation: &Invocation,
    pipelines: &Pipelines,
    waits: &Waiting,
    summary: &str,
) -> Result<u8, Failure> {
    let answer = ApprovalAnswer {
        pipeline: &args.pipeline,
        stage: &waits.stage,
        action: &waits.action,
        token: &waits.token,
        approve: !args.reject,
        summary,
    };
    let at = pipelines.answer_approval(&answer).await;
    let at = at.map_err(|error| approval_failure(&error, &args.pipeline))?;
    let answered = Answered {
        pipeline: &args.pipeline,
        stage: &waits.stage,
        action: &waits.action,
        execution: waits.execution.as_deref(),
        status: if args.reject { "rejected" } else { "approved" },
        at: at.map(|time| time.to_string()),
    };
    if args.format == Format::Json {
        answer_json(invocation, &answered)?;
    } else {
        let execution = answered.execution.map(|id| format!(", execution {id}"));
        invocation.printer.answer(&format!(
            "{}/{} of {} is {}{}",
            answered.stage,
            answered.action,
            answered.pipeline,
            answered.status,
            execution.unwrap_or_default()
        ))?;
    }
    Ok(exit::OK)
}

fn answer_json(invocation: &Invocation, value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|error| {
        Failure::with_cause(exit::UNEXPECTED, "cannot write the result", &error)
    })?;
    invocation.printer.answer(&text)
}
