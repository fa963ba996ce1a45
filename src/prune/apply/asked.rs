//! How old what was read may be when images are removed. Pure.

use std::time::{Duration, Instant};

use crate::prune::InUse;

/// An answer about what is in use.
#[derive(Clone, Debug)]
pub struct Asked {
    /// What is in use.
    pub in_use: InUse,
    /// When the question began: what came into use later may not be in the answer.
    pub began: Instant,
    /// How long it took to be answered.
    pub took: Duration,
}

/// For how long something serves that took this long to read, counted from when its reading began.
///
/// What takes longer than `fresh_for` would be stale when it is there, and be read again for every batch, for ever. So
/// it serves for at least twice the time that it took: no more than half of a run is spent on reading. Zero is
/// somebody's word that nothing serves twice.
pub(super) fn serves(fresh_for: Duration, took: Duration) -> Duration {
    if fresh_for.is_zero() {
        return Duration::ZERO;
    }
    fresh_for.max(took * 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_slow_serves_for_twice_its_time() {
        let second = Duration::from_secs;
        for (fresh_for, took, expected) in [
            (30, 0, 30),
            (30, 15, 30),
            (30, 20, 40),
            (30, 70, 140),
            (0, 70, 0),
        ] {
            assert_eq!(
                serves(second(fresh_for), second(took)),
                second(expected),
                "{fresh_for} {took}"
            );
        }
    }
}
