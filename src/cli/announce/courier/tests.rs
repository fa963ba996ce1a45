use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::*;
use crate::aws::{Aws, AwsSettings};
use crate::config::{Channel, NotifyEvent, SecretReference};

fn block(channel: Channel) -> NotifySettings {
    NotifySettings {
        name: "ops".to_owned(),
        channel,
        events: BTreeSet::from([NotifyEvent::Failed]),
        targets: None,
        services: None,
        project: None,
        required: true,
        timeout: Duration::from_millis(200),
    }
}

fn shell(script: &str) -> NotifySettings {
    let command = ["/bin/sh", "-c", script].map(str::to_owned).to_vec();
    block(Channel::Command { command })
}

fn sender(variables: &[(&str, &str)]) -> Sender {
    let variables = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Sender::new(
        Aws::new(AwsSettings::default()),
        variables.collect(),
        std::env::temp_dir(),
        crate::notify::sleep(),
    )
}

fn failed() -> Message {
    Message::new(NotifyEvent::Failed, "acme/shop")
}

/// A courier whose task is `task`.
fn courier(task: impl Future<Output = ()> + Send + 'static) -> Courier {
    Courier {
        block: Arc::new(shell("true")),
        messages: mpsc::unbounded_channel().0,
        state: Arc::default(),
        task: tokio::spawn(task),
    }
}

#[tokio::test]
async fn what_a_task_did_not_finish_was_not_delivered() {
    let panicked = courier(async { panic!("a defect") });
    panicked.tell(&failed());
    let troubles = panicked.finish().await;
    assert!(
        matches!(
            troubles[..],
            [Trouble {
                error: SendError::Abandoned,
                ..
            }]
        ),
        "{troubles:?}"
    );
    assert!(troubles[0].block.required);

    // One deadline for everything that is left.
    let stuck = courier(std::future::pending());
    stuck.tell(&failed());
    stuck.tell(&failed());
    stuck.tell(&Message::new(NotifyEvent::Success, "not wanted"));
    let troubles = stuck.finish().await;
    let late = |trouble: &Trouble| matches!(trouble.error, SendError::Timeout { .. });
    assert!(
        troubles.len() == 2 && troubles.iter().all(late),
        "{troubles:?}"
    );

    // Nobody waits for a task that has nothing to deliver.
    let mut idle = courier(std::future::pending());
    let mut settings = shell("true");
    settings.timeout = Duration::from_hours(1);
    idle.block = Arc::new(settings);
    assert!(idle.finish().await.is_empty());
}

#[tokio::test]
async fn messages_go_out_one_after_the_other() {
    let told = Courier::start(shell("exit 3"), sender(&[]), SharedMask::default());
    told.tell(&failed());
    let troubles = told.finish().await;
    let said: Vec<String> = troubles.iter().map(|one| one.error.to_string()).collect();
    assert_eq!(said, ["/bin/sh failed (exit status: 3)"]);
    let told = Courier::start(shell("exit 0"), sender(&[]), SharedMask::default());
    told.tell(&failed());
    assert!(told.finish().await.is_empty());
}

#[tokio::test]
async fn secrets_are_read_before_there_is_a_message_and_hidden_for_all() {
    let mask = SharedMask::default();
    let channel = Channel::ChatWork {
        room: "42".to_owned(),
        token: SecretReference::parse("env:ROOM").unwrap(),
        to: Vec::new(),
        self_unread: false,
        base_url: None,
    };
    let variables = [("ROOM", "planted-room")];
    let told = Courier::start(block(channel), sender(&variables), Arc::clone(&mask));
    while lock(&mask).apply("planted-room") != "***" {
        tokio::task::yield_now().await;
    }
    assert!(told.finish().await.is_empty());
    let empty = BTreeMap::new();
    assert_eq!(
        Mask::of_environment(&empty).apply("planted-room"),
        "planted-room"
    );
}
