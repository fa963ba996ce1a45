//! Why a message was not delivered. Nothing here holds a secret, nor an address that is one.

use super::SecretError;
use crate::aws::AwsError;

/// A message was not delivered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// The secret that sending needs cannot be had.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The service refused the message, and would again.
    #[error("{service} refused the message: {answer} (status {status})")]
    Refused {
        /// `Slack`.
        service: &'static str,
        /// The HTTP status.
        status: u16,
        /// The service's own words.
        answer: String,
        /// What to do about it, a sentence.
        hint: Option<&'static str>,
    },
    /// Too many messages, also after waiting as long as there was time for.
    #[error("{service} takes no more messages now{}", wait(*.seconds))]
    Throttled {
        /// `Slack`.
        service: &'static str,
        /// The seconds that it asks to wait.
        seconds: Option<u64>,
    },
    /// The service failed. Unless the status is 503, which was repeated in vain, it may have taken
    /// the message all the same.
    #[error("{service} failed (status {status})")]
    Unavailable {
        /// `Slack`.
        service: &'static str,
        /// The HTTP status.
        status: u16,
    },
    /// No connection, or it broke before there was an answer.
    #[error("{service} cannot be reached at {host}: {cause}")]
    Unreachable {
        /// `Slack`.
        service: &'static str,
        /// The host alone.
        host: String,
        /// Why.
        cause: String,
    },
    /// It took longer than the block allows.
    #[error("{what} did not answer within {seconds} s")]
    Timeout {
        /// The service, or the reference of a secret.
        what: String,
        /// The block's timeout.
        seconds: u64,
    },
    /// What delivers it has ended before it was done: a defect of Launchway.
    #[error("its delivery ended too early")]
    Abandoned,
    /// AWS refused or failed.
    #[error(transparent)]
    Aws(#[from] AwsError),
    /// A program cannot be started.
    #[error("cannot run {program}")]
    Spawn {
        /// The program.
        program: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A program failed.
    #[error("{program} failed ({status}){}", said(.last))]
    Command {
        /// The program.
        program: String,
        /// `exit status: 1`.
        status: String,
        /// The last line of its standard error; may be empty.
        last: String,
    },
    /// The message was made for another kind of channel, or without its secret.
    #[error("the message was not made for the type {kind:?}")]
    Mismatch {
        /// The kind that was to send it.
        kind: &'static str,
    },
}

impl SendError {
    /// Whether the same message may be delivered later.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Throttled { .. }
            | Self::Unavailable { .. }
            | Self::Unreachable { .. }
            | Self::Timeout { .. } => true,
            Self::Aws(error) => error.is_temporary(),
            Self::Secret(error) => error.is_temporary(),
            _ => false,
        }
    }

    /// What the user can do about it, as full sentences, if we know.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Refused { hint, .. } => hint.map(str::to_owned),
            Self::Secret(error) => error.hint(),
            Self::Aws(error) => error.hint(),
            Self::Timeout { .. } => {
                Some("The block's `timeout` says how many seconds are waited.".to_owned())
            }
            Self::Unreachable { .. } => Some(
                "Is there a way out of this network? HTTPS_PROXY and `base_url` can name one."
                    .to_owned(),
            ),
            Self::Abandoned => Some("Please report this, with what was printed above.".to_owned()),
            _ => None,
        }
    }
}

fn wait(seconds: Option<u64>) -> String {
    match seconds {
        Some(seconds) => format!(" (it asks to wait {seconds} s)"),
        None => String::new(),
    }
}

fn said(last: &str) -> String {
    match last {
        "" => String::new(),
        last => format!(": {last}"),
    }
}
