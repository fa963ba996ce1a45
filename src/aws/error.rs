//! What can go wrong between us and AWS, as one type for all services.

use std::error::Error;
use std::fmt::Debug;
use std::io;

use aws_sdk_ecr::error::{ErrorMetadata, ProvideErrorMetadata, SdkError};

use super::Aws;

/// A call to AWS failed.
#[derive(Debug, thiserror::Error)]
#[error("{action} in {region}: {kind}")]
pub struct AwsError {
    /// The permission that the call needs, which names service and operation:
    /// `ecr:GetAuthorizationToken`.
    pub action: &'static str,
    /// The region that was asked.
    pub region: String,
    /// What happened.
    pub kind: AwsErrorKind,
    /// The SDK's error.
    #[source]
    pub source: Option<Box<dyn Error + Send + Sync>>,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AwsErrorKind {
    /// This process has no AWS credentials, or they cannot be loaded.
    #[error("there are no usable AWS credentials")]
    NoCredentials,
    /// The credentials are unknown, malformed or no longer valid.
    #[error("the AWS credentials were refused ({code}: {message})")]
    BadCredentials {
        /// AWS's error code.
        code: String,
        /// AWS's words.
        message: String,
    },
    /// The identity may not do this.
    #[error("access was denied ({message})")]
    Denied {
        /// AWS's words, which name the identity and the resource.
        message: String,
    },
    /// There is no such repository.
    #[error("the repository does not exist")]
    RepositoryNotFound,
    /// There is no such thing of another kind.
    #[error("there is no such thing ({code}: {message})")]
    NotFound {
        /// AWS's error code, which says of what kind.
        code: String,
        /// AWS's words.
        message: String,
    },
    /// Neither the environment nor the profile names a region.
    #[error("no AWS region is configured")]
    NoRegion,
    /// Too many requests.
    #[error("too many requests")]
    Throttled,
    /// AWS could not do it now.
    #[error("AWS failed (status {status})")]
    Unavailable {
        /// The HTTP status.
        status: u16,
    },
    /// It was not sent: other requests came first, until what it was decided by was too old.
    #[error("it was not sent, because other requests took too long")]
    Unsent,
    /// No connection, or no answer.
    #[error("the endpoint cannot be reached")]
    Unreachable,
    /// Nobody listens where the request should go: the endpoint's name does not exist, or the connection was refused.
    /// So it is for a service that the region does not have, and in a network without an endpoint for it.
    #[error("there is no endpoint")]
    NoEndpoint,
    /// Any other refusal.
    #[error("refused ({code}: {message})")]
    Refused {
        /// AWS's error code.
        code: String,
        /// AWS's words.
        message: String,
    },
    /// The answer is not what the operation promises.
    #[error("the answer is not valid")]
    Invalid,
}

impl AwsError {
    /// Whether the same call may succeed later.
    pub fn is_temporary(&self) -> bool {
        matches!(
            self.kind,
            AwsErrorKind::Throttled
                | AwsErrorKind::Unavailable { .. }
                | AwsErrorKind::Unsent
                | AwsErrorKind::Unreachable
                | AwsErrorKind::NoEndpoint
        )
    }

    /// Whether it is likely to pass by itself: as [`Self::is_temporary`], but for an endpoint that is not there. That
    /// is worth another try, and where trying again does not help, it is most often how a network is made.
    pub fn may_pass(&self) -> bool {
        self.is_temporary() && self.kind != AwsErrorKind::NoEndpoint
    }

    /// What the user can do about it, as full sentences, if we know.
    pub fn hint(&self) -> Option<String> {
        let Self { action, region, .. } = self;
        match self.kind {
            AwsErrorKind::NoCredentials => Some(
                "Set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run this \
                 with the role of a container, build project or instance; `aws sts \
                 get-caller-identity` shows what is found."
                    .to_owned(),
            ),
            AwsErrorKind::BadCredentials { .. } => Some(
                "Log in again, or renew the temporary key; `aws sts get-caller-identity` shows \
                 whether it works."
                    .to_owned(),
            ),
            AwsErrorKind::NoRegion => {
                Some("Set AWS_REGION, or a region in the AWS profile.".to_owned())
            }
            AwsErrorKind::Denied { .. } => {
                Some(format!("The identity needs {action} in {region}."))
            }
            AwsErrorKind::Unreachable | AwsErrorKind::NoEndpoint => Some(format!(
                "Is {region} a region of this partition, and does AWS_ENDPOINT_URL, if it is set, \
                 name an endpoint that listens?"
            )),
            _ => None,
        }
    }

    pub(super) fn no_region(action: &'static str) -> Self {
        Self {
            action,
            region: "no region".to_owned(),
            kind: AwsErrorKind::NoRegion,
            source: None,
        }
    }

    pub(super) fn unsent(action: &'static str, region: &str) -> Self {
        Self {
            action,
            region: region.to_owned(),
            kind: AwsErrorKind::Unsent,
            source: None,
        }
    }

    pub(super) fn no_credentials(
        action: &'static str,
        region: &str,
        problem: Box<dyn Error + Send + Sync>,
    ) -> Self {
        Self {
            action,
            region: region.to_owned(),
            kind: AwsErrorKind::NoCredentials,
            source: Some(problem),
        }
    }

    /// An entry of a batch was refused, though the call succeeded.
    pub(super) fn entry(action: &'static str, region: &str, code: &str, message: &str) -> Self {
        let metadata = ErrorMetadata::builder().code(code).message(message).build();
        let status = if code == "InternalFailure" || code == "InternalException" {
            500
        } else {
            400
        };
        Self {
            action,
            region: region.to_owned(),
            kind: understand(&metadata, status),
            source: None,
        }
    }

    pub(super) fn invalid(
        action: &'static str,
        region: &str,
        problem: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self {
            action,
            region: region.to_owned(),
            kind: AwsErrorKind::Invalid,
            source: Some(problem.into()),
        }
    }
}

impl Aws {
    /// Understands an error of the SDK.
    pub(super) async fn failed<E, R>(
        &self,
        action: &'static str,
        region: &str,
        error: SdkError<E, R>,
    ) -> AwsError
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
        R: StatusOf + Debug + Send + Sync + 'static,
    {
        let new = |kind, source| AwsError {
            action,
            region: region.to_owned(),
            kind,
            source: Some(source),
        };
        if let SdkError::ServiceError(answer) = &error {
            let status = answer.raw().status();
            let kind = understand(answer.err(), status);
            return new(kind, Box::new(error));
        }
        // Everything else may also come from credentials that could not be loaded.
        if matches!(&error, SdkError::DispatchFailure(failure) if !failure.is_io() && !failure.is_timeout())
            && let Some(problem) = self.credentials_problem().await
        {
            return new(AwsErrorKind::NoCredentials, problem);
        }
        let kind = match &error {
            SdkError::DispatchFailure(failure)
                if failure.as_connector_error().is_some_and(has_no_endpoint) =>
            {
                AwsErrorKind::NoEndpoint
            }
            SdkError::DispatchFailure(_) | SdkError::TimeoutError(_) => AwsErrorKind::Unreachable,
            // Whatever stands before the service says so in a page of its own.
            SdkError::ResponseError(answer) if answer.raw().status() >= 500 => {
                AwsErrorKind::Unavailable {
                    status: answer.raw().status(),
                }
            }
            SdkError::ResponseError(answer) if answer.raw().status() == 429 => {
                AwsErrorKind::Throttled
            }
            _ => AwsErrorKind::Invalid,
        };
        new(kind, Box::new(error))
    }
}

/// How resolvers say that a name does not exist, or has no address: glibc twice, musl twice, macOS. The standard
/// library hands on nothing but these words. A name server that does not answer is told in other ones.
const NO_SUCH_NAME: [&str; 5] = [
    "Name or service not known",
    "No address associated with hostname",
    "Name does not resolve",
    "Name has no usable address",
    "nodename nor servname provided",
];

/// Whether a connection failed since nobody is there.
fn has_no_endpoint(error: &(impl Error + 'static)) -> bool {
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = next {
        let is_refused = error
            .downcast_ref::<io::Error>()
            .is_some_and(|error| error.kind() == io::ErrorKind::ConnectionRefused);
        let text = error.to_string();
        if is_refused || NO_SUCH_NAME.iter().any(|words| text.contains(words)) {
            return true;
        }
        next = error.source();
    }
    false
}

/// The HTTP status of a raw answer.
pub(super) trait StatusOf {
    fn status(&self) -> u16;
}

impl StatusOf for aws_sdk_ecr::config::http::HttpResponse {
    fn status(&self) -> u16 {
        self.status().as_u16()
    }
}

fn understand(error: &impl ProvideErrorMetadata, status: u16) -> AwsErrorKind {
    let code = error.code().unwrap_or("unknown").to_owned();
    let message = error.message().unwrap_or("no message").to_owned();
    match code.as_str() {
        "RepositoryNotFoundException" => AwsErrorKind::RepositoryNotFound,
        "AccessDenied"
        | "AccessDeniedException"
        | "AuthorizationError"
        | "UnauthorizedOperation" => AwsErrorKind::Denied { message },
        "ExpiredToken"
        | "ExpiredTokenException"
        | "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "InvalidSignatureException"
        | "IncompleteSignature"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "AuthFailure" => AwsErrorKind::BadCredentials { code, message },
        "Throttled"
        | "Throttling"
        | "ThrottlingException"
        | "ThrottledException"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "SlowDown"
        | "TooManyRequestsException"
        | "RequestLimitExceeded"
        | "TooManyUpdates" => AwsErrorKind::Throttled,
        "ResourceNotFoundException"
        | "ParameterNotFound"
        | "ParameterVersionNotFound"
        | "ScanNotFoundException"
        | "ImageNotFoundException"
        | "LifecyclePolicyNotFoundException"
        | "ClusterNotFoundException"
        | "ServiceNotFoundException"
        | "PipelineNotFoundException"
        | "StageNotFoundException"
        | "ActionNotFoundException"
        | "NotFound"
        | "NotFoundException" => AwsErrorKind::NotFound { code, message },
        _ if status == 429 => AwsErrorKind::Throttled,
        _ if status >= 500 => AwsErrorKind::Unavailable { status },
        _ => AwsErrorKind::Refused { code, message },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_understood() {
        let kind = |code: &str, status| {
            let error = ErrorMetadata::builder().code(code).message("m").build();
            understand(&error, status)
        };
        let (code, message) = ("ExpiredTokenException".to_owned(), "m".to_owned());
        let expected = AwsErrorKind::BadCredentials { code, message };
        assert_eq!(kind("ExpiredTokenException", 400), expected);
        assert_eq!(kind("ThrottlingException", 400), AwsErrorKind::Throttled);
        assert_eq!(
            kind("Whatever", 503),
            AwsErrorKind::Unavailable { status: 503 }
        );
        let denied = kind("AccessDeniedException", 400);
        assert_eq!(
            denied,
            AwsErrorKind::Denied {
                message: "m".to_owned()
            }
        );
        let missing = kind("RepositoryNotFoundException", 400);
        assert_eq!(missing, AwsErrorKind::RepositoryNotFound);
    }

    #[test]
    fn an_endpoint_that_is_not_there_is_told_from_one_that_is_away() {
        #[derive(Debug, thiserror::Error)]
        #[error("dispatch failure")]
        struct Outer(#[source] io::Error);
        let told = |error: io::Error| has_no_endpoint(&Outer(error));
        let lookup = |words: &str| {
            io::Error::other(format!("failed to lookup address information: {words}"))
        };
        assert!(told(io::ErrorKind::ConnectionRefused.into()));
        for words in NO_SUCH_NAME {
            assert!(told(lookup(words)), "{words}");
        }
        assert!(!told(lookup("Temporary failure in name resolution")));
        assert!(!told(lookup("Try again")));
        assert!(!told(io::ErrorKind::ConnectionReset.into()));
        assert!(!told(io::ErrorKind::TimedOut.into()));
        assert!(!told(io::ErrorKind::HostUnreachable.into()));
    }

    #[test]
    fn hints_name_the_permission() {
        let error = AwsError {
            action: "ecr:CreateRepository",
            region: "eu-west-1".to_owned(),
            kind: AwsErrorKind::Denied {
                message: "no".to_owned(),
            },
            source: None,
        };
        let expected = "The identity needs ecr:CreateRepository in eu-west-1.";
        assert_eq!(error.hint().as_deref(), Some(expected));
        assert!(!error.is_temporary());
    }
}
