//! Rate limits: a bucket of tokens for each operation, filled as fast as calls are allowed.
//!
//! AWS documents its API throttling as token buckets; a bucket here holds the calls of one second.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

#[derive(Debug, Default)]
pub(crate) struct Rates {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Calls per second of operations without a limit of their own.
    every: Option<f64>,
    own: BTreeMap<String, f64>,
    buckets: BTreeMap<String, Bucket>,
}

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    filled: Instant,
}

impl Rates {
    /// Limits an operation, or all that have no limit of their own. `None` takes the limit away.
    pub(crate) fn limit(&self, operation: Option<&str>, per_second: Option<f64>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match (operation, per_second) {
            (None, rate) => state.every = rate,
            (Some(operation), Some(rate)) => {
                state.own.insert(operation.to_owned(), rate);
            }
            (Some(operation), None) => {
                state.own.remove(operation);
            }
        }
        state.buckets.clear();
    }

    /// Takes all limits away.
    pub(crate) fn clear(&self) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = State::default();
    }

    /// Whether a call is within its limit.
    pub(crate) fn admits(&self, operation: &str, now: Instant) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(rate) = state.own.get(operation).copied().or(state.every) else {
            return true;
        };
        let capacity = rate.max(1.0);
        let bucket = state.buckets.entry(operation.to_owned()).or_insert(Bucket {
            tokens: capacity,
            filled: now,
        });
        let since = now.saturating_duration_since(bucket.filled);
        bucket.tokens = (bucket.tokens + since.as_secs_f64() * rate).min(capacity);
        bucket.filled = now;
        let admitted = bucket.tokens >= 1.0;
        if admitted {
            bucket.tokens -= 1.0;
        }
        admitted
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_bucket_empties_and_fills() {
        let rates = Rates::default();
        let start = Instant::now();
        let count = |operation: &str, at: u64| {
            let now = start + Duration::from_millis(at);
            (0..100).filter(|_| rates.admits(operation, now)).count()
        };
        assert_eq!(count("A", 0), 100);
        rates.limit(None, Some(10.0));
        rates.limit(Some("B"), Some(2.0));
        assert_eq!((count("A", 0), count("B", 0)), (10, 2));
        assert_eq!((count("A", 600), count("B", 600)), (6, 1));
        assert_eq!((count("A", 60_000), count("B", 60_000)), (10, 2));
        rates.limit(Some("B"), None);
        assert_eq!(count("B", 60_000), 10);
    }
}
