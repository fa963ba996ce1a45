//! Plans of small releases, checked member by member.

use std::path::PathBuf;

use super::*;
use crate::bake::{Bake, Entry, Target};
use crate::config::{Baseline, CacheMode, CacheSettings, ServiceSettings, Settings, Source};
use crate::image::Platform;
use crate::registry::Tag;

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

pub(super) fn project() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("Dockerfile"), "FROM scratch\n").unwrap();
    std::fs::create_dir(directory.path().join("web")).unwrap();
    std::fs::write(
        directory.path().join("web/Dockerfile_web"),
        "FROM scratch\n",
    )
    .unwrap();
    directory
}

pub(super) fn target(name: &str) -> Target {
    Target {
        name: name.to_owned(),
        context: ".".to_owned(),
        dockerfile: "Dockerfile".to_owned(),
        tags: vec![format!("registry.test/{name}:dev")],
        platforms: vec!["linux/amd64".to_owned(), "linux/arm64".to_owned()],
        ..Target::default()
    }
}

pub(super) fn bake(targets: Vec<Target>, settings: Settings) -> Bake {
    Bake {
        selected: targets.iter().map(|target| target.name.clone()).collect(),
        targets: targets
            .into_iter()
            .map(|target| (target.name.clone(), target))
            .collect(),
        settings,
        ..Bake::default()
    }
}

fn tag(text: &str) -> Tag {
    Tag::new(text).unwrap()
}

fn tags(push: &PushPlan) -> Vec<&str> {
    push.tags.iter().map(Tag::as_str).collect()
}

pub(super) fn source() -> Source {
    Source {
        commit: Some(COMMIT.to_owned()),
        branch: Some("main".to_owned()),
        ..Source::default()
    }
}

pub(super) fn options(mode: Mode, directory: &tempfile::TempDir) -> Options {
    Options {
        mode,
        directory: directory.path().to_path_buf(),
        local_platform: Platform::new("linux", "amd64", None),
        tags: Vec::new(),
        baseline: None,
        handoff: Handoff::All,
        soci: SociWish::AsDeclared,
    }
}

fn release_settings() -> Settings {
    let mut settings = Settings::default();
    settings.release.tags = Some(vec![COMMIT[..8].to_owned(), "production".to_owned()]);
    settings.cache = Some(CacheSettings {
        repository: "registry.test/cache".to_owned(),
        mode: CacheMode::Max,
        branch: Some("feature/x".to_owned()),
        fallback: vec!["main".to_owned(), String::new()],
        attributes: std::collections::BTreeMap::new(),
    });
    settings
}

#[test]
fn a_release_plans_one_solve_per_platform_with_caches_of_its_own() {
    let project = project();
    let bake = bake(vec![target("web")], release_settings());
    let plan = make(&bake, &source(), &options(Mode::Release, &project)).unwrap();

    let names: Vec<String> = plan
        .solves
        .iter()
        .map(|solve| solve.name().to_string())
        .collect();
    assert_eq!(names, ["web/amd64", "web/arm64"]);
    let imports: Vec<&str> = plan.solves[1]
        .cache
        .imports
        .iter()
        .filter_map(CacheReference::registry_reference)
        .collect();
    assert_eq!(
        imports,
        [
            "registry.test/cache:web-arm64-feature-x",
            "registry.test/cache:web-arm64-main",
            "registry.test/cache:web-arm64"
        ]
    );
    let export = plan.solves[1].cache.later_exports.first().unwrap();
    assert_eq!(
        export.registry_reference(),
        Some("registry.test/cache:web-arm64-feature-x")
    );
    assert_eq!(export.attributes["mode"], "max");
    assert_eq!(export.attributes["image-manifest"], "true");
    assert_eq!(export.attributes["oci-mediatypes"], "true");

    let image = &plan.images[0];
    assert_eq!(image.primary.repository.to_string(), "registry.test/web");
    assert_eq!(tags(&image.primary), ["01234567", "production"]);
    assert_eq!(
        image.baseline,
        BaselinePlan::Tag {
            tag: tag("production")
        }
    );
}

#[test]
fn bake_adds_no_cache_and_pushes_only_what_is_declared() {
    let project = project();
    let mut pushed = target("web");
    pushed.output = vec![Entry {
        kind: "image".to_owned(),
        attributes: [("push".to_owned(), "true".to_owned())].into(),
    }];
    let bake = bake(vec![pushed, target("rp")], release_settings());
    let plan = make(&bake, &source(), &options(Mode::Bake, &project)).unwrap();
    assert!(
        plan.solves
            .iter()
            .all(|solve| solve.cache == CachePlan::default())
    );
    let images: Vec<&str> = plan
        .images
        .iter()
        .map(|image| image.target.as_str())
        .collect();
    assert_eq!(images, ["web"]);
    assert_eq!(tags(&plan.images[0].primary), ["dev"]);
    assert!(plan.services.is_empty());
}

#[test]
fn without_a_moving_tag_there_is_no_baseline() {
    let project = project();
    let mut settings = release_settings();
    settings.release.tags = Some(vec![COMMIT.to_owned(), COMMIT[..7].to_owned()]);
    let bake = bake(vec![target("web")], settings);
    let plan = make(&bake, &source(), &options(Mode::Release, &project)).unwrap();
    assert!(
        matches!(&plan.images[0].baseline, BaselinePlan::None { reason } if reason.contains("no moving tag"))
    );

    let given = Options {
        baseline: Some(Baseline::Tag("live".to_owned())),
        ..options(Mode::Release, &project)
    };
    let plan = make(&bake, &source(), &given).unwrap();
    assert_eq!(
        plan.images[0].baseline,
        BaselinePlan::Tag { tag: tag("live") }
    );
}

#[test]
fn tags_in_several_repositories_are_copies() {
    let project = project();
    let mut target = target("web");
    target.tags = vec![
        "one.test/web:a".to_owned(),
        "one.test/web:b".to_owned(),
        "two.test/web:a,two.test/web".to_owned(),
    ];
    let bake = bake(vec![target], Settings::default());
    let plan = make(&bake, &source(), &options(Mode::Release, &project)).unwrap();
    let image = &plan.images[0];
    assert_eq!(tags(&image.primary), ["a", "b"]);
    assert_eq!(image.copies.len(), 1);
    assert_eq!(tags(&image.copies[0]), ["a", "latest"]);
}

#[test]
fn mistakes_are_found_before_anything_runs() {
    let project = project();
    type Change = fn(&mut Target);
    let cases: [(Change, &str); 15] = [
        (
            |t| t.platforms = vec!["linux".to_owned()],
            "invalid platform",
        ),
        (
            |t| t.tags = vec!["registry.test/UPPER:x".to_owned()],
            "invalid tag",
        ),
        (|t| t.tags.clear(), "no tags"),
        (|t| t.context = "nowhere".to_owned(), "is not a directory"),
        (
            |t| t.dockerfile = "Dockerfile_nope".to_owned(),
            "there is no Dockerfile",
        ),
        (
            |t| t.secret = vec![Entry::default()],
            "`secret` is not available",
        ),
        (|t| t.ssh = vec![Entry::default()], "`ssh` is not available"),
        (
            |t| {
                t.output = vec![Entry {
                    kind: "docker".to_owned(),
                    ..Entry::default()
                }];
            },
            "the output `type=docker` is not available",
        ),
        (
            |t| t.contexts = [("base".to_owned(), "target:x".to_owned())].into(),
            "the context `base` = `target:…` is not available",
        ),
        (
            |t| t.entitlements = vec!["network.host".to_owned()],
            "the entitlement `network.host` is not available",
        ),
        (
            |t| {
                t.output = vec![Entry {
                    kind: "image".to_owned(),
                    attributes: [("push-by-digest".to_owned(), "true".to_owned())].into(),
                }];
            },
            "the output attribute `push-by-digest=true` is not available",
        ),
        (
            |t| t.annotations = vec!["manifest[linux/amd64]:a=b".to_owned()],
            "an annotation for `manifest[linux/amd64]` is not available",
        ),
        (
            |t| t.annotations = vec!["index:a=b".to_owned()],
            "an annotation for `index` is not available",
        ),
        (|t| t.annotations = vec!["a".to_owned()], "without a value"),
        (
            |t| {
                t.tags = vec![format!(
                    "registry.test/web:1@{}",
                    crate::image::Digest::of("")
                )];
            },
            "names a digest",
        ),
    ];
    for (change, expected) in cases {
        let mut target = target("web");
        change(&mut target);
        let bake = bake(vec![target], Settings::default());
        let error = make(&bake, &source(), &options(Mode::Release, &project)).unwrap_err();
        assert!(
            error.to_string().contains(expected),
            "{error} should contain {expected}"
        );
    }
}

#[test]
fn two_targets_cannot_share_a_tag() {
    let project = project();
    let mut other = target("rp");
    other.tags = vec!["registry.test/web:dev".to_owned()];
    let bake = bake(vec![target("web"), other], Settings::default());
    let error = make(&bake, &source(), &options(Mode::Release, &project)).unwrap_err();
    assert!(
        error.to_string().contains("registry.test/web:dev"),
        "{error}"
    );
}

#[test]
fn a_service_needs_all_its_images() {
    let project = project();
    let settings = Settings {
        services: vec![ServiceSettings {
            name: "shop".to_owned(),
            images: [("IMAGE_RP".to_owned(), "rp".to_owned())].into(),
            ..ServiceSettings::default()
        }],
        ..Settings::default()
    };
    let bake = bake(vec![target("web")], settings);
    let error = make(&bake, &source(), &options(Mode::Release, &project)).unwrap_err();
    assert!(error.to_string().contains("`rp`"), "{error}");
    assert!(error.hint().is_some());

    let by_container = Settings {
        services: vec![ServiceSettings {
            name: "shop".to_owned(),
            containers: [("proxy".to_owned(), "rp".to_owned())].into(),
            ..ServiceSettings::default()
        }],
        ..Settings::default()
    };
    let by_container = self::bake(vec![target("web")], by_container);
    let error = make(&by_container, &source(), &options(Mode::Release, &project)).unwrap_err();
    assert!(error.to_string().contains("`rp`"), "{error}");

    let covered = Options {
        handoff: Handoff::Covered,
        ..options(Mode::Release, &project)
    };
    assert!(
        make(&bake, &source(), &covered)
            .unwrap()
            .services
            .is_empty()
    );
}

#[test]
fn contexts_written_differently_are_one_directory() {
    let project = project();
    let mut a = target("a");
    a.context = "./web".to_owned();
    a.dockerfile = "Dockerfile_web".to_owned();
    let mut b = target("b");
    b.context = "web/../web/".to_owned();
    b.dockerfile = "../Dockerfile".to_owned();
    let bake = bake(vec![a, b], Settings::default());
    let plan = make(&bake, &source(), &options(Mode::Release, &project)).unwrap();
    let web: PathBuf = project.path().join("web");
    assert_eq!(plan.solves[0].context.directory.as_ref(), Some(&web));
    assert_eq!(plan.solves[2].context.directory.as_ref(), Some(&web));
    assert_eq!(
        plan.solves[2].context.dockerfile_directory.as_deref(),
        Some(project.path())
    );
}

#[test]
fn declared_caches_of_several_platforms_do_not_replace_each_other() {
    let project = project();
    let mut target = target("web");
    let reference = |text: &str| Entry {
        kind: "registry".to_owned(),
        attributes: [("ref".to_owned(), text.to_owned())].into(),
    };
    target.cache_to = vec![reference("127.0.0.1:5000/cache")];
    target.cache_from = vec![reference("127.0.0.1:5000/cache")];
    let bake = bake(vec![target], Settings::default());
    let plan = make(&bake, &source(), &options(Mode::Bake, &project)).unwrap();
    let arm = &plan.solves[1].cache;
    assert_eq!(
        arm.exports[0].registry_reference(),
        Some("127.0.0.1:5000/cache:latest-arm64")
    );
    let imports: Vec<_> = arm
        .imports
        .iter()
        .filter_map(CacheReference::registry_reference)
        .collect();
    assert_eq!(
        imports,
        ["127.0.0.1:5000/cache:latest-arm64", "127.0.0.1:5000/cache"]
    );
}

#[test]
fn settings_that_cannot_work_are_found_before_anything_runs() {
    let project = project();
    let service = |name: &str, output: Option<&str>| ServiceSettings {
        name: name.to_owned(),
        output: output.map(PathBuf::from),
        ..ServiceSettings::default()
    };
    type Change = fn(&mut Settings, &dyn Fn(&str, Option<&str>) -> ServiceSettings);
    let cases: [(Change, &str); 4] = [
        (
            |s, _| s.release.tags = Some(Vec::new()),
            "release.tags is empty",
        ),
        (
            |s, _| {
                s.cache = Some(CacheSettings {
                    repository: "Bad Repo".to_owned(),
                    mode: CacheMode::Max,
                    branch: None,
                    fallback: Vec::new(),
                    attributes: std::collections::BTreeMap::new(),
                });
            },
            "cache.repository",
        ),
        (
            |s, new| s.services = vec![new("../evil", None)],
            "it names a folder",
        ),
        (
            |s, new| s.services = vec![new("a", Some(".")), new("b", Some("."))],
            "the same output folder",
        ),
    ];
    for (change, expected) in cases {
        let mut settings = Settings::default();
        change(&mut settings, &service);
        let bake = bake(vec![target("web")], settings);
        let error = make(&bake, &source(), &options(Mode::Release, &project)).unwrap_err();
        assert!(
            error.to_string().contains(expected),
            "{error} should contain {expected}"
        );
    }
}

#[test]
fn a_plan_shows_no_login() {
    let project = project();
    let mut target = target("web");
    target.context = "https://user:planted-token@git.test/shop.git#main".to_owned();
    target.contexts = [(
        "other".to_owned(),
        "https://user:planted-token@git.test/other.git".to_owned(),
    )]
    .into();
    target.cache_to = vec![Entry {
        kind: "s3".to_owned(),
        attributes: [
            ("bucket".to_owned(), "caches".to_owned()),
            ("secret_access_key".to_owned(), "planted-key".to_owned()),
        ]
        .into(),
    }];
    let bake = bake(vec![target], Settings::default());
    let plan = make(&bake, &source(), &options(Mode::Release, &project)).unwrap();
    let shown = serde_json::to_string(&plan).unwrap();
    assert!(shown.contains("https://git.test/shop.git#main"), "{shown}");
    assert!(!shown.contains("planted"), "{shown}");
    assert!(!format!("{:?}", plan.solves[0].cache).contains("planted"));
}
