//! The tunnels of a session.
//!
//! The daemon calls the main folder of every build `context`, and a session of the daemon can serve
//! only one folder by a name. So each build context has a tunnel of its own, opened when first used,
//! and builds say with `local-sessionid:context` which one they mean. All else goes through the
//! first tunnel, the one that builds name as their session: logins, blobs, and folders whose name
//! can be chosen (Dockerfiles by `dockerfilekey`, named contexts).
//!
//! BuildKit can also add a prefix to the name (`local-sessionid:context=PREFIX:ID`), which would
//! need one tunnel only. But it then changes the digests of the build's steps after the frontend
//! has noted their places, and an error no longer says which line of the Dockerfile failed (seen
//! with v0.33.1).

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::roots::Root;
use super::{RootName, Shared, tunnel};
use crate::{Client, Error, limits, random};

#[derive(Debug)]
pub(crate) struct Links {
    client: Client,
    shared: Arc<Shared>,
    /// Closes all.
    closed: CancellationToken,
    id: String,
    main: Mutex<Option<JoinHandle<()>>>,
    contexts: Mutex<BTreeMap<(RootName, Option<String>), Link>>,
}

/// A tunnel that serves one build context.
#[derive(Debug)]
struct Link {
    id: String,
    closed: CancellationToken,
    server: JoinHandle<()>,
}

/// What a tunnel is to the daemon.
#[derive(Debug)]
pub(super) struct Identity {
    /// The session's id.
    pub(super) id: String,
    /// Part of the daemon's key for its copies of folders.
    pub(super) shared_key: String,
    /// The folder `context`; the first tunnel has none.
    pub(super) context: Option<Root>,
}

impl Identity {
    /// Whether this is the tunnel that builds name as their session.
    pub(super) fn is_first(&self) -> bool {
        self.context.is_none()
    }
}

impl Links {
    pub(super) async fn open(client: &Client, shared: Arc<Shared>) -> Result<Self, Error> {
        let id = random::name()?;
        let shared_key = shared.config.shared_key.clone();
        let identity = Identity {
            id: id.clone(),
            shared_key,
            context: None,
        };
        let closed = CancellationToken::new();
        let server = tunnel::open(client, Arc::clone(&shared), identity, closed.clone()).await?;
        Ok(Self {
            client: client.clone(),
            shared,
            closed,
            id,
            main: Mutex::new(Some(server)),
            contexts: Mutex::default(),
        })
    }

    /// The session that builds name as theirs.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// The session that serves a folder as `context`; see [`crate::ContextRoots::selection`].
    pub(crate) async fn serving(
        &self,
        context: &RootName,
        selection: Option<&str>,
    ) -> Result<String, Error> {
        let mut contexts = self.contexts.lock().await;
        let key = (context.clone(), selection.map(str::to_owned));
        if let Some(link) = contexts.get(&key)
            && !link.closed.is_cancelled()
        {
            return Ok(link.id.clone());
        }
        let id = random::name()?;
        // The name is always `context`: only the key can tell the daemon's copies apart.
        let mut shared_key = format!("{}:{context}", self.shared.config.shared_key);
        if let Some(selection) = selection {
            shared_key.push(':');
            shared_key.push_str(selection);
        }
        let identity = Identity {
            id: id.clone(),
            shared_key,
            context: self.shared.roots.get(context),
        };
        let closed = self.closed.child_token();
        let shared = Arc::clone(&self.shared);
        let server = tunnel::open(&self.client, shared, identity, closed.clone()).await?;
        contexts.insert(
            key,
            Link {
                id: id.clone(),
                closed,
                server,
            },
        );
        Ok(id)
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.is_cancelled()
    }

    pub(super) fn cancel(&self) {
        self.closed.cancel();
    }

    pub(super) async fn close(&self) {
        self.cancel();
        let contexts = std::mem::take(&mut *self.contexts.lock().await);
        let main = self.main.lock().await.take();
        for mut server in contexts.into_values().map(|link| link.server).chain(main) {
            if timeout(limits::SESSION_CLOSE, &mut server).await.is_err() {
                server.abort();
            }
        }
    }
}
