//! Values that are made once per key, however many ask at the same time.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex as SyncMutex, PoisonError};

use tokio::sync::Mutex;

/// A cache in which the first to ask for a key makes its value, and the others wait for it. When
/// making it fails, those who waited get the same error, for their attempts would take as long
/// and end in the same way; when it is cancelled, the next one who waits tries.
#[derive(Debug)]
pub(super) struct OnceMap<K, V, E> {
    slots: SyncMutex<BTreeMap<K, Arc<Slot<V, E>>>>,
}

#[derive(Debug)]
struct Slot<V, E> {
    /// How often making the value failed.
    failures: AtomicU64,
    last: Mutex<Last<V, E>>,
}

#[derive(Debug)]
enum Last<V, E> {
    Nothing,
    Made(V),
    Failed(E),
}

impl<K: Ord, V, E> Default for OnceMap<K, V, E> {
    fn default() -> Self {
        Self {
            slots: SyncMutex::new(BTreeMap::new()),
        }
    }
}

impl<K: Ord, V: Clone, E: Clone> OnceMap<K, V, E> {
    /// The value for `key`, if it passes `fresh`, else what `make` gives.
    pub(super) async fn get(
        &self,
        key: K,
        fresh: impl Fn(&V) -> bool,
        make: impl Future<Output = Result<V, E>>,
    ) -> Result<V, E> {
        let slot = self.slot(key);
        let failures = slot.failures.load(Ordering::Acquire);
        let mut last = slot.last.lock().await;
        match &*last {
            Last::Made(value) if fresh(value) => return Ok(value.clone()),
            Last::Failed(error) if slot.failures.load(Ordering::Acquire) != failures => {
                return Err(error.clone());
            }
            _ => {}
        }
        match make.await {
            Ok(value) => {
                *last = Last::Made(value.clone());
                Ok(value)
            }
            Err(error) => {
                *last = Last::Failed(error.clone());
                slot.failures.fetch_add(1, Ordering::Release);
                Err(error)
            }
        }
    }

    fn slot(&self, key: K) -> Arc<Slot<V, E>> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = slots.entry(key).or_insert_with(|| {
            Arc::new(Slot {
                failures: AtomicU64::new(0),
                last: Mutex::new(Last::Nothing),
            })
        });
        Arc::clone(slot)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;

    use futures::future::join_all;
    use tokio::task::yield_now;

    use super::*;

    #[tokio::test]
    async fn many_waiters_make_one_value() {
        let map = OnceMap::<&str, u32, ()>::default();
        let made = AtomicU32::new(0);
        let make = async || {
            yield_now().await;
            Ok(made.fetch_add(1, Ordering::Relaxed) + 1)
        };
        let values = join_all((0..20).map(|_| map.get("k", |_| true, make()))).await;
        assert!(values.iter().all(|value| *value == Ok(1)));
        assert_eq!(map.get("k", |_| false, make()).await, Ok(2));
    }

    #[tokio::test]
    async fn a_failure_is_shared_by_those_who_waited_and_not_kept() {
        let map = OnceMap::<(), u32, &str>::default();
        let tried = AtomicU32::new(0);
        let fail = async || {
            yield_now().await;
            tried.fetch_add(1, Ordering::Relaxed);
            Err("no")
        };
        let values = join_all((0..20).map(|_| map.get((), |_| true, fail()))).await;
        assert!(values.iter().all(|value| *value == Err("no")));
        assert_eq!(tried.load(Ordering::Relaxed), 1);
        assert_eq!(map.get((), |_| true, async { Ok(7) }).await, Ok(7));
    }

    #[tokio::test]
    async fn a_cancelled_maker_leaves_it_to_the_next() {
        let map = OnceMap::<(), u32, ()>::default();
        let never = map.get((), |_| true, std::future::pending());
        let cancelled = tokio::time::timeout(std::time::Duration::ZERO, never).await;
        assert!(cancelled.is_err());
        assert_eq!(map.get((), |_| true, async { Ok(7) }).await, Ok(7));
    }
}
