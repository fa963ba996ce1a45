//! What can go wrong between us and a registry, as one type that knows what was asked, what was
//! answered, whether trying again makes sense, and what the user can do.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Method, StatusCode, Url};

use super::ConfigError;
use super::hint;
use super::redact::display_url;
use crate::aws::AwsError;
use crate::image::{Digest, InvalidDocument};
use crate::registry::{Repository, Tag};

/// A request to a registry (or to its token server) failed.
///
/// Displays as `METHOD URL: what happened`; the URL has neither user information nor query, where
/// signatures and tokens stand. The cause, if there is one, is the error's source.
#[derive(Clone)]
pub struct Error(Box<Detail>);

#[derive(Clone)]
struct Detail {
    kind: ErrorKind,
    method: Method,
    url: String,
    status: Option<StatusCode>,
    codes: Vec<ErrorCode>,
    repository: Option<Repository>,
    retry_after: Option<Duration>,
    /// The upload that this is about is lost, but a new one may succeed.
    lost_upload: bool,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// One entry of the `errors` list in a registry's answer (distribution-spec, "Error Codes").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorCode {
    /// Machine-readable, upper case: `MANIFEST_UNKNOWN`. Empty when the answer was no JSON.
    pub code: String,
    /// The registry's own words, at most 500 characters.
    pub message: String,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The registry wants (other) credentials.
    #[error("the credentials were refused")]
    Unauthorized,
    /// The registry wants credentials, and there are none for its host.
    #[error("the registry wants credentials, and there are none for {host}")]
    NoCredentials {
        /// The registry's host.
        host: String,
    },
    /// Credentials could not be looked up; the source says why.
    #[error("credentials could not be read")]
    Credentials,
    /// The credentials are good, but not for this.
    #[error("access was denied")]
    Denied,
    /// The repository does not exist.
    #[error("the repository does not exist")]
    RepositoryNotFound,
    /// The manifest, blob or upload does not exist.
    #[error("not found")]
    NotFound,
    /// The repository's tags cannot be moved, and this one points at something else.
    #[error("the tag {tag} is immutable and points at {existing}, not at {wanted}")]
    TagImmutable {
        /// The tag.
        tag: Tag,
        /// What it points at.
        existing: Digest,
        /// What it should have pointed at.
        wanted: Digest,
    },
    /// Too many requests.
    #[error("too many requests")]
    RateLimited,
    /// The registry could not do it now (5xx, 408).
    #[error("the registry failed")]
    Unavailable,
    /// Any other refusal (4xx).
    #[error("refused")]
    Refused,
    /// No connection could be made.
    #[error("no connection")]
    Connect,
    /// The registry was silent for too long.
    #[error("timed out")]
    Timeout,
    /// The connection broke.
    #[error("the connection broke")]
    Broken,
    /// The content is not what its digest says.
    #[error("the content has the digest {actual}, not {expected}")]
    Digest {
        /// The digest that was asked for or computed here.
        expected: Digest,
        /// The digest of what came, or that the registry named.
        actual: Digest,
    },
    /// The content has another length than its descriptor says.
    #[error("the content has {actual} bytes (or more), not {expected}")]
    Length {
        /// The descriptor's size.
        expected: u64,
        /// What came.
        actual: u64,
    },
    /// An answer is larger than anything that makes sense.
    #[error("the answer has more than {limit} bytes")]
    TooLarge {
        /// How many bytes we read at most.
        limit: u64,
    },
    /// The document is not what its media type promises; the source says why.
    #[error("the document is not valid")]
    Document,
    /// The answer breaks the protocol.
    #[error("{0}")]
    Protocol(&'static str),
    /// The registry's address makes no URL; the source says why.
    #[error("the registry's address is not valid")]
    Address,
    /// What should be pushed could not be read here; the source says why.
    #[error("the content to push could not be read")]
    Source,
}

impl Error {
    pub(super) fn new(kind: ErrorKind, method: &Method, url: &Url) -> Self {
        Self(Box::new(Detail {
            kind,
            method: method.clone(),
            url: display_url(url),
            status: None,
            codes: Vec::new(),
            repository: None,
            retry_after: None,
            lost_upload: false,
            source: None,
        }))
    }

    /// An error of the HTTP client: no answer, or a body that ended early.
    pub(super) fn http(error: reqwest::Error, method: &Method, url: &Url) -> Self {
        let kind = if error.is_connect() {
            ErrorKind::Connect
        } else if error.is_timeout() {
            ErrorKind::Timeout
        } else {
            ErrorKind::Broken
        };
        // reqwest's own text would repeat the URL with its query.
        Self::new(kind, method, url).with_source(error.without_url())
    }

    /// An answer with a status that is no success.
    pub(super) fn answer(
        method: &Method,
        url: &Url,
        status: StatusCode,
        codes: Vec<ErrorCode>,
        retry_after: Option<Duration>,
    ) -> Self {
        let has = |code: &str| codes.iter().any(|entry| entry.code == code);
        let kind = match status.as_u16() {
            401 => ErrorKind::Unauthorized,
            403 => ErrorKind::Denied,
            404 if has("NAME_UNKNOWN") => ErrorKind::RepositoryNotFound,
            404 => ErrorKind::NotFound,
            429 => ErrorKind::RateLimited,
            _ if has("TOOMANYREQUESTS") => ErrorKind::RateLimited,
            408 | 500..=599 => ErrorKind::Unavailable,
            _ => ErrorKind::Refused,
        };
        let mut error = Self::new(kind, method, url);
        error.0.status = Some(status);
        error.0.codes = codes;
        error.0.retry_after = retry_after;
        error
    }

    pub(super) fn address(method: &Method, repository: &Repository, source: ConfigError) -> Self {
        Self(Box::new(Detail {
            kind: ErrorKind::Address,
            method: method.clone(),
            url: repository.to_string(),
            status: None,
            codes: Vec::new(),
            repository: Some(repository.clone()),
            retry_after: None,
            lost_upload: false,
            source: Some(Arc::new(source)),
        }))
    }

    pub(super) fn document(source: InvalidDocument, method: &Method, url: &Url) -> Self {
        Self::new(ErrorKind::Document, method, url).with_source(source)
    }

    pub(super) fn with_source(
        mut self,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        self.0.source = Some(source.into().into());
        self
    }

    pub(super) fn with_repository(mut self, repository: &Repository) -> Self {
        self.0.repository = Some(repository.clone());
        self
    }

    /// The same request and answer, understood better.
    pub(super) fn with_kind(mut self, kind: ErrorKind) -> Self {
        self.0.kind = kind;
        self
    }

    pub(super) fn into_lost_upload(mut self) -> Self {
        self.0.lost_upload = true;
        self
    }

    pub(super) fn is_lost_upload(&self) -> bool {
        self.0.lost_upload
    }

    pub(super) fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// What happened.
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// The request's method.
    pub fn method(&self) -> &str {
        self.0.method.as_str()
    }

    /// The request's URL without user information, query and fragment.
    pub fn url(&self) -> &str {
        &self.0.url
    }

    /// The answer's HTTP status, if there was an answer.
    pub fn status(&self) -> Option<u16> {
        self.0.status.map(|status| status.as_u16())
    }

    /// The errors that the answer lists.
    pub fn codes(&self) -> &[ErrorCode] {
        &self.0.codes
    }

    /// The repository that the request was for.
    pub fn repository(&self) -> Option<&Repository> {
        self.0.repository.as_ref()
    }

    /// Whether the answer lists this error code.
    pub fn has_code(&self, code: &str) -> bool {
        self.0.codes.iter().any(|entry| entry.code == code)
    }

    /// Whether the same request may succeed when it is made again later.
    pub fn is_temporary(&self) -> bool {
        match self.0.kind {
            ErrorKind::RateLimited
            | ErrorKind::Connect
            | ErrorKind::Timeout
            | ErrorKind::Broken => true,
            // AWS may answer the next run; its SDK has repeated enough in this one.
            ErrorKind::Credentials => self.aws().is_some_and(AwsError::is_temporary),
            // The rest of a body that ended early may come next time.
            ErrorKind::Length { expected, actual } => actual < expected,
            // 501 and 505 are about the request, not the moment.
            ErrorKind::Unavailable => !matches!(self.status(), Some(501 | 505)),
            _ => false,
        }
    }

    /// Whether this client should make the same request again by itself.
    pub(super) fn is_worth_repeating(&self) -> bool {
        self.is_temporary() && self.0.kind != ErrorKind::Credentials
    }

    /// The error of AWS among the causes.
    pub(super) fn aws(&self) -> Option<&AwsError> {
        let mut cause = self.source();
        while let Some(error) = cause {
            // The keychain shares its failures.
            if let Some(aws) = error.downcast_ref::<Arc<AwsError>>() {
                return Some(aws);
            }
            cause = error.source();
        }
        None
    }

    /// What the user can do about it, as a full sentence or two, if we know.
    pub fn hint(&self) -> Option<String> {
        hint::hint(self)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Detail {
            kind,
            method,
            url,
            status,
            codes,
            ..
        } = &*self.0;
        write!(f, "{method} {url}: {kind}")?;
        if let Some(status) = status {
            write!(f, " (status {}", status.as_u16())?;
            for ErrorCode { code, message } in codes {
                match (code.is_empty(), message.is_empty()) {
                    (true, true) => {}
                    (true, false) => write!(f, "; {message}")?,
                    (false, true) => write!(f, "; {code}")?,
                    (false, false) => write!(f, "; {code}: {message}")?,
                }
            }
            f.write_str(")")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("method", &self.0.method)
            .field("url", &self.0.url)
            .field("status", &self.0.status)
            .field("codes", &self.0.codes)
            .field("source", &self.0.source)
            .finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        let source: &(dyn StdError + 'static) = self.0.source.as_deref()?;
        Some(source)
    }
}
