//! `launchway notify`: send a notification by hand, from a buildspec or to try a block out.

use std::path::{Path, PathBuf};

use launchway_buildkit::Secret;
use serde_json::{Value, json};

use crate::bake::suggest::did_you_mean;
use crate::config::{Blocks, NotifyEvent, NotifySettings};
use crate::exit;
use crate::notify::{self, Delivery, Link, Mask, Message, Payload, SendError, Sender, Service};
use crate::release::{
    self,
    record::{Record, State},
};
use crate::ui::{Failure, Notified, NotifyOutcome, notified_table};

use super::Invocation;
use super::announce::{self, Trouble};
use super::args::ConfigArgs;
use super::codebuild::refuse_after_failed_build;
use super::failure::record::not_deployable;
use super::project::Project;

const EXAMPLES: &str = "\
Examples:
  launchway notify success --dry-run                    # what every block would be sent
  launchway notify success ops --record launchway-out/release.json
  launchway notify waiting-for-approval --pipeline shop --message 'Green is on port 9001.'

A block hears of its own `events`; one that is named hears of any. Without --dry-run the secrets of
the blocks are needed. After a failed build, and of a record that is not complete, only start, failed
and refused are told.

Exit codes: 0 sent, or nobody wants to hear it; 3 configuration, 15 not everything was sent, or it
would not be true; 75 not sent for a reason that passes.";

/// Arguments of `notify`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// What happened: start, success, unchanged, failed, refused or waiting-for-approval
    #[arg(value_name = "EVENT", value_parser = event)]
    pub event: NotifyEvent,

    /// `notify` blocks to send to [default: all that have the event]
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,

    /// Tell of the images in this release.json
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,

    /// Say this too
    #[arg(long, value_name = "TEXT")]
    pub message: Option<String>,

    /// Link to this pipeline of CodePipeline [default: the one that runs this build]
    #[arg(long, value_name = "PIPELINE")]
    pub pipeline: Option<String>,

    /// Print what would be sent; read no secret and send nothing
    #[arg(long)]
    pub dry_run: bool,

    /// How it is printed: table or json
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "table")]
    #[arg(hide_possible_values = true)]
    pub format: Format,

    /// The files.
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// How a result is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    Table,
    /// For programs.
    Json,
}

fn event(name: &str) -> Result<NotifyEvent, String> {
    NotifyEvent::parse(name).ok_or_else(|| {
        let all = NotifyEvent::ALL.map(NotifyEvent::name);
        did_you_mean(name, all).unwrap_or_else(|| format!("expected {}", all.join(", ")))
    })
}

/// A block, and its message if there is something for it.
type Addressed = (NotifySettings, Option<Message>);

pub(crate) async fn run(args: Args, invocation: &Invocation) -> Result<u8, Failure> {
    let wanted = Blocks::Only(&["notify", "service"]);
    if says_well(args.event) {
        let environment = &invocation.context.environment;
        let verb = format!("notify {}", args.event.name());
        refuse_after_failed_build(environment, "nothing is told", &verb)?;
    }
    let project = Project::configuration(invocation, &args.config, wanted)?;
    let message = message(&args, invocation, &project)?;
    let blocks = chosen(&args, &project.bake.settings.notifications)?;
    if blocks.is_empty() {
        let note = format!("no notify block has the event {:?}", args.event.name());
        invocation.printer.note(&note);
    }
    let addressed: Vec<Addressed> = blocks
        .into_iter()
        .map(|block| {
            let message = message.for_notifier(&block);
            (block, message)
        })
        .collect();
    let sender = announce::sender(invocation);
    let mut mask = Mask::of_environment(invocation.context.environment.variables());
    for (block, _) in &addressed {
        let reference = block.channel.secret();
        if let Some(Ok(Some(secret))) = reference.map(|one| sender.secret_at_hand(one)) {
            mask.hide(&secret);
        }
    }
    if args.dry_run {
        preview(&args, invocation, &addressed, &mask)?;
        return Ok(exit::OK);
    }
    let secrets = addressed
        .iter()
        .map(|(block, message)| secret(&sender, block, message.as_ref()));
    let secrets = futures::future::join_all(secrets).await;
    // No message shows the secret of another block.
    for secret in &secrets {
        if let Some(Ok(Some(secret))) = secret {
            mask.hide(secret);
        }
    }
    let sent = addressed
        .iter()
        .zip(secrets)
        .map(|((block, message), secret)| send(&sender, block, message.as_ref(), secret, &mask));
    let sent: Vec<_> = futures::future::join_all(sent).await;
    let rows: Vec<Notified> = addressed
        .iter()
        .zip(&sent)
        .map(|((block, message), sent)| Notified {
            name: block.name.clone(),
            kind: block.channel.kind(),
            event: message.as_ref().map(|message| message.event.name()),
            outcome: match sent {
                None => NotifyOutcome::Left,
                Some(Ok(delivery)) => NotifyOutcome::Sent(delivery.id.clone()),
                Some(Err(error)) => NotifyOutcome::Failed(error.to_string()),
            },
        })
        .collect();
    match args.format {
        Format::Table => {
            let style = invocation.printer.answer_style();
            invocation.printer.answer(&notified_table(&rows, style))?;
        }
        Format::Json => answer(invocation, &json!(rows.iter().map(row).collect::<Vec<_>>()))?,
    }
    conclude(addressed, sent)
}

/// Success when everything was sent.
fn conclude(
    addressed: Vec<Addressed>,
    sent: Vec<Option<Result<Delivery, SendError>>>,
) -> Result<u8, Failure> {
    let troubles: Vec<Trouble> = addressed
        .into_iter()
        .zip(sent)
        .filter_map(|((block, _), sent)| {
            let error = sent?.err()?;
            Some(Trouble { block, error })
        })
        .collect();
    if troubles.is_empty() {
        return Ok(exit::OK);
    }
    let passing = troubles.iter().all(|trouble| trouble.error.is_temporary());
    let troubles: Vec<&Trouble> = troubles.iter().collect();
    let failure = announce::undelivered("not every notification was sent", &troubles);
    Err(failure.temporary(passing))
}

/// What sending needs, if there is something to send.
type Read = Option<Result<Option<Secret>, SendError>>;

async fn secret(sender: &Sender, block: &NotifySettings, message: Option<&Message>) -> Read {
    message?;
    Some(sender.secret(block).await)
}

async fn send(
    sender: &Sender,
    block: &NotifySettings,
    message: Option<&Message>,
    secret: Read,
    mask: &Mask,
) -> Option<Result<Delivery, SendError>> {
    let secret = match secret? {
        Ok(secret) => secret,
        Err(error) => return Some(Err(error)),
    };
    let payload = Payload::of(message?, block, mask);
    Some(sender.send(block, &payload, secret.as_ref()).await)
}

/// Whether the event says that a release went well, so that somebody goes on with it.
fn says_well(event: NotifyEvent) -> bool {
    match event {
        NotifyEvent::Success | NotifyEvent::Unchanged | NotifyEvent::WaitingForApproval => true,
        NotifyEvent::Start | NotifyEvent::Failed | NotifyEvent::Refused => false,
    }
}

/// Refuses to say that a release went well of one that did not, or that was not finished.
fn refuse_unfinished(args: &Args, path: &Path, record: &Record) -> Result<(), Failure> {
    if !says_well(args.event) || record.state == State::Complete {
        return Ok(());
    }
    record
        .deployable()
        .map_err(|error| not_deployable(path, error))?;
    let message = format!(
        "the release of {} did not complete: not all of its tags were moved",
        path.display()
    );
    Err(Failure::new(exit::HANDOFF, message).hint(format!(
        "Run `launchway release` again; `launchway notify failed` can tell of this one instead of \
         {:?}.",
        args.event.name()
    )))
}

/// The blocks that were named, or those that have the event.
fn chosen(args: &Args, blocks: &[NotifySettings]) -> Result<Vec<NotifySettings>, Failure> {
    if blocks.is_empty() {
        return Err(
            Failure::new(exit::CONFIGURATION, "the configuration has no notify block")
                .hint("Declare one in launchway.hcl: notify \"ops\" { type = \"slack\", … }."),
        );
    }
    if args.names.is_empty() {
        let hears = |block: &&NotifySettings| block.events.contains(&args.event);
        return Ok(blocks.iter().filter(hears).cloned().collect());
    }
    let mut chosen: Vec<NotifySettings> = Vec::new();
    for name in &args.names {
        let Some(block) = blocks.iter().find(|block| block.name == *name) else {
            let failure = Failure::usage(format!("there is no notify block {name:?}"));
            let names = blocks.iter().map(|block| block.name.as_str());
            return Err(match did_you_mean(name, names) {
                Some(hint) => failure.hint(format!("D{}", &hint[1..])),
                None => failure,
            });
        };
        if !chosen.contains(block) {
            chosen.push(block.clone());
        }
    }
    Ok(chosen)
}

/// What is told, from the working directory, the record and the flags.
fn message(args: &Args, invocation: &Invocation, project: &Project) -> Result<Message, Failure> {
    let context = &invocation.context;
    let mut message = announce::message(context, project, args.event);
    message.text.clone_from(&args.message);
    if let Some(path) = &args.record {
        let path = context.resolve(path);
        let Some(record) = release::read_record(&path)? else {
            return Err(Failure::new(
                exit::CONFIGURATION,
                format!("there is no {}", path.display()),
            )
            .hint("A release writes it to launchway-out/release.json, or where --record says."));
        };
        refuse_unfinished(args, &path, &record)?;
        let services = project.bake.settings.services.iter();
        message.services = services
            .map(|service| Service {
                name: service.name.clone(),
                targets: service.targets().into_iter().map(str::to_owned).collect(),
                ..Service::default()
            })
            .filter(|service| {
                let mut targets = service.targets.iter();
                targets.all(|target| record.images.contains_key(target))
            })
            .collect();
        message = message.with_record(&record);
    }
    if let Some(name) = &args.pipeline {
        let environment = &context.environment;
        let region = environment
            .get("AWS_REGION")
            .or_else(|| environment.get("AWS_DEFAULT_REGION"))
            .ok_or_else(|| Failure::usage("--pipeline needs a region").hint("Set AWS_REGION."))?;
        let link = notify::pipeline(name, region)
            .ok_or_else(|| Failure::usage(format!("{name:?} cannot be a pipeline's name")))?;
        message
            .links
            .retain(|other: &Link| other.label != link.label);
        message.links.push(link);
    }
    Ok(message)
}

/// Prints every message as its service would get it.
fn preview(
    args: &Args,
    invocation: &Invocation,
    addressed: &[Addressed],
    mask: &Mask,
) -> Result<(), Failure> {
    let style = invocation.printer.answer_style();
    let mut text = String::new();
    let mut values = Vec::new();
    for (block, message) in addressed {
        let payload = message
            .as_ref()
            .map(|message| Payload::of(message, block, mask));
        let kind = block.channel.kind();
        let secret = block.channel.secret().map(ToString::to_string);
        let head = style.bold(format!("{} ({kind})", block.name));
        let body = match &payload {
            None => "nothing for it".to_owned(),
            Some(Payload::ChatWork { body, .. }) => body.clone(),
            Some(payload) => pretty(&payload.preview()),
        };
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&format!("{head}\n{body}\n"));
        values.push(json!({
            "name": block.name,
            "type": kind,
            "event": message.as_ref().map(|message| message.event.name()),
            "secret": secret,
            "payload": payload.as_ref().map(Payload::preview),
        }));
    }
    match args.format {
        Format::Table => invocation.printer.answer(&text),
        Format::Json => answer(invocation, &Value::Array(values)),
    }
}

fn row(row: &Notified) -> Value {
    let (outcome, id, error) = match &row.outcome {
        NotifyOutcome::Sent(id) => ("sent", id.as_deref(), None),
        NotifyOutcome::Failed(error) => ("failed", None, Some(error)),
        NotifyOutcome::Left => ("left-out", None, None),
    };
    json!({
        "name": row.name,
        "type": row.kind,
        "event": row.event,
        "outcome": outcome,
        "id": id,
        "error": error,
    })
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

fn answer(invocation: &Invocation, value: &Value) -> Result<(), Failure> {
    invocation.printer.answer(&pretty(value))
}
