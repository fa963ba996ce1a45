//! Calls that wait until the test lets them go.

use std::time::Duration;

use aws_sdk_ecr::Client;
use launchway_fake_ecr::{Digest, FakeEcr, Gate};

use crate::support::{by_digest, client, image};

const SOON: Duration = Duration::from_secs(20);

async fn delete(client: Client, digest: Digest) -> bool {
    let ask = client.batch_delete_image().repository_name("web");
    let answer = ask.image_ids(by_digest(digest)).send().await;
    answer.is_ok_and(|answer| answer.failures().is_empty())
}

/// The gate, when so many calls have come.
async fn reached(gate: Gate, count: u64) -> Gate {
    let waited = tokio::task::spawn_blocking(move || (gate.wait(count, SOON), gate));
    let (came, gate) = waited.await.unwrap();
    assert!(came, "{count} calls did not come");
    gate
}

#[tokio::test]
async fn calls_wait_from_the_nth_on() {
    let fake = FakeEcr::start().unwrap();
    let repository = fake.repository("web");
    let digests = [1, 2, 3].map(|size| repository.put(&image(size)));
    let gate = fake.hold("BatchDeleteImage", 2);
    assert!(!gate.wait(1, Duration::ZERO));
    let client = client(&fake);
    assert!(delete(client.clone(), digests[0]).await);
    let second = tokio::spawn(delete(client.clone(), digests[1]));
    let gate = reached(gate, 1).await;
    let third = tokio::spawn(delete(client.clone(), digests[2]));
    let gate = reached(gate, 2).await;
    assert_eq!(repository.len(), 2);
    gate.release(1);
    assert!(second.await.unwrap());
    assert_eq!(repository.len(), 1);
    drop(gate);
    assert!(third.await.unwrap());
    assert!(repository.is_empty());
}

#[tokio::test]
async fn who_goes_away_while_held_has_changed_nothing() {
    let fake = FakeEcr::start().unwrap();
    let repository = fake.repository("web");
    let digest = repository.put(&image(1));
    let gate = fake.hold("BatchDeleteImage", 1);
    let client = client(&fake);
    let call = tokio::spawn(delete(client.clone(), digest));
    let gate = reached(gate, 1).await;
    call.abort();
    call.await.unwrap_err();
    drop(client);
    // The connection is closed by now; the server may need a moment to see it.
    while fake.open_calls() > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    gate.open();
    assert_eq!(repository.len(), 1);
}

#[tokio::test]
async fn an_answer_can_wait_when_the_work_is_done() {
    let fake = FakeEcr::start().unwrap();
    let repository = fake.repository("web");
    let digest = repository.put(&image(1));
    let gate = fake.hold_answer("BatchDeleteImage", 1);
    let call = tokio::spawn(delete(client(&fake), digest));
    let gate = reached(gate, 1).await;
    assert!(repository.is_empty());
    assert!(!call.is_finished());
    gate.open();
    assert!(call.await.unwrap());
}
