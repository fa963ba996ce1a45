use std::fs;
use std::path::Path;

use super::super::{Handoff, Template, Templates, hand_off};
use super::*;
use crate::config::{AppspecSource, ServiceSettings};
use crate::release::record::ServiceRecord;

const TASKDEF: &str = r#"{
    "containerDefinitions": [{
        "name": "web", "image": "<IMAGE_WEB>", "memory": 512,
        "portMappings": [{"containerPort": 80}],
        "environment": [{"name": "RELEASE", "value": "<IMAGE_WEB>"}]
    }]
}"#;

const APPSPEC: &str = r#"{"version": 0.0, "Resources": [{"TargetService": {
    "Type": "AWS::ECS::Service", "Properties": {"TaskDefinition": "<TASK_DEFINITION>",
    "LoadBalancerInfo": {"ContainerName": "web", "ContainerPort": 80}}}}]}"#;

fn record() -> Record {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/handoff/release.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn made(taskdef: &str, appspec: &str, record: &Record) -> Handoff {
    let template = |path: &str, text: &str| {
        Some(Template {
            path: path.into(),
            text: text.to_owned(),
        })
    };
    let settings = ServiceSettings {
        name: "shop".to_owned(),
        appspec: Some(AppspecSource::File("appspec.json".into())),
        images: [("IMAGE_WEB".to_owned(), "web".to_owned())].into(),
        ..ServiceSettings::default()
    };
    let templates = Templates {
        taskdef: template("taskdef.json", taskdef),
        appspec: template("appspec.json", appspec),
    };
    hand_off(&settings, &templates, record).unwrap()
}

fn definition(taskdef: &str, appspec: &str, record: &Record) -> Digest {
    made(taskdef, appspec, record).summary.definition.unwrap()
}

/// The record of web with another digest.
fn rebuilt() -> Record {
    let mut record = record();
    let web = record.images.get_mut("web").unwrap();
    web.baseline = Some(web.digest);
    web.digest = Digest::of("rebuilt");
    web.reference = format!("{}@{}", web.repository, web.digest);
    record
}

#[test]
fn another_digest_of_an_image_is_the_same_definition() {
    let same = definition(TASKDEF, APPSPEC, &record());
    assert_eq!(same, definition(TASKDEF, APPSPEC, &rebuilt()));
}

#[test]
fn everything_else_is_another_definition() {
    let now = definition(TASKDEF, APPSPEC, &record());
    let memory = TASKDEF.replace("512", "1024");
    let variable = TASKDEF.replace("RELEASE", "VERSION");
    let hooks = APPSPEC.replace(
        "\"version\"",
        "\"Hooks\": [{\"AfterInstall\": \"f\"}], \"version\"",
    );
    assert_ne!(now, definition(&memory, APPSPEC, &record()));
    assert_ne!(now, definition(&variable, APPSPEC, &record()));
    assert_ne!(now, definition(TASKDEF, &hooks, &record()));
    let mut moved = record();
    let web = moved.images.get_mut("web").unwrap();
    web.repository = "registry.example.com/web".to_owned();
    web.reference = format!("{}@{}", web.repository, web.digest);
    assert_ne!(now, definition(TASKDEF, APPSPEC, &moved));
}

fn released(definition: Option<Digest>) -> Record {
    let mut record = record();
    record.services = [(
        "shop".to_owned(),
        ServiceRecord {
            changed: true,
            reason: String::new(),
            definition,
            definition_changed: Some(true),
        },
    )]
    .into();
    record
}

#[test]
fn is_compared_with_the_release_before() {
    use Earlier::{Baseline, Found};
    let (old, new) = (Digest::of("old"), Digest::of("new"));
    let verdict =
        |earlier: &Record, source| compare("shop", new, &["web"], &record(), earlier, source);
    for source in [Baseline, Found] {
        assert_eq!(verdict(&released(Some(new)), source), Verdict::Same);
        let differs = verdict(&released(Some(old)), source);
        assert_eq!(differs, Verdict::differs("definition changed"));
        let mut unfinished = released(Some(new));
        unfinished.state = State::Published;
        let differs = verdict(&unfinished, source);
        assert_eq!(
            differs,
            Verdict::differs("the release before did not finish")
        );
    }
    // A record without it, of an earlier version or a release that handed nothing off.
    assert_eq!(verdict(&released(None), Found), Verdict::Unknown);
    assert!(matches!(
        verdict(&record(), Baseline),
        Verdict::Differs { .. }
    ));
}

#[test]
fn a_record_that_is_not_of_the_last_release_says_nothing() {
    let (old, new) = (Digest::of("old"), Digest::of("new"));
    let verdict =
        |earlier: &Record, source| compare("shop", new, &["web"], &record(), earlier, source);
    let mut other = released(Some(old));
    other.environment = Some("production".to_owned());
    assert_eq!(verdict(&other, Earlier::Found), Verdict::Unknown);
    assert!(matches!(
        verdict(&other, Earlier::Baseline),
        Verdict::Differs { .. }
    ));
    let mut outdated = released(Some(old));
    outdated.images.get_mut("web").unwrap().digest = Digest::of("long ago");
    assert_eq!(verdict(&outdated, Earlier::Found), Verdict::Unknown);
    // What this release replaces is the last one, too.
    let before = released(Some(old));
    let verdict = compare("shop", new, &["web"], &rebuilt(), &before, Earlier::Found);
    assert_eq!(verdict, Verdict::differs("definition changed"));
}

#[test]
fn a_changed_definition_alone_is_something_to_deploy() {
    let mut handoff = made(TASKDEF, APPSPEC, &record());
    assert!(!handoff.summary.changed);
    assert_eq!(
        handoff.summary.reason,
        "images unchanged; definition not compared (no earlier record)"
    );
    handoff.judge(&Verdict::Same);
    assert!(!handoff.summary.changed);
    handoff.judge(&Verdict::differs("definition changed"));
    assert!(handoff.summary.changed);
    assert_eq!(handoff.summary.reason, "definition changed");
    let file = handoff
        .files
        .iter()
        .find(|file| file.path == Path::new("handoff.json"));
    let json: serde_json::Value = serde_json::from_slice(&file.unwrap().contents).unwrap();
    assert_eq!(json["changed"], true);
    assert_eq!(json["definitionChanged"], true);
    assert_eq!(json["files"][0], "appspec.json");
    let recorded = handoff.summary.record();
    assert_eq!(recorded.definition, handoff.summary.definition);
}

#[test]
fn what_was_not_deployed_is_not_recorded_as_what_runs() {
    let handoff = made(TASKDEF, APPSPEC, &record());
    assert_eq!(handoff.summary.record().definition, None);
}

#[test]
fn written_again_it_is_what_the_record_says() {
    let now = definition(TASKDEF, APPSPEC, &record());
    let changed = made(TASKDEF, APPSPEC, &released(Some(now))).summary;
    assert_eq!(
        (changed.changed, changed.definition_changed),
        (true, Some(true))
    );
    let mut same = released(Some(now));
    same.services.get_mut("shop").unwrap().definition_changed = Some(false);
    assert!(!made(TASKDEF, APPSPEC, &same).summary.changed);
    let other = TASKDEF.replace("512", "1024");
    assert!(made(&other, APPSPEC, &same).summary.changed);
}
