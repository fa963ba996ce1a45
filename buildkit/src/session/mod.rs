//! A session: what the daemon may ask of us while it builds.
//!
//! The daemon calls back through a tunnel ([`tunnel`]) for folders ([`files`]), logins ([`auth`])
//! and, with an export, a place for blobs ([`content`]). One session per daemon and run serves all
//! builds of the run: every folder is then sent once. It must not serve two runs, because the
//! daemon reads a folder only once per session and would not see what changed in between.
//!
//! To the daemon it is several sessions ([`links`]), one for each build context.

mod auth;
mod content;
mod files;
mod filesync;
mod health;
mod links;
mod memory;
mod roots;
mod tunnel;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::{Client, CredentialError, CredentialSource, Error};
use bytes::Bytes;
use files::Counters;
use filesync::SendRecord;
pub(crate) use links::Links;
use roots::Roots;

pub(crate) use auth::NO_CREDENTIALS;
pub use content::{BlobReceiver, BlobWriter, OfferedBlob};
pub use files::Transfers;
pub use roots::RootName;

/// What a session serves.
#[derive(Clone, Debug)]
pub struct SessionConfig {
    /// Part of the daemon's key for its copies of our folders: the same from run to run, different
    /// for every machine or checkout. What identifies a folder itself is its path.
    pub shared_key: String,
    /// Logins for registries.
    pub credentials: Arc<dyn CredentialSource>,
    /// Takes the blobs of `oci` exports with `tar=false`.
    pub blobs: Option<Arc<dyn BlobReceiver>>,
    /// Where the inodes and change times of what was sent are kept, so that a file with new
    /// content but the same size and time is sent again. `None` keeps nothing.
    pub sync_records: Option<PathBuf>,
    /// Names the daemon's state, for `sync_records`: a worker's id.
    pub engine_id: String,
    /// Files and folders, absolute, that builds do not see although they lie in a context: what the
    /// caller itself writes there.
    pub hidden: Vec<PathBuf>,
}

/// An open session. Closes when dropped; it must outlive the builds that use it.
pub struct Session {
    shared: Arc<Shared>,
    links: Arc<Links>,
}

/// What the services and the builds of a session have in common.
#[derive(Debug)]
pub(crate) struct Shared {
    config: SessionConfig,
    roots: Roots,
    transfers: Counters,
    /// By key.
    records: tokio::sync::Mutex<BTreeMap<String, Arc<SendRecord>>>,
    warnings: Mutex<Vec<String>>,
    /// Lookups that failed, by host: the typed cause of a build's failure.
    credential_failures: Mutex<BTreeMap<String, Arc<CredentialError>>>,
}

impl Session {
    /// Opens a session with a new id.
    pub async fn open(client: &Client, config: SessionConfig) -> Result<Self, Error> {
        let shared = Arc::new(Shared::new(config));
        let links = Links::open(client, Arc::clone(&shared)).await?;
        Ok(Self {
            shared,
            links: Arc::new(links),
        })
    }

    /// The daemon's name for this session.
    pub fn id(&self) -> &str {
        self.links.id()
    }

    /// Lets builds read a folder. Builds register their own folders; this is for a caller that
    /// wants to know early whether a folder can be used, or its name.
    pub fn add_root(&self, path: &Path) -> Result<RootName, Error> {
        self.shared.add_directory(path)
    }

    /// What was sent so far.
    pub fn transfers(&self) -> Transfers {
        self.shared.transfers.get()
    }

    /// What went wrong without harm since the last call, for people: a record of sent files that
    /// could not be read or written.
    pub fn take_warnings(&self) -> Vec<String> {
        let warnings = &self.shared.warnings;
        std::mem::take(&mut *warnings.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether the daemon has ended the session or the connection is gone. Builds that need the
    /// session fail from then on.
    pub fn is_closed(&self) -> bool {
        self.links.is_closed()
    }

    /// Closes and waits for the daemon's calls to end, for a short while. Further calls do nothing.
    pub async fn close(&self) {
        self.links.close().await;
    }

    pub(crate) fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.shared)
    }

    pub(crate) fn links(&self) -> Arc<Links> {
        Arc::clone(&self.links)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.links.cancel();
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("id", &self.id())
            .finish_non_exhaustive()
    }
}

impl Shared {
    pub(crate) fn new(config: SessionConfig) -> Self {
        Self {
            config,
            roots: Roots::default(),
            transfers: Counters::default(),
            records: tokio::sync::Mutex::default(),
            warnings: Mutex::default(),
            credential_failures: Mutex::default(),
        }
    }

    pub(crate) fn add_directory(&self, path: &Path) -> Result<RootName, Error> {
        self.roots
            .add_directory(path)
            .map_err(|source| Error::Context {
                path: path.to_owned(),
                source,
            })
    }

    pub(crate) fn add_files(&self, files: BTreeMap<String, Bytes>) -> RootName {
        self.roots.add_files(files)
    }

    fn warn(&self, warning: String) {
        self.warnings
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(warning);
    }

    fn note_credential_failure(&self, host: &str, error: CredentialError) {
        let mut failures = self.lock_failures();
        failures.insert(host.to_owned(), Arc::new(error));
    }

    /// The failed lookup that a build's error message is about.
    pub(crate) fn credential_failure(&self, message: &str) -> Option<Error> {
        let failures = self.lock_failures();
        let (host, source) = failures
            .iter()
            .find(|(host, _)| message.contains(&auth::failure_text(host)))?;
        Some(Error::Credentials {
            host: host.clone(),
            source: Arc::clone(source),
        })
    }

    fn lock_failures(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Arc<CredentialError>>> {
        self.credential_failures
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
