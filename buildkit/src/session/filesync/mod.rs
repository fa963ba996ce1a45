//! Sends build contexts to the daemon: the sender of the fsutil protocol behind
//! `/moby.filesync.v1.FileSync/DiffCopy`.
//!
//! The daemon asks for a directory with include, exclude and follow patterns. We announce every
//! entry (a STAT each), it requests the contents that its last snapshot of the directory does not
//! have (REQ), and we send them (DATA). It compares sizes and modification times, not contents;
//! `record` closes the hole that this leaves.
//!
//! The protocol is that of tonistiigi/fsutil (`types/wire.proto`, `send.go`). Which directory is
//! meant and how the gRPC call is served is not this module's affair.

mod content;
mod filter;
mod follow;
mod glob;
mod pattern;
mod record;
mod sender;
mod stat;
mod walk;

#[cfg(test)]
mod tests;

use std::error::Error;
use std::fmt::Write as _;
use std::io;
use std::path::PathBuf;

use self::pattern::PatternError;
pub(crate) use self::record::SendRecord;
pub(crate) use self::sender::send;

/// What the daemon asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct SendRequest {
    /// The directory whose entries are sent.
    pub(crate) root: PathBuf,
    /// `include-patterns`; none includes everything.
    pub(crate) include: Vec<String>,
    /// `exclude-patterns`.
    pub(crate) exclude: Vec<String>,
    /// `followpaths`: more includes, followed through symbolic links.
    pub(crate) follow: Vec<String>,
}

/// What a finished transfer consisted of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sent {
    /// Entries announced, directories and links among them.
    pub(crate) files: u64,
    /// Files whose content the daemon did not have.
    pub(crate) requested: u64,
    /// Bytes of content.
    pub(crate) bytes: u64,
}

/// A transfer failed. Unless the daemon itself ended it, it has been told with an ERR packet; all
/// that is left to the caller is to end the call.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SendError {
    /// The directory is missing, is a file, or cannot be listed.
    #[error("cannot read the build context {}", root.display())]
    Root {
        /// As it was given.
        root: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A pattern has bad syntax.
    #[error("the {which} patterns of the build context are not usable")]
    Pattern {
        /// `include` or `exclude`.
        which: &'static str,
        /// Names the pattern.
        #[source]
        source: PatternError,
    },
    /// An entry cannot be read.
    #[error("cannot read {path} in the build context; exclude it or make it readable")]
    Read {
        /// Relative to the root.
        path: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The protocol has only UTF-8 for names and link targets.
    #[error("{path:?} in the build context is not valid UTF-8; rename or exclude it")]
    NotUtf8 {
        /// The name or target, with replacement characters.
        path: String,
    },
    /// The daemon requested something that was not announced as a file, or requested it twice.
    #[error("the daemon requested file {id}, which it was not offered or was given already")]
    UnknownFile {
        /// The index of the STAT that it means.
        id: u32,
    },
    /// The daemon gave up.
    #[error("the daemon refused the build context: {message}")]
    Receiver {
        /// Its words.
        message: String,
    },
    /// The stream from the daemon broke.
    #[error("the daemon's stream broke while the build context was sent")]
    Stream(#[source] Box<tonic::Status>),
    /// The daemon ended the stream, or stopped reading, before it had said that it was done.
    #[error("the daemon went away while the build context was sent")]
    Disconnected,
    /// A blocking task died.
    #[error("a task that reads the build context died")]
    Task(#[from] tokio::task::JoinError),
}

impl SendError {
    fn read(path: &str, source: io::Error) -> Self {
        let path = if path.is_empty() { "." } else { path };
        Self::Read {
            path: path.to_owned(),
            source,
        }
    }

    /// The text of an ERR packet: this error and its causes. `None` when nobody would listen.
    fn for_receiver(&self) -> Option<String> {
        if let Self::Receiver { .. } | Self::Stream(_) | Self::Disconnected = self {
            return None;
        }
        let mut text = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            // Writing to a string cannot fail.
            let _ = write!(text, ": {error}");
            cause = error.source();
        }
        Some(text)
    }
}
