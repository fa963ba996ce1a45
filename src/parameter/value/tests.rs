use super::*;
use crate::release::record::{SCHEMA as RECORD, State};

pub(in crate::parameter) fn settings(value: ValueForm) -> ParameterSettings {
    ParameterSettings {
        name: "/shop/production/web".to_owned(),
        value,
        ..ParameterSettings::default()
    }
}

pub(in crate::parameter) fn record(targets: &[&str]) -> Record {
    let image = |name: &str| {
        let digest = Digest::of(name);
        let repository = format!("registry.example.com/shop/{name}");
        ImageRecord {
            reference: format!("{repository}@{digest}"),
            repository,
            digest,
            media_type: String::new(),
            size: 900,
            tags: vec!["production".to_owned(), "0123abcd".to_owned()],
            changed: true,
            reason: String::new(),
            baseline: None,
            copies: Vec::new(),
            platforms: BTreeMap::new(),
            scan: None,
        }
    };
    let images = targets.iter().map(|name| ((*name).to_owned(), image(name)));
    Record {
        schema: RECORD.to_owned(),
        launchway: "0.1.0".to_owned(),
        state: State::Published,
        started_at: "2026-03-02T09:00:00Z".to_owned(),
        completed_at: Some("2026-03-02T09:01:42Z".to_owned()),
        duration_ms: 102_000,
        source: SourceRecord {
            commit: Some(format!("0123abcd{}", "0".repeat(32))),
            branch: Some("main".to_owned()),
            tag: None,
            dirty: None,
        },
        baseline: "tag:production".to_owned(),
        environment: Some("production".to_owned()),
        changed: true,
        images: images.collect(),
        caches: BTreeMap::new(),
        warnings: Vec::new(),
        parameters: BTreeMap::new(),
        services: BTreeMap::new(),
    }
}

#[test]
fn one_image_in_every_form() {
    let record = record(&["web"]);
    let digest = Digest::of("web");
    let reference = format!("registry.example.com/shop/web@{digest}");
    let held = |form| value(&settings(form), &record).unwrap();
    assert_eq!(held(ValueForm::Reference), reference);
    assert_eq!(held(ValueForm::Digest), digest.to_string());
    // The tag of the commit, and not the moving one before it.
    assert_eq!(held(ValueForm::Tag), "0123abcd");
    let document: serde_json::Value = serde_json::from_str(&held(ValueForm::Json)).unwrap();
    assert_eq!(
        document,
        serde_json::json!({
            "schema": "launchway.parameter/v1",
            "tag": "0123abcd",
            "digest": digest,
            "reference": reference,
            "images": {
                "web": { "tag": "0123abcd", "digest": digest, "reference": reference },
            },
            "commit": "0123abcd00000000000000000000000000000000",
            "branch": "main",
            "environment": "production",
            "releasedAt": "2026-03-02T09:01:42Z",
        })
    );
}

#[test]
fn several_images_have_no_digest_in_common() {
    let mut record = record(&["web", "api"]);
    let text = value(&settings(ValueForm::Json), &record).unwrap();
    let document: Document = serde_json::from_str(&text).unwrap();
    assert_eq!(document.digest, None);
    assert_eq!(document.reference, None);
    assert_eq!(document.tag.as_deref(), Some("0123abcd"));
    assert_eq!(document.images.len(), 2);
    let error = value(&settings(ValueForm::Digest), &record).unwrap_err();
    assert_eq!(
        error.to_string(),
        "parameter /shop/production/web: a digest is of one image, and the release has api, web"
    );

    record.images.get_mut("api").unwrap().tags.clear();
    let text = value(&settings(ValueForm::Json), &record).unwrap();
    let document: Document = serde_json::from_str(&text).unwrap();
    assert_eq!(document.tag, None);
    let error = value(&settings(ValueForm::Tag), &record).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("api has none, web has 0123abcd"),
        "{error}"
    );
}

#[test]
fn a_block_names_only_its_targets() {
    let record = record(&["web", "api"]);
    let mut one = settings(ValueForm::Digest);
    one.targets = Some(["api".to_owned()].into());
    let held = value(&one, &record).unwrap();
    assert_eq!(held, Digest::of("api").to_string());
    one.targets = Some(["batch".to_owned()].into());
    assert_eq!(
        value(&one, &record).unwrap_err().to_string(),
        "parameter /shop/production/web: the release has no image of target batch"
    );
}

#[test]
fn what_ssm_does_not_take_is_refused() {
    let names: Vec<String> = (0..40).map(|number| format!("target-{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut settings = settings(ValueForm::Json);
    let error = value(&settings, &record(&names[..20])).unwrap_err();
    assert!(
        matches!(error, ValueError::TooLong { limit: 4096, .. }),
        "{error}"
    );
    assert!(error.hint().contains("advanced"), "{}", error.hint());
    settings.tier = Some(ParameterTier::Advanced);
    value(&settings, &record(&names[..20])).unwrap();
    let error = value(&settings, &record(&names)).unwrap_err();
    assert!(
        matches!(error, ValueError::TooLong { limit: 8192, .. }),
        "{error}"
    );
    assert!(!error.hint().contains("advanced"), "{}", error.hint());
}
