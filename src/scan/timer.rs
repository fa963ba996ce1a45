//! Time for waiting, passed in so that tests of an hour's patience take no time.

use std::time::{Duration, Instant};

use futures::future::BoxFuture;

/// Tells how long something takes, and waits.
pub trait Timer: Send + Sync + std::fmt::Debug {
    /// The time since some moment that never changes.
    fn now(&self) -> Duration;

    /// The time of day, for comparing with what a scanner says of when it looked.
    fn clock(&self) -> jiff::Timestamp;

    /// Ends after this time.
    fn sleep(&self, time: Duration) -> BoxFuture<'_, ()>;
}

/// The time of this machine.
#[derive(Clone, Copy, Debug)]
pub struct RealTimer(Instant);

impl RealTimer {
    /// Begins now.
    pub fn start() -> Self {
        Self(Instant::now())
    }
}

impl Timer for RealTimer {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }

    fn clock(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(time))
    }
}
