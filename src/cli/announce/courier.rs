//! One block's task: its messages in order, its secret read early.
//!
//! The secret is read when the task starts, because the messages of all blocks must not show it; a
//! failure to read it is told when there is a message to deliver, and one that passes is tried again
//! for each message.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use launchway_buildkit::Secret;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::config::NotifySettings;
use crate::notify::{Mask, Message, Payload, SendError, Sender};

/// A message that was not delivered.
#[derive(Debug)]
pub(in crate::cli) struct Trouble {
    /// Whom it was for.
    pub(in crate::cli) block: NotifySettings,
    /// Why not.
    pub(in crate::cli) error: SendError,
}

impl Trouble {
    /// The warning.
    pub(super) fn text(&self) -> String {
        let mut text = format!("{} was not told: {}", super::shown(&self.block), self.error);
        if let Some(hint) = self.error.hint() {
            text.push('\n');
            text.push_str(&hint);
        }
        text
    }
}

/// What no message shows; each courier adds its block's secret.
pub(super) type SharedMask = Arc<Mutex<Mask>>;

/// Delivers to one block. Dropping it lets the task end after what it was told already.
pub(super) struct Courier {
    block: Arc<NotifySettings>,
    messages: mpsc::UnboundedSender<Message>,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

/// What the task has done; it outlives a task that is stopped.
#[derive(Debug, Default)]
struct State {
    /// Messages that were handed over and of which nothing is known yet.
    pending: usize,
    /// Why others were not delivered.
    errors: Vec<SendError>,
}

impl Courier {
    /// Starts the task, which reads its secret first.
    pub(super) fn start(block: NotifySettings, sender: Sender, mask: SharedMask) -> Self {
        let (messages, receiver) = mpsc::unbounded_channel();
        let task = Task {
            block: Arc::new(block),
            sender,
            mask,
            state: Arc::default(),
        };
        Self {
            block: Arc::clone(&task.block),
            messages,
            state: Arc::clone(&task.state),
            task: tokio::spawn(task.run(receiver)),
        }
    }

    /// Hands over a message, if the block wants it.
    pub(super) fn tell(&self, message: &Message) {
        let message = message.for_notifier(&self.block);
        if let Some(message) = message.filter(|told| self.block.events.contains(&told.event)) {
            lock(&self.state).pending += 1;
            // A task that has ended too early leaves the message pending.
            let _ = self.messages.send(message);
        }
    }

    /// Waits until everything is delivered, at most for the block's timeout; what was not is
    /// returned.
    pub(super) async fn finish(self) -> Vec<Trouble> {
        let Self {
            block,
            messages,
            state,
            mut task,
        } = self;
        drop(messages);
        let waits = lock(&state).pending > 0;
        let in_time = !waits || tokio::time::timeout(block.timeout, &mut task).await.is_ok();
        task.abort();
        let mut state = std::mem::take(&mut *lock(&state));
        for _ in 0..state.pending {
            state.errors.push(if in_time {
                SendError::Abandoned
            } else {
                SendError::late(&block)
            });
        }
        let errors = state.errors.into_iter();
        errors
            .map(|error| Trouble {
                block: NotifySettings::clone(&block),
                error,
            })
            .collect()
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Task {
    block: Arc<NotifySettings>,
    sender: Sender,
    mask: SharedMask,
    state: Arc<Mutex<State>>,
}

impl Task {
    async fn run(self, mut messages: mpsc::UnboundedReceiver<Message>) {
        let mut secret = self.secret().await.ok();
        let mut hopeless = false;
        while let Some(message) = messages.recv().await {
            let mut result = Ok(());
            if secret.is_none() && !hopeless {
                match self.secret().await {
                    Ok(read) => secret = Some(read),
                    Err(error) => {
                        hopeless = !error.is_temporary();
                        result = Err(error);
                    }
                }
            }
            // Without its secret a block is told nothing, and that is said once.
            if let Some(secret) = &secret {
                let mask = lock(&self.mask).clone();
                let payload = Payload::of(&message, &self.block, &mask);
                let sent = self.sender.send(&self.block, &payload, secret.as_ref());
                result = sent.await.map(drop);
            }
            let mut state = lock(&self.state);
            state.pending -= 1;
            state.errors.extend(result.err());
        }
    }

    /// Reads the secret, and hides it in the messages of all.
    async fn secret(&self) -> Result<Option<Secret>, SendError> {
        let secret = self.sender.secret(&self.block).await?;
        if let Some(secret) = &secret {
            lock(&self.mask).hide(secret);
        }
        Ok(secret)
    }
}

#[cfg(test)]
mod tests;
