//! Telling people and systems what became of a release: one [`Message`], a form of it for each
//! service, and the sending.
//!
//! What is said is pure: [`Payload::of`] makes of a message and a `notify` block what the service
//! gets, within the limits of that service and with secrets masked, whatever the input. [`Sender`]
//! delivers it. When something is told, and what a failed delivery means for a release, is decided in
//! `cli`.

mod chatwork;
mod command;
mod document;
mod eventbridge;
mod link;
mod mask;
mod message;
mod payload;
mod send;
mod slack;
mod sns;
mod text;
mod wording;

#[cfg(test)]
mod limits;
#[cfg(test)]
mod samples;

pub use document::SCHEMA;
pub use link::{codebuild, commit, pipeline, repository};
pub use mask::Mask;
pub use message::{Image, Link, Message, Platform, Problem, Service, Source};
pub use payload::Payload;
pub use send::{Delivery, SecretError, SendError, Sender, Sleep, sleep};
