//! What a release tells the `notify` blocks: that it began, and how it ended.
//!
//! Every block has a courier, a task of its own that delivers in order and beside the build: the first
//! message never delays a release, and one block never another. Each message has the block's timeout,
//! and so has all that is left to do in the end: a service that hangs holds up a release by this at most. A message that cannot be
//! delivered is a warning; with `required = true` the release exits with 15 in the end.

mod courier;
mod facts;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::aws::{Aws, AwsSettings};
use crate::config::{NotifyEvent, NotifySettings};
use crate::exit;
use crate::notify::{self, Mask, Message, Problem, SendError, Sender};
use crate::plan::Plan;
use crate::release::record::Record;
use crate::ui::Failure;

use super::Invocation;
use super::project::Project;

use courier::Courier;
pub(super) use courier::Trouble;
pub(super) use facts::message;

/// How long a cancelled release takes to say so.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// The announcements of one run of `release`.
pub(super) struct Announcer<'a> {
    invocation: &'a Invocation,
    on: bool,
    /// What every message says.
    message: Option<Message>,
    /// Blocks whose secret is missing; that was said.
    without_secret: BTreeSet<String>,
    /// Shared with the last words of a run that is cancelled; whoever takes them ends the run.
    couriers: Arc<Mutex<Vec<Courier>>>,
}

impl<'a> Announcer<'a> {
    /// Says nothing when not `on`.
    pub(super) fn new(invocation: &'a Invocation, on: bool) -> Self {
        Self {
            invocation,
            on,
            message: None,
            without_secret: BTreeSet::new(),
            couriers: Arc::default(),
        }
    }

    /// The configuration is read: from now on a failure is told. A secret that is missing in the
    /// environment is a warning at once; those that AWS keeps are read beside the build, from now on,
    /// and each is hidden in the messages of all blocks as soon as it is known.
    pub(super) fn project(&mut self, project: &Project) {
        let blocks = &project.bake.settings.notifications;
        let blocks = blocks.iter().filter(|block| !block.events.is_empty());
        let blocks: Vec<NotifySettings> = blocks.cloned().collect();
        if !self.on || blocks.is_empty() {
            return;
        }
        let sender = sender(self.invocation);
        let variables = self.invocation.context.environment.variables();
        let mut mask = Mask::of_environment(variables);
        for block in &blocks {
            let at_hand = block.channel.secret();
            match at_hand.map(|secret| sender.secret_at_hand(secret)) {
                Some(Ok(Some(secret))) => mask.hide(&secret),
                Some(Err(error)) => {
                    let error = SendError::from(error);
                    let message = format!("{} will not be told: {error}", shown(block));
                    self.invocation.printer.warn(&message);
                    self.without_secret.insert(block.name.clone());
                }
                _ => {}
            }
        }
        let mask = Arc::new(Mutex::new(mask));
        let start = |block| Courier::start(block, sender.clone(), Arc::clone(&mask));
        let couriers: Vec<Courier> = blocks.into_iter().map(start).collect();
        *self.couriers.lock().unwrap_or_else(PoisonError::into_inner) = couriers;
        let message = message(&self.invocation.context, project, NotifyEvent::Failed);
        self.set_last_words(&message);
        self.message = Some(message);
    }

    /// The build begins.
    pub(super) fn start(&mut self, plan: &Plan) {
        let Some(message) = self.message.take() else {
            return;
        };
        let message = message.with_plan(plan);
        self.set_last_words(&message);
        let mut start = message.clone();
        start.event = NotifyEvent::Start;
        let couriers = self.couriers.lock().unwrap_or_else(PoisonError::into_inner);
        for courier in couriers.iter() {
            courier.tell(&start);
        }
        drop(couriers);
        self.message = Some(message);
    }

    /// Everything is done; it is told at the end.
    pub(super) fn released(&mut self, record: &Record) {
        if let Some(message) = self.message.take() {
            self.message = Some(message.with_record(record));
        }
    }

    /// Tells how it ended, and waits until that is delivered. The outcome is that of the release,
    /// unless a required message of a release that went well was not delivered.
    pub(super) async fn finish(mut self, outcome: Result<u8, Failure>) -> Result<u8, Failure> {
        self.invocation.last_words.forget();
        let Some(mut message) = self.message.take() else {
            return outcome;
        };
        match &outcome {
            Ok(_) => {
                message.event = match message.changed() {
                    Some(false) => NotifyEvent::Unchanged,
                    _ => NotifyEvent::Success,
                };
            }
            // Nothing went wrong; somebody stopped reading.
            Err(failure) if failure.is_silent() => return outcome,
            Err(failure) => message = told(message, failure),
        }
        let troubles = finish(take(&self.couriers), &message).await;
        for trouble in &troubles {
            if !self.without_secret.contains(&trouble.block.name) {
                self.invocation.printer.warn(&trouble.text());
            }
        }
        let required: Vec<&Trouble> = troubles
            .iter()
            .filter(|trouble| trouble.block.required)
            .collect();
        if outcome.is_err() || required.is_empty() {
            return outcome;
        }
        Err(undelivered(
            "the release is done, but a required notification was not delivered",
            &required,
        ))
    }

    /// What is told when the run is cancelled: a release that was announced must not end in silence.
    fn set_last_words(&self, message: &Message) {
        let cancelled = Failure::new(exit::CANCELLED, "the release was cancelled");
        let message = told(message.clone(), &cancelled);
        let couriers = Arc::clone(&self.couriers);
        let printer = self.invocation.printer.clone();
        self.invocation.last_words.set(Box::pin(async move {
            let finished = finish(take(&couriers), &message);
            match tokio::time::timeout(LAST_WORDS, finished).await {
                Ok(troubles) => {
                    for trouble in troubles {
                        printer.warn(&trouble.text());
                    }
                }
                Err(_) => printer.warn("not every notification could be sent in time"),
            }
        }));
    }
}

fn take(couriers: &Mutex<Vec<Courier>>) -> Vec<Courier> {
    std::mem::take(&mut *couriers.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Gives all couriers their last message, and waits until they are back.
async fn finish(couriers: Vec<Courier>, message: &Message) -> Vec<Trouble> {
    for courier in &couriers {
        courier.tell(message);
    }
    let returns = couriers.into_iter().map(Courier::finish);
    let troubles = futures::future::join_all(returns).await;
    troubles.into_iter().flatten().collect()
}

/// What sends, for this process.
pub(super) fn sender(invocation: &Invocation) -> Sender {
    let context = &invocation.context;
    Sender::new(
        Aws::new(AwsSettings::default()),
        context.environment.variables().clone(),
        context.directory.clone(),
        notify::sleep(),
    )
}

/// The block as warnings name it.
pub(super) fn shown(block: &NotifySettings) -> String {
    format!("notify {:?} ({})", block.name, block.channel.kind())
}

/// A failure of the verb: what is required was not delivered.
pub(super) fn undelivered(message: &str, troubles: &[&Trouble]) -> Failure {
    let mut failure = Failure::new(exit::HANDOFF, message);
    for trouble in troubles {
        failure
            .causes
            .push(format!("{}: {}", shown(&trouble.block), trouble.error));
        if let Some(hint) = trouble.error.hint()
            && !failure.hints.contains(&hint)
        {
            failure = failure.hint(hint);
        }
    }
    failure
}

/// The message of a failed run.
fn told(mut message: Message, failure: &Failure) -> Message {
    // A scanner that cannot work exits with the same code, and has refused nothing.
    message.event = if failure.refused {
        NotifyEvent::Refused
    } else {
        NotifyEvent::Failed
    };
    let (step, log) = match &failure.log_tail {
        Some(tail) => (Some(tail.step.clone()), tail.lines.clone()),
        None => (None, Vec::new()),
    };
    message.with_problem(Problem {
        exit: failure.exit_code(),
        message: failure.message.clone(),
        causes: failure.causes.clone(),
        step,
        log,
        hints: failure.hints.clone(),
    })
}
