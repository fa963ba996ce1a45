//! What a run talks to, passed in: engine, registry, clock, listener.

use std::error::Error;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use futures::future::BoxFuture;
use launchway_buildkit::{BlobReceiver, Client, CredentialSource, Session, SessionConfig};

use super::{Event, FailPoints, Gate, Observer, ReleaseError};
use crate::image::Platform;
use crate::registry::auth::MappedCredentials;
use crate::registry::{self, EndpointMap, Repository};
use crate::soci::ZtocStore;

/// Tells the time; a fixed one in tests.
pub type Clock = Arc<dyn Fn() -> jiff::Timestamp + Send + Sync>;

/// Makes repositories that are missing.
pub trait RepositoryCreator: Send + Sync + fmt::Debug {
    /// Creates the repository unless it exists or its registry creates repositories by itself.
    /// Returns whether it was created.
    fn ensure<'a>(
        &'a self,
        repository: &'a Repository,
    ) -> BoxFuture<'a, Result<bool, Box<dyn Error + Send + Sync>>>;
}

/// Everything outside of the plan that a run needs.
#[derive(Clone)]
pub struct Context {
    /// The daemon.
    pub engine: Client,
    /// What identifies the daemon's state: its worker. Records of sent files are kept per engine.
    pub engine_id: String,
    /// What the daemon can run.
    pub platforms: Vec<Platform>,
    /// The registry client.
    pub registry: registry::Client,
    /// Registries that are elsewhere than their names say, for the daemon; the client above has
    /// its own.
    pub endpoints: EndpointMap,
    /// Creates missing repositories; `None` when that was not asked for.
    pub repositories: Option<Arc<dyn RepositoryCreator>>,
    /// Logins that the daemon asks for.
    pub credentials: Arc<dyn CredentialSource>,
    /// Where records of sent files are kept; `None` keeps none.
    pub sync_records: Option<PathBuf>,
    /// What identifies this machine to a daemon that others use too: its copies of our folders are
    /// not theirs, though the paths may be equal.
    pub machine_id: String,
    /// What we write ourselves, absolute: builds do not see it.
    pub hidden: Vec<PathBuf>,
    /// Who listens.
    pub observer: Observer,
    /// The time.
    pub clock: Clock,
    /// Where zTOCs are kept between runs; `None` keeps none.
    pub ztocs: Option<ZtocStore>,
    /// Looks at images before tags move; `None` lets everything pass.
    pub gate: Option<Arc<dyn Gate>>,
    /// Where to die, in tests.
    pub fail_points: FailPoints,
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("engine_id", &self.engine_id)
            .finish_non_exhaustive()
    }
}

impl Context {
    /// Tells the listener.
    pub(super) fn tell(&self, event: Event) {
        (self.observer)(event);
    }

    /// A session. The builds of a run share one, so that every context is walked and sent once,
    /// whatever the number of targets and platforms; each cache export has its own.
    pub(super) async fn open_session(
        &self,
        blobs: Option<Arc<dyn BlobReceiver>>,
    ) -> Result<Session, ReleaseError> {
        let config = SessionConfig {
            shared_key: format!("launchway-{}", self.machine_id),
            credentials: Arc::new(MappedCredentials {
                source: Arc::clone(&self.credentials),
                endpoints: self.endpoints.clone(),
            }),
            blobs,
            sync_records: self.sync_records.clone(),
            engine_id: self.engine_id.clone(),
            hidden: self.hidden.clone(),
        };
        Session::open(&self.engine, config)
            .await
            .map_err(ReleaseError::Engine)
    }
}
