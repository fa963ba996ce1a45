//! One block's task: its messages in order, its secret read once.

use std::sync::Arc;

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

/// Delivers to one block. Dropping it lets the task end after what it was told already.
pub(super) struct Courier {
    block: Arc<NotifySettings>,
    messages: mpsc::UnboundedSender<Message>,
    task: JoinHandle<Vec<Trouble>>,
}

impl Courier {
    /// Starts the task, which reads its secret first.
    pub(super) fn start(block: NotifySettings, sender: Sender, mask: Mask) -> Self {
        let (messages, receiver) = mpsc::unbounded_channel();
        let block = Arc::new(block);
        let task = tokio::spawn(deliver(Arc::clone(&block), sender, mask, receiver));
        Self {
            block,
            messages,
            task,
        }
    }

    /// Hands over a message, if the block wants it.
    pub(super) fn tell(&self, message: &Message) {
        let message = message.for_notifier(&self.block);
        if let Some(message) = message.filter(|told| self.block.events.contains(&told.event)) {
            // The task ends only when this sender is dropped.
            let _ = self.messages.send(message);
        }
    }

    /// Waits until everything is delivered; what was not is returned.
    pub(super) async fn finish(self) -> Vec<Trouble> {
        drop(self.messages);
        self.task.await.unwrap_or_default()
    }
}

async fn deliver(
    block: Arc<NotifySettings>,
    sender: Sender,
    mut mask: Mask,
    mut messages: mpsc::UnboundedReceiver<Message>,
) -> Vec<Trouble> {
    let mut troubles = Vec::new();
    let mut secret: Option<Result<Option<Secret>, ()>> = None;
    let trouble = |error| Trouble {
        block: NotifySettings::clone(&block),
        error,
    };
    while let Some(message) = messages.recv().await {
        if secret.is_none() {
            secret = Some(sender.secret(&block).await.map_err(|error| {
                troubles.push(trouble(error));
            }));
        }
        // Without its secret a block is told nothing, and that was said once.
        let Some(Ok(secret)) = &secret else {
            continue;
        };
        if let Some(secret) = secret {
            mask.hide(secret);
        }
        let payload = Payload::of(&message, &block, &mask);
        if let Err(error) = sender.send(&block, &payload, secret.as_ref()).await {
            troubles.push(trouble(error));
        }
    }
    troubles
}
