//! When to try again: what is worth it, how long to wait, and when to give up.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

use super::Error;

/// How requests are repeated. Waits grow exponentially with jitter; a registry's `Retry-After`
/// goes before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How often a request is made at most, the first time included.
    pub attempts: u32,
    /// The wait before the second attempt; it doubles every time.
    pub first_delay: Duration,
    /// The longest wait that grows out of doubling.
    pub longest_delay: Duration,
    /// The longest wait that a `Retry-After` may ask for; longer ones are cut to it.
    pub longest_retry_after: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 6,
            first_delay: Duration::from_millis(250),
            longest_delay: Duration::from_secs(10),
            longest_retry_after: Duration::from_mins(1),
        }
    }
}

impl RetryPolicy {
    /// One attempt, no second one.
    pub fn never() -> Self {
        Self {
            attempts: 1,
            ..Self::default()
        }
    }

    /// The wait after the `failed`th attempt failed (counted from 1). `random` is between 0 and
    /// 1 and spreads clients that failed together over the second half of the wait.
    fn delay(&self, failed: u32, retry_after: Option<Duration>, random: f64) -> Duration {
        if let Some(asked) = retry_after {
            return asked.min(self.longest_retry_after);
        }
        let doublings = failed.saturating_sub(1).min(20);
        let full = self
            .first_delay
            .saturating_mul(1 << doublings)
            .min(self.longest_delay);
        full.mul_f64(0.5 + random.clamp(0.0, 1.0) / 2.0)
    }

    /// Starts to count the attempts of one request.
    pub(super) fn start(self) -> Retries {
        Retries {
            policy: self,
            failed: 0,
        }
    }
}

/// The attempts of one request so far.
#[derive(Debug)]
pub(super) struct Retries {
    policy: RetryPolicy,
    failed: u32,
}

impl Retries {
    /// Waits until the next attempt, or gives the error back if there should be none.
    pub(super) async fn pause(&mut self, error: Error) -> Result<(), Error> {
        self.pause_if(false, error).await
    }

    /// The same for an error that is worth another attempt also if it is not temporary.
    pub(super) async fn pause_if(&mut self, worth_it: bool, error: Error) -> Result<(), Error> {
        self.failed += 1;
        let again = worth_it || error.is_worth_repeating();
        if !again || self.failed >= self.policy.attempts {
            return Err(error);
        }
        let delay = self
            .policy
            .delay(self.failed, error.retry_after(), random());
        tokio::time::sleep(delay).await;
        Ok(())
    }

    /// Forgets failures, because there was progress since.
    pub(super) fn reset(&mut self) {
        self.failed = 0;
    }
}

/// A number between 0 and 1, different for every call and process. Good enough to spread
/// retries; nothing secret depends on it.
fn random() -> f64 {
    let bits = RandomState::new().build_hasher().finish();
    f64::from(u32::try_from(bits >> 32).unwrap_or(0)) / f64::from(u32::MAX)
}

/// Reads a `Retry-After` header: seconds, or an HTTP date (RFC 9110, 10.2.3) relative to `now`.
/// A date in the past is no wait at all; anything else is ignored.
pub(super) fn retry_after(value: &str, now: jiff::Timestamp) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
    Some(Duration::try_from(date.duration_since(now)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: RetryPolicy = RetryPolicy {
        attempts: 5,
        first_delay: Duration::from_millis(100),
        longest_delay: Duration::from_secs(1),
        longest_retry_after: Duration::from_secs(30),
    };

    #[test]
    fn waits_double_up_to_a_limit() {
        let longest = |failed| POLICY.delay(failed, None, 1.0).as_millis();
        assert_eq!(
            [1, 2, 3, 4, 5, 99].map(longest),
            [100, 200, 400, 800, 1000, 1000]
        );
        assert_eq!(POLICY.delay(1, None, 0.0).as_millis(), 50);
    }

    #[test]
    fn what_the_registry_asks_for_goes_before() {
        let delay = |seconds| POLICY.delay(1, Some(Duration::from_secs(seconds)), 0.5);
        assert_eq!(delay(0), Duration::ZERO);
        assert_eq!(delay(7), Duration::from_secs(7));
        assert_eq!(delay(3600), Duration::from_secs(30));
    }

    #[test]
    fn reads_both_forms_of_retry_after() {
        let now: jiff::Timestamp = "1994-11-06T08:49:30Z".parse().unwrap();
        for (text, seconds) in [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(7)),
            ("Sun, 06 Nov 1994 08:49:00 GMT", Some(0)),
            ("-1", None),
            ("soon", None),
        ] {
            let expected = seconds.map(Duration::from_secs);
            assert_eq!(retry_after(text, now), expected, "{text}");
        }
    }

    #[test]
    fn jitter_is_a_fraction() {
        let values: Vec<f64> = (0..50).map(|_| random()).collect();
        assert!(values.iter().all(|value| (0.0..=1.0).contains(value)));
        assert!(
            values
                .windows(2)
                .any(|pair| (pair[0] - pair[1]).abs() > 0.0)
        );
    }
}
