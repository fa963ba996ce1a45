//! Scanning: ECR's states in sequence on a scripted AWS, its results on moto, and whole releases
//! that a scanner refuses and lets pass.

mod ecr;
mod moto;
mod release;
mod verb;

pub(crate) use release::Trivy;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::future::BoxFuture;
use launchway::aws::{Aws, AwsSettings, StaticCredentials};
use launchway::image::Digest;
use launchway::scan::{Complete, EcrScanner, Outcome, PlatformImage, Timer};
use launchway_buildkit::Secret;

/// The account and region of the tests.
pub(super) const HOST: &str = "123456789012.dkr.ecr.ap-northeast-1.amazonaws.com";

/// Time that passes only while somebody sleeps.
#[derive(Debug, Default)]
pub(super) struct Clock(AtomicU64);

impl Timer for Clock {
    fn now(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::SeqCst))
    }

    /// An hour after the results of `ecr::basic` were completed, and on.
    fn clock(&self) -> jiff::Timestamp {
        let begun = jiff::Timestamp::from_second(1_772_445_600).unwrap();
        begun + jiff::SignedDuration::try_from(self.now()).unwrap()
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'_, ()> {
        let time = u64::try_from(time.as_millis()).unwrap();
        self.0.fetch_add(time, Ordering::SeqCst);
        Box::pin(async {})
    }
}

/// AWS at an endpoint, with a made-up key.
pub(super) fn aws(endpoint: &str) -> Aws {
    Aws::new(AwsSettings {
        endpoint_url: Some(endpoint.to_owned()),
        credentials: Some(StaticCredentials {
            access_key_id: "AKIAEXAMPLE".to_owned(),
            secret_access_key: Secret::new("planted-key"),
            session_token: None,
        }),
        profile: None,
        ..AwsSettings::default()
    })
}

/// ECR's scanner with ten minutes of patience, and its clock.
pub(super) fn scanner(endpoint: &str) -> (EcrScanner, Arc<Clock>) {
    let clock = Arc::new(Clock::default());
    let timer = Arc::clone(&clock) as Arc<dyn Timer>;
    let patience = Duration::from_mins(10);
    (EcrScanner::new(aws(endpoint), timer, patience), clock)
}

/// `shop/web` in ECR for arm64.
pub(super) fn image() -> PlatformImage {
    PlatformImage {
        repository: format!("{HOST}/shop/web").parse().unwrap(),
        platform: "linux/arm64".parse().unwrap(),
        manifest: Digest::of("web"),
    }
}

#[track_caller]
pub(super) fn complete(outcome: Outcome) -> Complete {
    match outcome {
        Outcome::Complete(complete) => complete,
        Outcome::NoResult { reason } => panic!("no result: {reason}"),
    }
}

#[track_caller]
pub(super) fn no_result(outcome: Outcome) -> String {
    match outcome {
        Outcome::NoResult { reason } => reason,
        Outcome::Complete(complete) => panic!("{complete:?}"),
    }
}
