//! A build: one `Solve` call with its `Status` stream beside it.

mod progress;
mod request;
mod response;

use std::pin::pin;

use bollard_buildkit_proto::moby::buildkit::v1 as control;
use tokio::time::{Instant, timeout_at};
use tonic::{Status, Streaming};

use crate::{Client, Error, Session, StatusUpdate, limits, random};

pub use request::{CacheEntry, ContextRoots, Exporter, Redirect, SolveRequest};
pub use response::SolveResponse;

impl Client {
    /// Builds. The session serves the folders, logins and blobs of the build and must stay open
    /// until it ends. `on_status` gets every status message of the daemon, in order; it is called
    /// on the runtime's threads and must not block.
    ///
    /// Dropping the future cancels the build: the daemon stops what no other build is waiting for.
    pub fn solve<F>(
        &self,
        session: &Session,
        request: SolveRequest,
        on_status: F,
    ) -> impl Future<Output = Result<SolveResponse, Error>> + Send + use<F>
    where
        F: Fn(StatusUpdate) + Send + Sync + 'static,
    {
        let client = self.clone();
        let (session, links) = (session.shared(), session.links());
        async move {
            let reference = random::name()?;
            let roots = request.add_roots(&session)?;
            let context_session = match roots.context() {
                Some(root) => Some(links.serving(root, roots.selection()).await?),
                None => None,
            };
            let request = request.into_wire(&reference, links.id(), context_session, &roots);
            let outcome = run(&client, reference, request, on_status).await;
            match outcome {
                Ok(reply) => Ok(SolveResponse::from(reply)),
                Err(status) => Err(session
                    .credential_failure(status.message())
                    .unwrap_or_else(|| Error::of_solve(client.address(), status))),
            }
        }
    }
}

/// Runs both calls in one future, so that dropping it resets both streams.
async fn run<F>(
    client: &Client,
    reference: String,
    request: control::SolveRequest,
    on_status: F,
) -> Result<control::SolveResponse, Status>
where
    F: Fn(StatusUpdate) + Send + Sync + 'static,
{
    let (mut solving, mut watching) = (client.control(), client.control());
    let mut solve = pin!(solving.solve(request));
    let mut status = Updates::Opening(Box::pin(async move {
        // Asked for before the daemon knows the build, it waits; no order is needed.
        Ok(watching
            .status(control::StatusRequest { r#ref: reference })
            .await?
            .into_inner())
    }));
    let mut seen = false;
    let outcome = loop {
        tokio::select! {
            biased;
            // An ended stream is never ready again, so this waits for the solve alone.
            update = status.next() => if let Some(update) = update {
                seen = true;
                on_status(progress::update(update));
            },
            outcome = &mut solve => break outcome,
        }
        if status.ended() {
            break (&mut solve).await;
        }
    };
    let patience = match &outcome {
        // The connection is gone and the stream with it.
        Err(error) if std::error::Error::source(error).is_some() => return outcome.map(drop_head),
        Err(_) if !seen => limits::STATUS_DRAIN_UNSEEN,
        _ => limits::STATUS_DRAIN,
    };
    while let Ok(Some(update)) = timeout_at(Instant::now() + patience, status.next()).await {
        on_status(progress::update(update));
    }
    outcome.map(drop_head)
}

fn drop_head<T>(response: tonic::Response<T>) -> T {
    response.into_inner()
}

type Opening = std::pin::Pin<
    Box<dyn Future<Output = Result<Streaming<control::StatusResponse>, Status>> + Send>,
>;

/// The status stream. Its errors end it and are otherwise left out: whatever broke it also ends
/// the solve, or does not matter to its result.
enum Updates {
    Opening(Opening),
    Open(Box<Streaming<control::StatusResponse>>),
    Ended,
}

impl Updates {
    /// The next message; `None` at the end. Cancel safe: what was waited for is kept.
    async fn next(&mut self) -> Option<control::StatusResponse> {
        if let Self::Opening(opening) = self {
            *self = match opening.await {
                Ok(stream) => Self::Open(Box::new(stream)),
                Err(_) => Self::Ended,
            };
        }
        if let Self::Open(stream) = self {
            if let Ok(Some(update)) = stream.message().await {
                return Some(update);
            }
            *self = Self::Ended;
        }
        None
    }

    fn ended(&self) -> bool {
        matches!(self, Self::Ended)
    }
}
