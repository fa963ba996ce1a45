//! Every message in every form, compared with testdata/notify and with the limits of its service,
//! and the same limits with wild input.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::Value;

use super::samples::{self, all};
use super::{Image, Link, Mask, Message, Payload, Platform, Problem, Service, Source};
use super::{chatwork, command, eventbridge, slack, sns};
use crate::aws::AttributeValue;
use crate::config::{Channel, NotifyEvent, NotifySettings, SecretReference};

fn channels() -> [Channel; 5] {
    let secret = |name: &str| SecretReference::parse(name).unwrap();
    [
        Channel::Slack {
            webhook: secret("env:SLACK_WEBHOOK"),
            mentions: vec![
                "here".to_owned(),
                "U012AB3CD".to_owned(),
                "S0614TZR7".to_owned(),
            ],
            base_url: None,
        },
        Channel::ChatWork {
            room: "123456".to_owned(),
            token: secret("ssm:/shop/chatwork"),
            to: vec!["1001".to_owned(), "1002".to_owned()],
            self_unread: true,
            base_url: None,
        },
        Channel::Sns {
            topic: "arn:aws:sns:eu-west-1:123456789012:releases".to_owned(),
            region: "eu-west-1".to_owned(),
        },
        Channel::EventBridge {
            bus: "default".to_owned(),
            source: "launchway".to_owned(),
            region: None,
        },
        Channel::Command {
            command: vec!["./tell".to_owned()],
        },
    ]
}

fn settings(channel: Channel) -> NotifySettings {
    NotifySettings {
        name: "ops".to_owned(),
        channel,
        events: BTreeSet::from(NotifyEvent::ALL),
        targets: None,
        services: None,
        project: None,
        required: false,
        timeout: Duration::from_secs(10),
    }
}

/// A payload as it looks in testdata: ChatWork's text as text, everything else as JSON.
fn shown(payload: &Payload) -> String {
    match payload {
        Payload::ChatWork { body, .. } => format!("{body}\n"),
        other => serde_json::to_string_pretty(&other.preview()).unwrap() + "\n",
    }
}

#[test]
fn every_message_in_every_form() {
    #[expect(clippy::disallowed_methods, reason = "a switch of the test itself")]
    let bless = std::env::var_os("BLESS").is_some();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/notify");
    let mut failures = Vec::new();
    for channel in channels() {
        let settings = settings(channel);
        for message in all() {
            let payload = Payload::of(&message, &settings, &Mask::default());
            check(&payload).unwrap();
            let text = shown(&payload);
            assert!(!text.contains("planted"), "{text}");
            let kind = settings.channel.kind();
            let ending = if kind == "chatwork" { "txt" } else { "json" };
            let path = folder
                .join(kind)
                .join(format!("{}.{ending}", message.event));
            if bless {
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(&path, &text).unwrap();
            }
            let expected = fs::read_to_string(&path).unwrap_or_default();
            if expected != text {
                let path = path.display();
                failures.push(format!(
                    "{path}\n--- expected\n{expected}\n--- actual\n{text}"
                ));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Everything that the services say of their messages.
fn check(payload: &Payload) -> Result<(), String> {
    match payload {
        Payload::Slack(body) => check_slack(body),
        Payload::ChatWork { body, .. } => check_chatwork(body),
        Payload::Sns(message) => {
            ensure(!message.subject.is_empty(), "a subject")?;
            ensure(
                message.subject.len() <= sns::SUBJECT,
                "the subject's length",
            )?;
            let printable = message
                .subject
                .bytes()
                .all(|byte| (b' '..=b'~').contains(&byte));
            ensure(printable, "a printable subject")?;
            ensure(!message.subject.starts_with(' '), "the subject's beginning")?;
            let attributes = message.attributes.iter().map(|(name, value)| {
                let value = match value {
                    AttributeValue::Text(text) => text.clone(),
                    AttributeValue::Texts(texts) => serde_json::json!(texts).to_string(),
                };
                ensure(!value.is_empty(), "an attribute's value")?;
                Ok(name.len() + "String.Array".len() + value.len())
            });
            let attributes: Vec<usize> = attributes.collect::<Result<_, String>>()?;
            ensure(attributes.len() <= 10, "the number of attributes")?;
            let all = message.message.len() + attributes.iter().sum::<usize>();
            ensure(all <= sns::LARGEST, "the size of an SNS message")?;
            check_document(&message.message)
        }
        Payload::EventBridge(event) => {
            let entry =
                event.bus.len() + event.source.len() + event.detail_type.len() + event.detail.len();
            ensure(entry <= eventbridge::LARGEST, "the size of an entry")?;
            ensure(event.detail_type.len() <= 128, "the detail-type's length")?;
            check_document(&event.detail)
        }
        Payload::Command { input, variables } => {
            ensure(input.len() <= command::LARGEST, "the size of the input")?;
            ensure(input.ends_with('\n'), "the input's end")?;
            ensure(input.matches('\n').count() == 1, "the input is one line")?;
            // A variable with a NUL cannot be set; Linux takes 128 KiB for each.
            let fit = |value: &String| value.len() < 2000 && !value.contains('\0');
            ensure(variables.values().all(fit), "the variables")?;
            check_document(input)
        }
    }
}

fn ensure(holds: bool, what: &str) -> Result<(), String> {
    if holds {
        Ok(())
    } else {
        Err(format!("does not hold: {what}"))
    }
}

/// SQS behind SNS takes only characters that XML has; no text may turn the direction of others.
fn check_characters(text: &str) -> Result<(), String> {
    let bad = text.chars().find(|character| {
        (character.is_control() && *character != '\n')
            || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fffe}' | '\u{ffff}')
    });
    bad.map_or(Ok(()), |bad| Err(format!("{bad:?} in a message")))
}

fn check_document(text: &str) -> Result<(), String> {
    check_characters(text)?;
    let document: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    ensure(document["schema"] == super::SCHEMA, "the schema")
}

/// UTF-16 units, never fewer than the characters that Slack counts.
fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

fn check_slack(body: &Value) -> Result<(), String> {
    check_characters(&body.to_string())?;
    let blocks = body["blocks"].as_array().unwrap();
    ensure((1..=50).contains(&blocks.len()), "the number of blocks")?;
    let fallback = body["text"].as_str().unwrap();
    ensure(
        !fallback.is_empty() && units(fallback) <= 1000,
        "the fallback text",
    )?;
    ensure(
        units(&body["blocks"].to_string()) <= 13_000,
        "the size of all blocks",
    )?;
    for block in blocks {
        let text = block["text"]["text"].as_str();
        match block["type"].as_str().unwrap() {
            "header" => ensure(
                text.is_some_and(|text| (1..=150).contains(&units(text))),
                "a header",
            )?,
            "section" => {
                let text_fits = text.is_none_or(|text| (1..=3000).contains(&units(text)));
                ensure(text_fits, "a section's text")?;
                let fields = block["fields"].as_array();
                ensure(text.is_some() || fields.is_some(), "a section's contents")?;
                let fields = fields.map_or(&[][..], Vec::as_slice);
                ensure(fields.len() <= 10, "the number of fields")?;
                for field in fields {
                    let text = field["text"].as_str().unwrap();
                    ensure((1..=2000).contains(&units(text)), "a field")?;
                }
            }
            "context" => {
                let elements = block["elements"].as_array().unwrap();
                ensure(
                    (1..=10).contains(&elements.len()),
                    "the elements of a context",
                )?;
                for element in elements {
                    let text = element["text"].as_str().unwrap();
                    ensure((1..=3000).contains(&units(text)), "an element of a context")?;
                }
            }
            "actions" => {
                for button in block["elements"].as_array().unwrap() {
                    let label = button["text"]["text"].as_str().unwrap();
                    ensure((1..=75).contains(&units(label)), "a button's label")?;
                    ensure(
                        units(button["url"].as_str().unwrap()) <= 3000,
                        "a button's address",
                    )?;
                }
            }
            other => return Err(format!("an unknown block {other}")),
        }
        for text in mrkdwn(block) {
            check_mrkdwn(&text)?;
        }
    }
    Ok(())
}

fn mrkdwn(value: &Value) -> Vec<String> {
    match value {
        Value::Object(members) if members.get("type") == Some(&Value::from("mrkdwn")) => {
            vec![members["text"].as_str().unwrap().to_owned()]
        }
        Value::Object(members) => members.values().flat_map(mrkdwn).collect(),
        Value::Array(items) => items.iter().flat_map(mrkdwn).collect(),
        _ => Vec::new(),
    }
}

/// The only angle brackets are ours: mentions from the configuration, and links on labels. Every
/// ampersand begins an entity.
fn check_mrkdwn(text: &str) -> Result<(), String> {
    let links = regex::Regex::new(
        r"\*<https?://[^<>|\s]+\|(Commit|Branch|Git tag|Tags|Compared with|Took)>\*",
    )
    .unwrap();
    let text = links.replace_all(text, "");
    let mentions = regex::Regex::new(r"^(<(!here|@U012AB3CD|!subteam\^S0614TZR7)> ?)+$").unwrap();
    let text = mentions.replace_all(&text, "");
    ensure(
        !text.contains(['<', '>']),
        "no angle bracket of somebody else's",
    )?;
    let entities = text
        .replace("&amp;", "")
        .replace("&lt;", "")
        .replace("&gt;", "");
    ensure(
        !entities.contains('&'),
        "every ampersand is escaped and whole",
    )
}

fn check_chatwork(body: &str) -> Result<(), String> {
    check_characters(body)?;
    ensure(body.len() <= 65_535, "the body's bytes")?;
    let (head, rest) = body.split_once("[info]").unwrap();
    let heads = ["", "[To:1001]\n[To:1002]\n"];
    ensure(
        heads.contains(&head),
        "only the configured accounts are called",
    )?;
    let rest = rest.strip_suffix("[/info]").ok_or("the body's end")?;
    let mut rest = rest.to_owned();
    for tag in ["[title]", "[/title]", "[code]", "[/code]"] {
        ensure(rest.matches(tag).count() <= 1, tag)?;
        rest = rest.replace(tag, "");
    }
    rest = rest.replace("[hr]", "");
    ensure(!rest.contains(['[', ']']), "no tag of somebody else's")
}

/// Text as nobody should write it.
fn wild() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        "\\PC{0,40}",
        any::<String>(),
        Just("[To:all][/info][/code][toall]".to_owned()),
        Just("<!channel> <https://evil.example|here> &amp; ``` *b*".to_owned()),
        Just("👩‍👩‍👧‍👦🏳️‍🌈\u{1f1ef}\u{1f1f5}".repeat(20)),
        Just("\u{202e}مرحبا بالعالم\u{2066}".repeat(10)),
        Just("\u{0}\u{1b}[31m\u{7}\u{fffe}\u{ffff}\u{85}\r\n\t\"\\".repeat(5)),
        Just("&<>\"\\[".repeat(500)),
        Just("漢".repeat(2500)),
    ];
    prop::collection::vec(pieces, 0..3).prop_map(|pieces| pieces.concat())
}

fn texts(most: usize) -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(wild(), 0..most)
}

fn image() -> impl Strategy<Value = Image> {
    let platform = (wild(), any::<Option<u64>>());
    let platforms = prop::collection::vec(platform, 0..4);
    let digest = prop::option::of(wild());
    (
        wild(),
        wild(),
        digest,
        texts(4),
        any::<Option<bool>>(),
        wild(),
        platforms,
    )
        .prop_map(
            |(target, repository, digest, tags, changed, reason, platforms)| Image {
                target,
                repository,
                digest,
                tags,
                changed,
                reason,
                platforms: platforms
                    .into_iter()
                    .map(|(name, size)| Platform { name, size })
                    .collect(),
            },
        )
}

fn service() -> impl Strategy<Value = Service> {
    (wild(), texts(5), texts(5)).prop_map(|(name, targets, changed)| Service {
        name,
        targets: targets.into_iter().collect(),
        changed: changed.into_iter().collect(),
        definition_changed: false,
    })
}

fn problem() -> impl Strategy<Value = Problem> {
    let step = prop::option::of(wild());
    (any::<u8>(), wild(), texts(6), step, texts(25), texts(4)).prop_map(
        |(exit, message, causes, step, log, hints)| Problem {
            exit,
            message,
            causes,
            step,
            log,
            hints,
        },
    )
}

fn source() -> impl Strategy<Value = Source> {
    let one = || prop::option::of(wild());
    (one(), one(), one(), one(), one()).prop_map(|(commit, subject, branch, tag, url)| Source {
        commit,
        subject,
        branch,
        tag,
        url: url.map(|text| format!("https://github.com/{text}")),
    })
}

fn message() -> impl Strategy<Value = Message> {
    let event = prop::sample::select(NotifyEvent::ALL.to_vec());
    let link = (wild(), wild()).prop_map(|(label, url)| Link {
        label,
        url: format!("https://{url}"),
    });
    let several = prop::collection::vec(image(), 0..5);
    // The same few over and over.
    let images = (several, 1_usize..=12).prop_map(|(images, times)| {
        images
            .iter()
            .cycle()
            .take(images.len() * times)
            .cloned()
            .collect::<Vec<_>>()
    });
    let facts = (
        wild(),
        prop::option::of(wild()),
        source(),
        prop::option::of(wild()),
    );
    let lists = (
        images,
        prop::collection::vec(service(), 0..8),
        texts(15),
        prop::collection::vec(link, 0..5),
    );
    let rest = (
        prop::option::of(any::<u64>()),
        prop::option::of(problem()),
        prop::option::of(wild()),
    );
    (event, facts, lists, rest).prop_map(|(event, facts, lists, rest)| {
        let (project, environment, source, baseline) = facts;
        let (images, services, warnings, links) = lists;
        let (duration, problem, text) = rest;
        Message {
            event,
            project,
            environment,
            source,
            baseline,
            images,
            services,
            duration: duration.map(Duration::from_millis),
            problem,
            warnings,
            links,
            text,
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn no_input_breaks_a_limit(message in message()) {
        for channel in channels() {
            let settings = settings(channel);
            let payload = Payload::of(&message, &settings, &Mask::default());
            check(&payload).map_err(|error| {
                TestCaseError::fail(format!("{}: {error}", settings.channel.kind()))
            })?;
        }
    }
}

#[test]
fn three_hundred_images_and_ten_megabytes_of_commit_message() {
    let mut message = samples::success();
    let image = message.images[1].clone();
    message.images = (0..300)
        .map(|number| Image {
            target: format!("target-{number}"),
            reason: "a long story ".repeat(1000),
            tags: vec!["t".repeat(128); 40],
            ..image.clone()
        })
        .collect();
    message.source.subject = Some("よろしく".repeat(10 << 20 >> 2));
    message.text = message.source.subject.clone();
    for channel in channels() {
        let settings = settings(channel);
        let payload = Payload::of(&message, &settings, &Mask::default());
        check(&payload).unwrap();
        match &payload {
            Payload::Slack(body) => assert!(body.to_string().contains(" more\""), "{body}"),
            Payload::ChatWork { body, .. } => assert!(body.contains(" more"), "{body}"),
            Payload::Sns(message) => {
                let document: Value = serde_json::from_str(&message.message).unwrap();
                let told = document["images"].as_object().unwrap().len();
                assert!((20..300).contains(&told), "{told}");
                assert_eq!(document["omitted"]["images"], 300 - told);
            }
            Payload::EventBridge(_) => {}
            Payload::Command { input, .. } => {
                let document: Value = serde_json::from_str(input).unwrap();
                let told = document["images"].as_object().unwrap().len();
                assert_eq!(document["omitted"]["images"], 300 - told);
                assert!(told > 100, "{told}");
            }
        }
    }
}

#[test]
fn known_secrets_are_in_no_form() {
    let secret = "planted-secret-value";
    let mut message = samples::failed();
    message.text = Some(format!("see {secret}"));
    message.project = format!("shop-{secret}");
    message.source.subject = Some(secret.to_owned());
    message.images[0].reason = secret.to_owned();
    let problem = message.problem.as_mut().unwrap();
    problem.log = vec![format!("+ curl -H 'token: {secret}'")];
    problem.causes = vec![secret.to_owned()];
    let variables = BTreeMap::from([("DEPLOY_TOKEN".to_owned(), secret.to_owned())]);
    let mask = Mask::of_environment(&variables);
    for channel in channels() {
        let payload = Payload::of(&message, &settings(channel), &mask);
        let text = format!("{payload:?} {}", shown(&payload));
        assert!(!text.contains(secret), "{text}");
        assert!(text.contains("***"), "{text}");
    }
}

#[test]
fn targets_and_services_are_all_that_a_block_hears_of() {
    let channel = || channels()[0].clone();
    let names = |names: &[&str]| -> Option<BTreeSet<String>> {
        Some(names.iter().map(|name| (*name).to_owned()).collect())
    };
    let told = |message: &Message| -> Vec<String> {
        message
            .images
            .iter()
            .map(|image| image.target.clone())
            .collect()
    };
    let message = samples::success();

    let mut sidecar = settings(channel());
    sidecar.targets = names(&["firelens"]);
    let heard = message.for_notifier(&sidecar).unwrap();
    assert_eq!(told(&heard), ["firelens"]);
    assert_eq!(heard.event, NotifyEvent::Success);
    assert_eq!(heard.services.len(), 1);

    let mut batch = settings(channel());
    batch.services = names(&["batch"]);
    batch.project = Some("Batch".to_owned());
    let heard = message.for_notifier(&batch).unwrap();
    assert_eq!(told(&heard), ["api"]);
    // Nothing of this service changed.
    assert_eq!(heard.event, NotifyEvent::Unchanged);
    assert_eq!(heard.project, "Batch");

    let mut others = settings(channel());
    others.targets = names(&["something-else"]);
    assert_eq!(message.for_notifier(&others), None);
    // Before there is a plan, a failure may be anybody's.
    let early = samples::bare(NotifyEvent::Failed);
    assert!(early.for_notifier(&others).is_some());
}

#[test]
fn slack_and_chatwork_name_the_sidecar_alone() {
    let message = samples::success();
    let slack = slack::render(&message, &[], &Mask::default()).to_string();
    let chatwork = chatwork::render(&message, &[], &Mask::default());
    for text in [slack, chatwork] {
        assert!(text.contains("shop: to deploy, firelens changed"), "{text}");
        assert!(text.contains("unchanged: api, web"), "{text}");
    }
}
