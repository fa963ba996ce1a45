//! What all clients of a session share: their requests counted by operation, and a pace for the parts that
//! send thousands of them.
//!
//! Counting sees every attempt of every client that [`client`] made, the SDK's own repetitions included. The pace
//! is for calls that go through [`Aws::paced`]: at most so many at once, fewer for a while after AWS complained,
//! and again until it answers.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Debug;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_ecr::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_ecr::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_ecr::error::{BoxError, ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::task::AbortOnDropHandle;

use super::error::StatusOf;
use super::{Aws, AwsError, AwsErrorKind};

/// How many requests were sent, by operation (`ecr:DescribeImages`), repetitions included.
pub type CallCounts = BTreeMap<String, u64>;

/// How many paced requests are sent at once where nothing is said.
pub(super) const CONCURRENCY: usize = 16;
/// How often a paced request is sent where nothing is said, if AWS fails or cannot be reached.
const ATTEMPTS: u32 = 8;
/// How long a paced request is repeated for where nothing is said, if AWS says that there are too many.
const PATIENCE: Duration = Duration::from_mins(5);
/// How long the first repetition waits at most; each further one twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(200);
/// How long a repetition waits at most.
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// Requests that were under way together are throttled together: that slows down once.
const SLOW_AGAIN: Duration = Duration::from_millis(500);

/// A client of an `aws-sdk` crate in a region, whose requests are counted.
macro_rules! client {
    ($aws:expr, $service:ident, $region:expr) => {{
        let config = $service::config::Builder::from(&$aws.in_region($region).await)
            .interceptor($aws.meter().clone());
        $service::Client::from_conf(config.build())
    }};
}
pub(super) use client;

/// The same for requests that go through [`Aws::paced`], which repeats them: the SDK does not. Lists are checked
/// by `whole_lists`.
macro_rules! paced_client {
    ($aws:expr, $service:ident, $region:expr) => {{
        let config = $service::config::Builder::from(&$aws.in_region($region).await)
            .retry_config($service::config::retry::RetryConfig::disabled())
            .interceptor($aws.meter().clone())
            .interceptor($crate::aws::whole_lists::WholeLists);
        $service::Client::from_conf(config.build())
    }};
}
pub(super) use paced_client;

/// What is shared by all clients of a session and by its clones.
#[derive(Clone, Debug)]
pub(super) struct Calls {
    counts: Arc<Mutex<CallCounts>>,
    pace: Arc<Pace>,
}

impl Calls {
    pub(super) fn new(concurrency: usize) -> Self {
        Self {
            counts: Arc::default(),
            pace: Arc::new(Pace::new(concurrency)),
        }
    }

    pub(super) fn counts(&self) -> CallCounts {
        self.counts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Intercept for Calls {
    fn name(&self) -> &'static str {
        "launchway: count requests"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(call) = config.load::<Metadata>() {
            let name = action(call);
            let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
            *counts.entry(name).or_default() += 1;
        }
        Ok(())
    }
}

/// The action of a request, as policies name it.
pub(super) fn action(call: &Metadata) -> String {
    format!("{}:{}", prefix(call.service()), call.name())
}

/// The prefix that a service's actions have in policies.
fn prefix(service: &str) -> String {
    match service {
        "EventBridge" => "events".to_owned(),
        "SFN" => "states".to_owned(),
        _ => service.to_ascii_lowercase(),
    }
}

impl Aws {
    /// Sends a request when it is its turn, and again while that may help. The request runs as a task of its
    /// own, so that reading large answers uses every core; it ends when nobody waits for it any more.
    ///
    /// What is sent must not do harm when it is sent twice.
    pub(super) async fn paced<T, E, R, F>(
        &self,
        action: &'static str,
        region: &str,
        send: impl Fn() -> F,
    ) -> Result<T, AwsError>
    where
        T: Send + 'static,
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
        R: StatusOf + Debug + Send + Sync + 'static,
        F: Future<Output = Result<T, SdkError<E, R>>> + Send + 'static,
    {
        self.send(PATIENCE, None, action, region, send).await
    }

    /// As [`Self::paced`], but not sent at all later than this, be it the first time: what is removed was looked at right
    /// before, and has to be looked at again.
    pub(super) async fn paced_within<T, E, R, F>(
        &self,
        patience: Duration,
        action: &'static str,
        region: &str,
        send: impl Fn() -> F,
    ) -> Result<T, AwsError>
    where
        T: Send + 'static,
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
        R: StatusOf + Debug + Send + Sync + 'static,
        F: Future<Output = Result<T, SdkError<E, R>>> + Send + 'static,
    {
        let latest = Instant::now() + patience;
        self.send(patience, Some(latest), action, region, send)
            .await
    }

    /// Repeats a request for this long, and sends nothing after `latest`.
    async fn send<T, E, R, F>(
        &self,
        patience: Duration,
        latest: Option<Instant>,
        action: &'static str,
        region: &str,
        send: impl Fn() -> F,
    ) -> Result<T, AwsError>
    where
        T: Send + 'static,
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
        R: StatusOf + Debug + Send + Sync + 'static,
        F: Future<Output = Result<T, SdkError<E, R>>> + Send + 'static,
    {
        let pace = &self.meter().pace;
        let started = Instant::now();
        let mut wait = FIRST_WAIT;
        let mut sent = 0;
        loop {
            let turn = match latest {
                None => pace.turn().await,
                Some(latest) => match timeout_at(latest, pace.turn()).await {
                    Ok(turn) => turn,
                    Err(_) => return Err(AwsError::unsent(action, region)),
                },
            };
            let answer = AbortOnDropHandle::new(tokio::spawn(send())).await;
            sent += 1;
            let error = match answer {
                Ok(Ok(answer)) => {
                    pace.faster();
                    return Ok(answer);
                }
                Ok(Err(error)) => error,
                Err(_) => {
                    return Err(AwsError::invalid(action, region, "reading it was aborted"));
                }
            };
            // An answer that broke off, or is not the operation's.
            let broken = matches!(error, SdkError::ResponseError(_));
            let error = self.failed(action, region, error).await;
            let attempts = self.attempts();
            let again = if error.kind == AwsErrorKind::Throttled {
                attempts.is_none_or(|most| sent < most)
            } else {
                (broken || error.is_temporary()) && sent < attempts.unwrap_or(ATTEMPTS)
            };
            let pause = jitter(wait);
            let late = latest.is_some_and(|latest| Instant::now() + pause > latest);
            if !again || late || started.elapsed() >= patience {
                return Err(error);
            }
            pace.slower();
            drop(turn);
            sleep(pause).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }
}

/// Between half of it and all, so that those who were refused together do not come back together.
fn jitter(wait: Duration) -> Duration {
    let [random, ..] = RandomState::new().hash_one(0).to_le_bytes();
    wait / 2 + (wait / 2).mul_f64(f64::from(random) / f64::from(u8::MAX))
}

/// How many requests may be under way: half as many after AWS complained, and one more after as many answers
/// as may be under way, as TCP does it.
#[derive(Debug)]
struct Pace {
    turns: Semaphore,
    most: usize,
    state: Mutex<PaceState>,
}

#[derive(Debug)]
struct PaceState {
    limit: usize,
    /// How many turns have to go when they are given back.
    surplus: usize,
    /// Answers since the limit changed.
    answers: usize,
    slowed: Option<Instant>,
}

/// A turn; given back when it is dropped.
struct Turn<'a> {
    pace: &'a Pace,
    permit: Option<SemaphorePermit<'a>>,
}

impl Pace {
    fn new(most: usize) -> Self {
        let most = most.max(1);
        Self {
            turns: Semaphore::new(most),
            most,
            state: Mutex::new(PaceState {
                limit: most,
                surplus: 0,
                answers: 0,
                slowed: None,
            }),
        }
    }

    async fn turn(&self) -> Turn<'_> {
        Turn {
            pace: self,
            // Nobody closes it.
            permit: self.turns.acquire().await.ok(),
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, PaceState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn faster(&self) {
        let mut state = self.state();
        state.answers += 1;
        if state.answers < state.limit || state.limit == self.most {
            return;
        }
        state.answers = 0;
        state.limit += 1;
        if state.surplus > 0 {
            state.surplus -= 1;
        } else {
            self.turns.add_permits(1);
        }
    }

    fn slower(&self) {
        let mut state = self.state();
        let recently = |at: Instant| at.elapsed() < SLOW_AGAIN;
        if state.slowed.is_some_and(recently) {
            return;
        }
        state.slowed = Some(Instant::now());
        state.answers = 0;
        let limit = (state.limit / 2).max(1);
        state.surplus += state.limit - limit;
        state.limit = limit;
        state.surplus -= self.turns.forget_permits(state.surplus);
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut state = self.pace.state();
        if state.surplus > 0
            && let Some(permit) = self.permit.take()
        {
            state.surplus -= 1;
            permit.forget();
        }
    }
}

#[cfg(test)]
mod tests;
