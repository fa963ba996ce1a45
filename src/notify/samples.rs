//! Messages for the tests of all forms.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{Image, Link, Message, Platform, Problem, Service, Source};
use crate::config::NotifyEvent;

pub(super) const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

fn image(target: &str, changed: Option<bool>, reason: &str) -> Image {
    let known = changed.is_some();
    let platform = |name: &str, size| Platform {
        name: name.to_owned(),
        size: known.then_some(size),
    };
    Image {
        target: target.to_owned(),
        repository: format!("123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop-{target}"),
        digest: known.then(|| format!("sha256:{}", "0a1b2c3d".repeat(8))),
        tags: vec!["01234567".to_owned(), "production".to_owned()],
        changed,
        reason: reason.to_owned(),
        platforms: vec![
            platform("linux/amd64", 57_000_000),
            platform("linux/arm64", 55_100_000),
        ],
    }
}

fn service(name: &str, targets: &[&str], changed: &[&str]) -> Service {
    let names = |names: &[&str]| -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    };
    Service {
        name: name.to_owned(),
        targets: names(targets),
        changed: names(changed),
        definition_changed: false,
    }
}

/// A message with a source and links, and no images.
pub(super) fn bare(event: NotifyEvent) -> Message {
    let mut message = Message::new(event, "acme/shop");
    message.environment = Some("staging".to_owned());
    message.source = Source {
        commit: Some(COMMIT.to_owned()),
        subject: Some("Let <the> basket & its lid [To:all] close".to_owned()),
        branch: Some("main".to_owned()),
        tag: None,
        url: Some(format!("https://github.com/acme/shop/commit/{COMMIT}")),
    };
    message.links = vec![Link {
        label: "CodeBuild".to_owned(),
        url: "https://eu-west-1.console.aws.amazon.com/codesuite/codebuild/123456789012/projects/shop/build/shop%3A1/?region=eu-west-1".to_owned(),
    }];
    message
}

/// Only the sidecar changed.
pub(super) fn success() -> Message {
    let mut message = bare(NotifyEvent::Success);
    message.baseline = Some("tag:production".to_owned());
    message.duration = Some(Duration::from_secs(72));
    message.images = vec![
        image("api", Some(false), "equal to the baseline"),
        image("firelens", Some(true), "1 of 9 layers differs"),
        image("web", Some(false), "equal to the baseline"),
    ];
    message.services = vec![
        service("batch", &["api"], &[]),
        service("shop", &["firelens", "web"], &["firelens"]),
    ];
    message.warnings = vec!["the cache of web/arm64 was not exported".to_owned()];
    message
}

pub(super) fn start() -> Message {
    let mut message = bare(NotifyEvent::Start);
    message.images = vec![image("api", None, ""), image("web", None, "")];
    message
}

pub(super) fn unchanged() -> Message {
    let mut message = success();
    message.event = NotifyEvent::Unchanged;
    message.warnings.clear();
    message.images[1].changed = Some(false);
    message.services[1].changed.clear();
    message
}

pub(super) fn failed() -> Message {
    let mut message = bare(NotifyEvent::Failed);
    message.images = start().images;
    message.problem = Some(Problem {
        exit: 10,
        message: "web/arm64: a step failed".to_owned(),
        causes: vec!["process \"/bin/sh -c npm ci\" exited with code 1".to_owned()],
        step: Some("web/arm64 [build 3/4] RUN npm ci".to_owned()),
        log: vec![
            "\u{1b}[31mnpm error\u{1b}[0m code ERESOLVE".to_owned(),
            "npm error fetch https://me:planted@npm.example/x".to_owned(),
        ],
        hints: vec!["Nothing was published and no tag moved.".to_owned()],
    });
    message
}

pub(super) fn refused() -> Message {
    let mut message = bare(NotifyEvent::Refused);
    message.images = start().images;
    message.problem = Some(Problem {
        exit: 13,
        message: "the scan gate refused web".to_owned(),
        causes: vec!["2 critical findings".to_owned()],
        ..Problem::default()
    });
    message
}

pub(super) fn waiting() -> Message {
    let mut message = bare(NotifyEvent::WaitingForApproval);
    message.text = Some("Look at green on port 9001\nbefore the switch.".to_owned());
    message.links.push(Link {
        label: "CodePipeline".to_owned(),
        url: "https://eu-west-1.console.aws.amazon.com/codesuite/codepipeline/pipelines/shop/view?region=eu-west-1".to_owned(),
    });
    message
}

/// Every event once.
pub(super) fn all() -> [Message; 6] {
    [
        start(),
        success(),
        unchanged(),
        failed(),
        refused(),
        waiting(),
    ]
}
