//! What is still to be done when a signal ends a run: set by a verb, done by the process.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};

type Words = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A place for a future that ends soon by itself.
#[derive(Default)]
pub struct LastWords(Mutex<Option<Words>>);

impl fmt::Debug for LastWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LastWords").finish_non_exhaustive()
    }
}

impl LastWords {
    /// What is to be done from now on, instead of anything before.
    pub(super) fn set(&self, words: Words) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(words);
    }

    /// The run has ended by itself.
    pub(super) fn forget(&self) {
        self.take();
    }

    /// Does what was set, if anything was.
    pub(super) async fn say(&self) {
        if let Some(words) = self.take() {
            words.await;
        }
    }

    fn take(&self) -> Option<Words> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
