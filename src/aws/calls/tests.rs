//! The pace, and what is sent in it.

use std::future;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_sdk_ecr::error::ErrorMetadata;

use super::*;
use crate::aws::AwsSettings;

#[tokio::test]
async fn a_complaint_halves_the_pace_and_answers_raise_it_again() {
    let pace = Pace::new(8);
    let turns: Vec<Turn<'_>> = futures::future::join_all((0..8).map(|_| pace.turn())).await;
    pace.slower();
    // The same breath of requests complains once.
    pace.slower();
    assert_eq!((pace.state().limit, pace.turns.available_permits()), (4, 0));
    drop(turns);
    assert_eq!(
        (pace.state().surplus, pace.turns.available_permits()),
        (0, 4)
    );
    for _ in 0..4 {
        pace.faster();
    }
    assert_eq!((pace.state().limit, pace.turns.available_permits()), (5, 5));
    for _ in 0..100 {
        pace.faster();
    }
    assert_eq!((pace.state().limit, pace.turns.available_permits()), (8, 8));
}

#[tokio::test]
async fn one_request_is_always_allowed() {
    let pace = Pace::new(0);
    pace.slower();
    let turn = pace.turn().await;
    drop(turn);
    assert_eq!(pace.turns.available_permits(), 1);
}

#[derive(Debug)]
struct BadRequest;

impl StatusOf for BadRequest {
    fn status(&self) -> u16 {
        400
    }
}

type Refused = SdkError<ErrorMetadata, BadRequest>;

fn throttled() -> Refused {
    let error = ErrorMetadata::builder().code("ThrottlingException").build();
    SdkError::service_error(error, BadRequest)
}

#[tokio::test]
async fn what_has_to_be_sent_soon_is_not_sent_late() {
    let aws = Aws::new(AwsSettings {
        concurrency: Some(1),
        ..AwsSettings::default()
    });
    let sent = Arc::new(AtomicUsize::new(0));
    let send = |answer: fn() -> Result<(), Refused>| {
        let sent = Arc::clone(&sent);
        move || {
            sent.fetch_add(1, Ordering::SeqCst);
            future::ready(answer())
        }
    };
    let action = "ecr:BatchDeleteImage";
    let soon = Duration::from_millis(20);

    // Another request has the only turn.
    let turn = aws.meter().pace.turn().await;
    let late = aws.paced_within(soon, action, "r", send(|| Ok(()))).await;
    let error = late.unwrap_err();
    assert_eq!(error.kind, AwsErrorKind::Unsent);
    assert!(error.is_temporary());
    assert_eq!(sent.load(Ordering::SeqCst), 0);
    drop(turn);
    let there = aws.paced_within(Duration::ZERO, action, "r", send(|| Ok(())));
    assert!(there.await.is_ok());
    assert_eq!(sent.load(Ordering::SeqCst), 1);

    // The pause before the next try would be too long: all of them are at least 100 ms.
    let again = send(|| Err(throttled()));
    let again = aws.paced_within(soon, action, "r", again).await;
    assert_eq!(again.unwrap_err().kind, AwsErrorKind::Throttled);
    assert_eq!(sent.load(Ordering::SeqCst), 2);
}

#[test]
fn operations_are_named_as_policies_name_them() {
    for (service, expected) in [("ECR", "ecr"), ("EventBridge", "events"), ("SFN", "states")] {
        assert_eq!(prefix(service), expected);
    }
}
