//! Values that are made once per key, however many ask at the same time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// A cache in which the first to ask for a key makes its value, and the others wait for it. When
/// making it fails or is cancelled, the next one who waits tries.
#[derive(Debug)]
pub(super) struct OnceMap<K, V> {
    slots: Mutex<BTreeMap<K, Slot<V>>>,
}

type Slot<V> = Arc<tokio::sync::Mutex<Option<V>>>;

impl<K: Ord, V> Default for OnceMap<K, V> {
    fn default() -> Self {
        Self {
            slots: Mutex::new(BTreeMap::new()),
        }
    }
}

impl<K: Ord, V: Clone> OnceMap<K, V> {
    /// The value for `key`, if it passes `fresh`, else what `make` gives.
    pub(super) async fn get<E>(
        &self,
        key: K,
        fresh: impl Fn(&V) -> bool,
        make: impl Future<Output = Result<V, E>>,
    ) -> Result<V, E> {
        let slot = self.slot(key);
        let mut slot = slot.lock().await;
        if let Some(value) = slot.as_ref().filter(|value| fresh(value)) {
            return Ok(value.clone());
        }
        let value = make.await?;
        *slot = Some(value.clone());
        Ok(value)
    }

    fn slot(&self, key: K) -> Slot<V> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(slots.entry(key).or_default())
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test]
    async fn many_waiters_make_one_value() {
        let map = OnceMap::<&str, u32>::default();
        let made = AtomicU32::new(0);
        let make = || async {
            tokio::task::yield_now().await;
            Ok::<_, Infallible>(made.fetch_add(1, Ordering::Relaxed) + 1)
        };
        let values =
            futures::future::join_all((0..20).map(|_| map.get("k", |_| true, make()))).await;
        assert!(values.iter().all(|value| *value == Ok(1)));
        assert_eq!(map.get("k", |_| false, make()).await, Ok(2));
    }

    #[tokio::test]
    async fn a_failure_is_not_kept() {
        let map = OnceMap::<(), u32>::default();
        assert_eq!(map.get((), |_| true, async { Err("no") }).await, Err("no"));
        assert_eq!(
            map.get((), |_| true, async { Ok::<_, &str>(7) }).await,
            Ok(7)
        );
    }
}
