//! `moby.filesync.v1.Auth`: logins for registries.
//!
//! Only `Credentials` is served. The other calls let the daemon have its tokens fetched by the
//! client; when they are not implemented it fetches them itself.

use std::error::Error as StdError;
use std::sync::Arc;

use bollard_buildkit_proto::moby::filesync::v1 as wire;
use tonic::{Request, Response, Status};

use super::Shared;
use crate::redact_urls;

/// How an answer begins when a lookup failed; the daemon quotes it in the build's error.
pub(crate) const NO_CREDENTIALS: &str = "looking up the login failed for ";

/// The whole beginning, which names the host and ends it.
pub(super) fn failure_text(host: &str) -> String {
    format!("{NO_CREDENTIALS}{host}:")
}

#[derive(Debug)]
pub(super) struct Auth(pub(super) Arc<Shared>);

#[tonic::async_trait]
impl wire::auth_server::Auth for Auth {
    async fn credentials(
        &self,
        request: Request<wire::CredentialsRequest>,
    ) -> Result<Response<wire::CredentialsResponse>, Status> {
        let host = request.into_inner().host;
        match self.0.config.credentials.credential(&host).await {
            Ok(Some(login)) => Ok(Response::new(wire::CredentialsResponse {
                username: login.username,
                secret: login.secret.expose().to_owned(),
            })),
            // Empty means anonymous.
            Ok(None) => Ok(Response::new(wire::CredentialsResponse::default())),
            Err(error) => {
                let text = format!("{} {}", failure_text(&host), causes(&*error.source));
                self.0.note_credential_failure(&host, error);
                // Not `Unavailable`, which the daemon would try again for a while.
                Err(Status::failed_precondition(redact_urls(&text)))
            }
        }
    }

    async fn fetch_token(
        &self,
        _: Request<wire::FetchTokenRequest>,
    ) -> Result<Response<wire::FetchTokenResponse>, Status> {
        Err(Status::unimplemented("ask for credentials"))
    }

    async fn get_token_authority(
        &self,
        _: Request<wire::GetTokenAuthorityRequest>,
    ) -> Result<Response<wire::GetTokenAuthorityResponse>, Status> {
        Err(Status::unimplemented("ask for credentials"))
    }

    async fn verify_token_authority(
        &self,
        _: Request<wire::VerifyTokenAuthorityRequest>,
    ) -> Result<Response<wire::VerifyTokenAuthorityResponse>, Status> {
        Err(Status::unimplemented("ask for credentials"))
    }
}

/// An error with its causes, on one line.
pub(super) fn causes(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
