//! A message for machines: one JSON document, the same for SNS, EventBridge and commands. Its members
//! are described in docs/notify.md.

use serde_json::{Map, Value, json};

use super::text::Clean;
use super::wording::{self, is_address};
use super::{Image, Mask, Message, Problem, Service};

/// The `schema` of the documents that this version writes. Members are only ever added within a
/// version.
pub const SCHEMA: &str = "launchway.notification/v1";

/// Characters of a name, a tag or a digest.
const NAME: usize = 300;
/// Characters of a line of text.
const LINE: usize = 500;

/// The document, whose text has at most `budget` bytes. What is left out for this is counted in
/// `omitted`.
pub(super) fn document(message: &Message, mask: &Mask, budget: usize) -> Value {
    let clean = Clean(mask);
    let name = |text: &str| clean.line(text, NAME);
    let mut document = Map::new();
    let mut put = |member: &str, value: Value| {
        if !value.is_null() {
            document.insert(member.to_owned(), value);
        }
    };
    let source = &message.source;
    put("schema", json!(SCHEMA));
    put("event", json!(message.event.name()));
    put("title", json!(name(&wording::title(message))));
    put("project", json!(name(&message.project)));
    put(
        "environment",
        json!(message.environment.as_deref().map(name)),
    );
    put(
        "source",
        present(json!({
            "commit": source.commit.as_deref().map(name),
            "subject": source.subject.as_deref().map(|text| clean.line(text, LINE)),
            "branch": source.branch.as_deref().map(name),
            "tag": source.tag.as_deref().map(name),
            "url": source.url.as_ref().filter(|url| is_address(url)),
        })),
    );
    put("baseline", json!(message.baseline.as_deref().map(name)));
    put("changed", json!(message.changed()));
    let took = message.duration.map(|took| took.as_millis());
    put(
        "durationMs",
        json!(took.and_then(|took| u64::try_from(took).ok())),
    );
    put(
        "message",
        json!(message.text.as_deref().map(|text| clean.lines(text, 4000))),
    );
    put(
        "failure",
        message
            .problem
            .as_ref()
            .map_or(Value::Null, |problem| failure(problem, clean)),
    );
    let warnings = message.warnings.iter().take(10);
    let warnings: Vec<String> = warnings.map(|text| clean.line(text, LINE)).collect();
    put("warnings", json!(warnings));
    let links = message
        .links
        .iter()
        .filter(|link| is_address(&link.url))
        .take(5);
    let links: Map<String, Value> = links
        .map(|link| (name(&link.label), json!(link.url)))
        .collect();
    put("links", Value::Object(links));
    put("images", json!({}));
    put("services", json!({}));
    put(
        "omitted",
        json!({ "images": 0, "services": 0, "warnings": message.warnings.len().saturating_sub(10) }),
    );

    // Digits of the two counts.
    let mut room = budget.saturating_sub(length(&document) + 24);
    let services = message
        .services
        .iter()
        .map(|one| (name(&one.name), service(one, clean)));
    let (services, without_services) = fill(services, &mut room, budget / 4);
    let images = message
        .images
        .iter()
        .map(|one| (name(&one.target), image(one, clean)));
    let (images, without_images) = fill(images, &mut room, usize::MAX);
    document["images"] = Value::Object(images);
    document["services"] = Value::Object(services);
    document["omitted"]["images"] = json!(without_images);
    document["omitted"]["services"] = json!(without_services);
    Value::Object(document)
}

/// As many members as there is room for, and how many there is none for.
fn fill(
    members: impl Iterator<Item = (String, Value)>,
    room: &mut usize,
    share: usize,
) -> (Map<String, Value>, usize) {
    let mut filled = Map::new();
    let mut omitted = 0;
    let mut share = share.min(*room);
    for (name, value) in members {
        // The name's own quotes and escapes, a colon and a comma.
        let size = json!(name).to_string().len() + value.to_string().len() + 2;
        if omitted > 0 || size > share {
            omitted += 1;
            continue;
        }
        share -= size;
        *room -= size;
        filled.insert(name, value);
    }
    (filled, omitted)
}

fn length(document: &Map<String, Value>) -> usize {
    json!(document).to_string().len()
}

fn failure(problem: &Problem, clean: Clean<'_>) -> Value {
    let lines = |texts: &[String]| -> Vec<String> {
        let texts = texts.iter().take(20);
        texts.map(|text| clean.line(text, LINE)).collect()
    };
    present(json!({
        "exit": problem.exit,
        "message": clean.line(&problem.message, LINE),
        "causes": lines(&problem.causes),
        "step": problem.step.as_deref().map(|step| clean.line(step, LINE)),
        "log": clean.last_lines(&problem.log, 20, LINE),
        "hints": lines(&problem.hints),
    }))
}

fn image(image: &Image, clean: Clean<'_>) -> Value {
    let name = |text: &str| clean.line(text, NAME);
    let platforms: Map<String, Value> = image
        .platforms
        .iter()
        .take(20)
        .map(|platform| {
            (
                name(&platform.name),
                present(json!({ "size": platform.size })),
            )
        })
        .collect();
    let digest = image.digest.as_deref().map(name);
    let reference = digest
        .as_ref()
        .map(|digest| format!("{}@{digest}", name(&image.repository)));
    present(json!({
        "repository": name(&image.repository),
        "digest": digest,
        "reference": reference,
        "tags": image.tags.iter().take(50).map(|tag| name(tag)).collect::<Vec<_>>(),
        "changed": image.changed,
        "reason": Some(clean.line(&image.reason, LINE)).filter(|reason| !reason.is_empty()),
        "platforms": platforms,
    }))
}

fn service(service: &Service, clean: Clean<'_>) -> Value {
    let names = |targets: &std::collections::BTreeSet<String>| -> Vec<String> {
        let targets = targets.iter().take(100);
        targets.map(|target| clean.line(target, NAME)).collect()
    };
    json!({
        "targets": names(&service.targets),
        "changed": names(&service.changed),
        "definitionChanged": service.definition_changed,
    })
}

/// An object without its unknown members.
fn present(mut object: Value) -> Value {
    if let Value::Object(members) = &mut object {
        members.retain(|_, value| !value.is_null());
    }
    object
}
