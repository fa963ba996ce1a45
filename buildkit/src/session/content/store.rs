//! Which blobs are here and which are arriving.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::SystemTime;

use tokio::sync::OwnedMutexGuard;
use tokio_util::sync::CancellationToken;

/// A blob that was committed.
#[derive(Clone, Debug)]
pub(super) struct Committed {
    pub(super) size: u64,
    pub(super) at: SystemTime,
}

/// A blob that is arriving.
#[derive(Clone, Debug)]
pub(super) struct Active {
    pub(super) digest: String,
    pub(super) total: u64,
    pub(super) offset: u64,
    pub(super) started: SystemTime,
    pub(super) updated: SystemTime,
    /// Ends the transfer.
    pub(super) abort: CancellationToken,
}

/// A blob's turn: while one transfer holds it, others of the same blob wait.
pub(super) type Turn = OwnedMutexGuard<()>;

#[derive(Debug, Default)]
pub(super) struct Store {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    committed: BTreeMap<String, Committed>,
    /// By the daemon's name for the transfer.
    active: BTreeMap<String, Active>,
    turns: BTreeMap<String, Weak<tokio::sync::Mutex<()>>>,
}

impl Store {
    /// Waits until no other build is sending the same blob. Two builds that share layers do so all
    /// the time; the second then usually finds that the blob is here.
    pub(super) async fn turn(&self, digest: &str) -> Turn {
        let turn = {
            let mut state = self.lock();
            state.turns.retain(|_, turn| turn.strong_count() > 0);
            let turn = state
                .turns
                .get(digest)
                .and_then(Weak::upgrade)
                .unwrap_or_default();
            state.turns.insert(digest.to_owned(), Arc::downgrade(&turn));
            turn
        };
        turn.lock_owned().await
    }

    pub(super) fn committed(&self, digest: &str) -> Option<Committed> {
        self.lock().committed.get(digest).cloned()
    }

    pub(super) fn all_committed(&self) -> BTreeMap<String, Committed> {
        self.lock().committed.clone()
    }

    pub(super) fn begin(&self, reference: &str, active: Active) {
        self.lock().active.insert(reference.to_owned(), active);
    }

    pub(super) fn advance(&self, reference: &str, offset: u64) {
        if let Some(active) = self.lock().active.get_mut(reference) {
            active.offset = offset;
            active.updated = SystemTime::now();
        }
    }

    pub(super) fn end(&self, reference: &str) {
        self.lock().active.remove(reference);
    }

    pub(super) fn commit(&self, digest: &str, size: u64) {
        let committed = Committed {
            size,
            at: SystemTime::now(),
        };
        self.lock().committed.insert(digest.to_owned(), committed);
    }

    pub(super) fn active(&self, reference: &str) -> Option<Active> {
        self.lock().active.get(reference).cloned()
    }

    pub(super) fn all_active(&self) -> BTreeMap<String, Active> {
        self.lock().active.clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
