//! Slack and ChatWork: what they get, and what their answers mean.

use std::time::Duration;

use launchway::config::{Channel, NotifySettings};
use launchway::notify::{SendError, Sender};

use super::{Waits, assert_without_secret, block, deliver, everything, reference, sender};
use crate::support::{Chat, Reply};

const PATH: &str = "/services/T000/B000/planted-webhook";

fn slack(chat: &Chat) -> (NotifySettings, Sender, Waits) {
    let webhook = format!("{}{PATH}\n", chat.url);
    let (sender, waits) = sender("http://127.0.0.1:1", &[("HOOK", &webhook)]);
    let channel = Channel::Slack {
        webhook: reference("env:HOOK"),
        mentions: Vec::new(),
        base_url: None,
    };
    (block(channel), sender, waits)
}

fn chatwork(chat: &Chat) -> (NotifySettings, Sender, Waits) {
    let (sender, waits) = sender("http://127.0.0.1:1", &[("TOKEN", "planted-token")]);
    let channel = Channel::ChatWork {
        room: "42".to_owned(),
        token: reference("env:TOKEN"),
        to: vec!["1001".to_owned()],
        self_unread: true,
        base_url: Some(format!("{}/v2", chat.url)),
    };
    (block(channel), sender, waits)
}

async fn refusal(block: &NotifySettings, sender: &Sender) -> SendError {
    let error = deliver(sender, block).await.unwrap_err();
    assert_without_secret(&everything(&error));
    error
}

#[tokio::test]
async fn slack_gets_blocks_and_a_fallback() {
    let chat = Chat::start([Reply::ok()]);
    let (block, sender, _) = slack(&chat);
    deliver(&sender, &block).await.unwrap();
    let posts = chat.posts();
    assert_eq!(posts.len(), 1);
    assert_eq!(posts[0].line, format!("POST {PATH}"));
    let type_header = "content-type: application/json".to_owned();
    assert!(
        posts[0].headers.contains(&type_header),
        "{:?}",
        posts[0].headers
    );
    let body = posts[0].json();
    assert_eq!(body["text"], "acme/shop: released");
    assert_eq!(body["blocks"][0]["type"], "header");
}

#[tokio::test]
async fn chatwork_gets_a_form_and_gives_an_id() {
    let chat = Chat::start([Reply::status(200, r#"{"message_id":"1234"}"#)]);
    let (mut block, sender, _) = chatwork(&chat);
    let delivery = deliver(&sender, &block).await.unwrap();
    assert_eq!(delivery.id.as_deref(), Some("1234"));
    let post = &chat.posts()[0];
    assert_eq!(post.line, "POST /v2/rooms/42/messages");
    let token = "x-chatworktoken: planted-token".to_owned();
    assert!(post.headers.contains(&token), "{:?}", post.headers);
    let form = reqwest::Url::parse(&format!("form:?{}", post.body)).unwrap();
    let fields: Vec<(String, String)> = form.query_pairs().into_owned().collect();
    assert_eq!(fields[1], ("self_unread".to_owned(), "1".to_owned()));
    let body = &fields[0].1;
    assert!(
        body.starts_with("[To:1001]\n[info][title]acme/shop: released[/title]"),
        "{body}"
    );
    // What somebody wrote into a commit calls nobody.
    assert!(!body.contains("[To:all]"), "{body}");

    if let Channel::ChatWork { to, .. } = &mut block.channel {
        to.clear();
    }
    deliver(&sender, &block).await.unwrap();
}

#[tokio::test]
async fn a_service_that_asks_to_wait_is_waited_for() {
    let wait = |seconds| Reply::Answer(429, vec![seconds], "rate_limited".to_owned());
    let chat = Chat::start([wait("retry-after: 2"), Reply::ok()]);
    let (block, sender, waits) = slack(&chat);
    deliver(&sender, &block).await.unwrap();
    assert_eq!(*waits.lock().unwrap(), [Duration::from_secs(2)]);
    assert_eq!(chat.posts().len(), 2);

    // But not for minutes.
    let chat = Chat::start([wait("retry-after: 120")]);
    let (block, sender, waits) = slack(&chat);
    let error = refusal(&block, &sender).await;
    let expected = "Slack takes no more messages now (it asks to wait 120 s)";
    assert_eq!(error.to_string(), expected);
    assert!(error.is_temporary());
    assert!(waits.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_failing_service_is_tried_four_times() {
    let down = || Reply::status(503, "<html>planted</html>");
    let chat = Chat::start([down(), down(), Reply::ok()]);
    let (block, sender, waits) = slack(&chat);
    deliver(&sender, &block).await.unwrap();
    assert_eq!(waits.lock().unwrap().len(), 2);

    let chat = Chat::start([down()]);
    let (block, sender, _) = slack(&chat);
    let error = refusal(&block, &sender).await;
    assert_eq!(error.to_string(), "Slack failed (status 503)");
    assert_eq!(chat.posts().len(), 4);
}

#[tokio::test]
async fn a_failure_after_which_the_message_may_be_there_is_not_repeated() {
    for status in [500, 502, 504] {
        for build in [slack, chatwork] {
            let chat = Chat::start([Reply::status(status, "<html>planted</html>"), Reply::ok()]);
            let (block, sender, waits) = build(&chat);
            let error = refusal(&block, &sender).await;
            assert!(matches!(error, SendError::Unavailable { .. }), "{error}");
            assert!(error.is_temporary());
            assert_eq!(chat.posts().len(), 1, "{status}");
            assert!(waits.lock().unwrap().is_empty());
        }
    }
}

#[tokio::test]
async fn refusals_say_what_to_do_and_are_not_repeated() {
    for (status, word, hint) in [
        (400, "invalid_blocks", "--dry-run"),
        (400, "invalid_payload", "--dry-run"),
        (403, "action_prohibited", "administrator"),
        (404, "no_service", "make a new one"),
        (404, "channel_not_found", "deleted"),
        (410, "channel_is_archived", "Unarchive"),
    ] {
        let chat = Chat::start([Reply::status(status, word)]);
        let (block, sender, _) = slack(&chat);
        let error = refusal(&block, &sender).await;
        let expected = format!("Slack refused the message: {word} (status {status})");
        assert_eq!(error.to_string(), expected);
        assert!(error.hint().unwrap().contains(hint), "{:?}", error.hint());
        assert!(!error.is_temporary());
        assert_eq!(chat.posts().len(), 1, "{word}");
    }
    for (status, body, says, hint) in [
        (
            401,
            r#"{"errors":["Invalid API Token"]}"#,
            "Invalid API Token",
            "token",
        ),
        (
            403,
            r#"{"errors":["no permission"]}"#,
            "no permission",
            "room",
        ),
        (404, "<html>", "it does not say why", "room"),
    ] {
        let chat = Chat::start([Reply::status(status, body)]);
        let (block, sender, _) = chatwork(&chat);
        let error = refusal(&block, &sender).await;
        let expected = format!("ChatWork refused the message: {says} (status {status})");
        assert_eq!(error.to_string(), expected);
        assert!(error.hint().unwrap().contains(hint), "{:?}", error.hint());
    }
}

#[tokio::test]
async fn a_service_that_hangs_ends_with_the_timeout() {
    for build in [slack, chatwork] {
        let chat = Chat::start([Reply::Hang]);
        let (mut block, sender, _) = build(&chat);
        block.timeout = Duration::from_millis(300);
        let error = refusal(&block, &sender).await;
        assert!(matches!(error, SendError::Timeout { .. }), "{error}");
        assert!(error.is_temporary());
    }
}

#[tokio::test]
async fn a_lost_answer_is_no_second_message() {
    // The service has said that it took it.
    let chat = Chat::start([Reply::Torn]);
    let (block, sender, _) = chatwork(&chat);
    assert_eq!(deliver(&sender, &block).await.unwrap().id, None);
    // Nobody knows whether it did.
    let chat = Chat::start([Reply::Reset]);
    let (block, sender, _) = slack(&chat);
    let error = refusal(&block, &sender).await;
    assert!(matches!(error, SendError::Unreachable { .. }), "{error}");
    assert_eq!(chat.posts().len(), 1);
}

#[tokio::test]
async fn where_nobody_listens_is_said_without_the_address() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = port.local_addr().unwrap();
    drop(port);
    let webhook = format!("http://{address}{PATH}");
    let (sender, waits) = sender("http://127.0.0.1:1", &[("HOOK", &webhook)]);
    let channel = Channel::Slack {
        webhook: reference("env:HOOK"),
        mentions: Vec::new(),
        base_url: None,
    };
    let error = refusal(&block(channel), &sender).await;
    let text = error.to_string();
    assert!(
        text.starts_with("Slack cannot be reached at 127.0.0.1: "),
        "{text}"
    );
    assert_eq!(waits.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn no_redirect_is_followed() {
    let other = Chat::start([Reply::ok()]);
    let location: &'static str = format!("location: {}/elsewhere", other.url).leak();
    let chat = Chat::start([Reply::Answer(302, vec![location], String::new())]);
    for build in [slack, chatwork] {
        let (block, sender, _) = build(&chat);
        let error = refusal(&block, &sender).await;
        assert!(
            matches!(error, SendError::Refused { status: 302, .. }),
            "{error}"
        );
    }
    assert!(other.posts().is_empty());
}

#[tokio::test]
async fn a_secret_of_another_form_is_not_shown() {
    for value in [
        "planted",
        "http://example.com/planted",
        "",
        "ftp://127.0.0.1/planted",
    ] {
        let (sender, _) = sender("http://127.0.0.1:1", &[("HOOK", value)]);
        let channel = Channel::Slack {
            webhook: reference("env:HOOK"),
            mentions: Vec::new(),
            base_url: None,
        };
        let error = refusal(&block(channel), &sender).await;
        let text = error.to_string();
        assert!(
            text.starts_with("cannot read the secret env:HOOK: it is "),
            "{text}"
        );
    }
}
