//! A registry inside the test's process that is strict about the protocol and fails on command.
//!
//! It listens on loopback, keeps everything in memory, and speaks the distribution API: manifests
//! (refused while something they refer to is missing), blobs with ranges, uploads in one piece
//! or in chunks, mounts, tags with paging, referrers, deletion, and a token server. It is for
//! tests: compiled for this crate's own, and with the feature `failpoints` for others.
//!
//! ```no_run
//! # use launchway::registry::fault::{Fault, FaultRegistry, Quirks, Requests};
//! # async fn example() -> std::io::Result<()> {
//! let registry = FaultRegistry::start(Quirks::default()).await?;
//! let repository = registry.repository("shop/web"); // 127.0.0.1:PORT/shop/web
//! registry.fail(Requests::new("PUT", "/manifests/"), Fault::unavailable(), 2); // then it works
//! // … what is tested runs here …
//! assert_eq!(registry.count(&Requests::new("PUT", "/manifests/v1")), 3);
//! assert_eq!(registry.tags("shop/web").len(), 1);
//! # Ok(())
//! # }
//! ```
//!
//! [`Quirks`] say how the registry is for good (logins, immutable tags, what ECR does
//! differently); [`FaultRegistry::fail`] adds rules that spoil some requests, first come first
//! served; [`FaultRegistry::requests`] is the log. Dropping it closes everything.

mod answer;
mod blobs;
mod faults;
mod login;
mod manifests;
mod quirks;
mod route;
mod serve;
mod store;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

pub use faults::{Fault, Request, Requests};
pub use quirks::{Login, Quirks};

use crate::image::{Descriptor, Digest};
use crate::registry::Repository;
use faults::Rules;
use login::Tokens;
use store::Store;

/// A running registry. See the module's head.
#[derive(Debug)]
pub struct FaultRegistry {
    shared: Arc<Shared>,
    /// Accepts connections until it is dropped.
    _tasks: JoinSet<()>,
}

/// What the connections of one registry share.
#[derive(Debug)]
struct Shared {
    /// Where the registry (and its token server) is.
    address: SocketAddr,
    /// Another origin, which serves blobs without login where `redirect_blobs` is set.
    storage: SocketAddr,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    quirks: Quirks,
    store: Store,
    rules: Rules,
    tokens: Tokens,
    log: Vec<Request>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FaultRegistry {
    /// Starts an empty registry on free ports of 127.0.0.1.
    pub async fn start(quirks: Quirks) -> io::Result<Self> {
        let registry = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let storage = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let state = State {
            quirks,
            ..State::default()
        };
        let shared = Arc::new(Shared {
            address: registry.local_addr()?,
            storage: storage.local_addr()?,
            state: Mutex::new(state),
        });
        let mut tasks = JoinSet::new();
        tasks.spawn(serve::accept(registry, Arc::clone(&shared), false));
        tasks.spawn(serve::accept(storage, Arc::clone(&shared), true));
        Ok(Self {
            shared,
            _tasks: tasks,
        })
    }

    /// `127.0.0.1:PORT`, as it stands in references.
    pub fn host(&self) -> String {
        self.shared.address.to_string()
    }

    /// A repository on this registry.
    ///
    /// # Panics
    /// On a name that no repository can have.
    #[expect(clippy::expect_used, reason = "the name is a literal in a test")]
    pub fn repository(&self, path: &str) -> Repository {
        format!("{}/{path}", self.host())
            .parse()
            .expect("the test names a valid repository")
    }

    /// Changes how the registry is from now on.
    pub fn set_quirks(&self, change: impl FnOnce(&mut Quirks)) {
        change(&mut self.shared.state().quirks);
    }

    /// Spoils the next `times` requests that match; then the rule is used up. Rules are looked at
    /// in the order in which they were added, and one request meets one rule.
    pub fn fail(&self, requests: Requests, fault: Fault, times: u32) {
        self.shared.state().rules.add(requests, fault, times);
    }

    /// Forgets all faults that wait for their requests.
    pub fn heal(&self) {
        self.shared.state().rules = Rules::default();
    }

    /// Every request so far, in the order of their arrival, the token server's and the storage
    /// server's included.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.state().log.clone()
    }

    /// How many requests so far match.
    pub fn count(&self, requests: &Requests) -> usize {
        let state = self.shared.state();
        state
            .log
            .iter()
            .filter(|seen| requests.match_log(seen))
            .count()
    }

    /// Empties the log.
    pub fn forget_requests(&self) {
        self.shared.state().log.clear();
    }

    /// Makes every token that was handed out worthless.
    pub fn revoke_tokens(&self) {
        self.shared.state().tokens.revoke();
    }

    /// Puts a blob into a repository, past the protocol.
    pub fn add_blob(&self, repository: &str, content: impl Into<Bytes>) -> Digest {
        let content = content.into();
        let digest = Digest::of(&content);
        let mut state = self.shared.state();
        state.store.add_blob(repository, digest, content);
        digest
    }

    /// Puts a manifest into a repository, past the protocol and its checks.
    pub fn add_manifest(
        &self,
        repository: &str,
        tag: Option<&str>,
        media_type: &str,
        content: impl Into<Bytes>,
    ) -> Descriptor {
        let content = content.into();
        let mut state = self.shared.state();
        state
            .store
            .add_manifest(repository, tag, media_type, content)
    }

    /// A blob of a repository.
    pub fn blob(&self, repository: &str, digest: Digest) -> Option<Bytes> {
        self.shared.state().store.blob(repository, digest)
    }

    /// The manifest that a tag or digest names, with its media type.
    pub fn manifest(&self, repository: &str, target: &str) -> Option<(String, Bytes)> {
        let state = self.shared.state();
        let (_, manifest) = state.store.manifest(repository, target)?;
        Some((manifest.media_type.clone(), manifest.content.clone()))
    }

    /// All tags of a repository and what they point at, sorted.
    pub fn tags(&self, repository: &str) -> Vec<(String, Digest)> {
        self.shared.state().store.tags(repository)
    }

    /// All manifests of a repository by digest, sorted.
    pub fn manifests(&self, repository: &str) -> Vec<Digest> {
        self.shared.state().store.manifests(repository)
    }
}
