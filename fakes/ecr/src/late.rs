//! How late a change is seen: ECR's parts agree in the end, not at once.
//!
//! Calls are counted by repository, so that a test says exactly which call still sees the old state, whatever
//! else goes on.

use std::time::{Duration, Instant};

/// How long after a change the old state is still seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Delay {
    /// Not at all: the next id of the same call sees the new state.
    #[default]
    None,
    /// For the rest of the call that changed it, and for so many further calls that name the repository.
    Calls(u64),
    /// For this time.
    For(Duration),
}

/// What is seen late. By default nothing is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Consistency {
    /// The manifest-list rule: a child of a deleted index is still refused as referenced by it.
    pub manifest_lists: Delay,
    /// `DescribeImages` and `ListImages` still list a deleted image.
    pub lists: Delay,
    /// An image that was called back from the archive is still `ACTIVATING`.
    pub restores: Delay,
}

/// When something changed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    /// The repository's count of calls then.
    pub(crate) call: u64,
    pub(crate) at: Instant,
}

impl Delay {
    /// Whether a change is not seen yet by the call with this number.
    pub(crate) fn hides(self, change: Mark, call: u64) -> bool {
        match self {
            Self::None => false,
            Self::Calls(calls) => call <= change.call + calls,
            Self::For(time) => Instant::now() < change.at + time,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_is_in_calls_or_in_time() {
        let change = Mark {
            call: 5,
            at: Instant::now(),
        };
        for (delay, call, hidden) in [
            (Delay::None, 5, false),
            (Delay::Calls(0), 5, true),
            (Delay::Calls(0), 6, false),
            (Delay::Calls(3), 8, true),
            (Delay::Calls(3), 9, false),
            (Delay::For(Duration::from_hours(1)), 1000, true),
            (Delay::For(Duration::ZERO), 5, false),
        ] {
            assert_eq!(delay.hides(change, call), hidden, "{delay:?} {call}");
        }
    }
}
