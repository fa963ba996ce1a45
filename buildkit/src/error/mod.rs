//! What can go wrong, as types that callers can tell apart.

mod details;
mod failure;
mod redact;

use std::error::Error as StdError;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use tonic::{Code, Status};

use crate::{Address, CredentialError, InvalidAddress};

pub use failure::{BuildFailure, FailureKind};
pub(crate) use redact::redact_urls;

/// A failed call to a daemon, or a failed build.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address is not one that this client can connect to.
    #[error(transparent)]
    InvalidAddress(#[from] InvalidAddress),
    /// Nothing answers there.
    #[error("cannot reach BuildKit at {address}")]
    Unreachable {
        /// Where it was tried.
        address: Address,
        /// What the system or the transport said.
        #[source]
        source: Box<dyn StdError + Send + Sync>,
    },
    /// The daemon ran the build, and the build failed.
    #[error(transparent)]
    BuildFailed(Box<BuildFailure>),
    /// The daemon says that the build was cancelled: it is shutting down, or somebody else did it.
    /// A build that the caller cancels, by dropping its future, returns nothing at all.
    #[error("the build was cancelled by BuildKit at {address}")]
    Cancelled {
        /// The daemon.
        address: Address,
    },
    /// The connection ended in the middle of a call: the daemon died or the network broke.
    #[error("lost BuildKit at {address} during {method}")]
    Lost {
        /// The daemon.
        address: Address,
        /// The call that was running.
        method: &'static str,
        /// What the transport said.
        #[source]
        source: Box<dyn StdError + Send + Sync>,
    },
    /// The daemon answered a call with an error that is not a failed build.
    #[error("BuildKit at {address} refused {method}: {message} ({code:?})")]
    Rpc {
        /// The daemon.
        address: Address,
        /// The call.
        method: &'static str,
        /// The gRPC code.
        code: Code,
        /// The daemon's words.
        message: String,
    },
    /// The build failed because the login for a registry could not be looked up.
    #[error("the build needs a login for {host}")]
    Credentials {
        /// The registry.
        host: String,
        /// What the credential source said.
        #[source]
        source: Arc<CredentialError>,
    },
    /// A folder that a build needs cannot be used.
    #[error("cannot use {} as a build context", path.display())]
    Context {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The daemon's answer to a solve cannot be understood.
    #[error("cannot read {field} in the answer of a build")]
    InvalidResponse {
        /// The key of the answer.
        field: &'static str,
        /// What is wrong with it.
        #[source]
        source: Box<dyn StdError + Send + Sync>,
    },
    /// The system gave no random bytes.
    #[error("no random bytes: {0}")]
    NoRandomness(String),
}

impl Error {
    /// Whether the same call may well succeed a little later, with nothing changed by anybody.
    pub fn is_temporary(&self) -> bool {
        match self {
            // A socket that is not there needs somebody to start the daemon; a remote daemon may
            // just be starting.
            Self::Unreachable { address, .. } => matches!(address, Address::Tcp(_)),
            Self::Lost { .. } => true,
            Self::BuildFailed(failure) => failure.is_temporary(),
            Self::Rpc { code, .. } => {
                matches!(
                    code,
                    Code::Unavailable | Code::DeadlineExceeded | Code::ResourceExhausted
                )
            }
            Self::InvalidAddress(_)
            | Self::Cancelled { .. }
            | Self::Credentials { .. }
            | Self::Context { .. }
            | Self::InvalidResponse { .. }
            | Self::NoRandomness(_) => false,
        }
    }

    /// The error of a call that builds nothing.
    pub(crate) fn of_call(address: &Address, method: &'static str, status: Status) -> Self {
        if is_transport(&status) {
            return Self::Unreachable {
                address: address.clone(),
                source: Box::new(status),
            };
        }
        Self::Rpc {
            address: address.clone(),
            method,
            code: status.code(),
            message: redact_urls(status.message()),
        }
    }

    /// The error of a solve: what the daemon says is about the build, unless it says that it
    /// cannot build at all.
    pub(crate) fn of_solve(address: &Address, status: Status) -> Self {
        const METHOD: &str = "Solve";
        let address = address.clone();
        if is_transport(&status) {
            return Self::Lost {
                address,
                method: METHOD,
                source: Box::new(status),
            };
        }
        match status.code() {
            Code::Unimplemented => Self::Rpc {
                address,
                method: METHOD,
                code: status.code(),
                message: redact_urls(status.message()),
            },
            Code::Cancelled => Self::Cancelled { address },
            _ => Self::BuildFailed(Box::new(BuildFailure::from_status(&status))),
        }
    }
}

/// Whether a status was made on this side, because the connection failed, rather than sent by the
/// daemon. Only such a status has a source.
fn is_transport(status: &Status) -> bool {
    StdError::source(status).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address() -> Address {
        Address::parse("unix:///run/b.sock").unwrap()
    }

    #[test]
    fn a_status_of_the_transport_is_a_lost_daemon_or_an_unreachable_one() {
        let status = || Status::from_error(Box::new(io::Error::other("broken pipe")));
        assert!(matches!(
            Error::of_solve(&address(), status()),
            Error::Lost { .. }
        ));
        assert!(matches!(
            Error::of_call(&address(), "Info", status()),
            Error::Unreachable { .. }
        ));
    }

    #[test]
    fn a_status_of_the_daemon_is_a_failed_build_unless_it_cannot_build() {
        let solve = |code| Error::of_solve(&address(), Status::new(code, "no"));
        assert!(matches!(solve(Code::Unknown), Error::BuildFailed(_)));
        assert!(matches!(solve(Code::Unavailable), Error::BuildFailed(_)));
        assert!(matches!(solve(Code::Cancelled), Error::Cancelled { .. }));
        assert!(matches!(solve(Code::Unimplemented), Error::Rpc { .. }));
    }

    #[test]
    fn says_what_was_called_and_where() {
        let error = Error::of_call(
            &address(),
            "ListWorkers",
            Status::permission_denied("not you"),
        );
        assert_eq!(
            error.to_string(),
            "BuildKit at unix:///run/b.sock refused ListWorkers: not you (PermissionDenied)"
        );
    }
}
