//! Cases in `testdata/handoff_init/<case>/`: `buildspec.yml` and `pipeline.yml` of the setups below.
//! `LAUNCHWAY_UPDATE=1 cargo test handoff::init` writes them from what is.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use regex::Regex;
use saphyr::{LoadableYamlNode as _, Scalar, Yaml};

use super::*;
use crate::aws::parse_ecr_host;

fn service(name: &str, kind: Kind) -> Service {
    let files = [
        "appspec.yml",
        "imagedefinitions.json",
        "rp/imageDetail.json",
        "taskdef.json",
        "web/imageDetail.json",
    ];
    let image = |placeholder: &str, target: &str| ServiceImage {
        placeholder: placeholder.to_owned(),
        detail: format!("{target}/imageDetail.json"),
    };
    Service {
        name: name.to_owned(),
        kind,
        style: Style::Render,
        cluster: Some("prod".to_owned()),
        service: (kind != Kind::Batch).then(|| format!("{name}-service")),
        folder: format!("launchway-out/{name}"),
        files: files.map(str::to_owned).to_vec(),
        targets: vec!["rp".to_owned(), "web".to_owned()],
        images: vec![image("IMAGE_RP", "rp"), image("IMAGE_WEB", "web")],
        roles: vec!["arn:aws:iam::123456789012:role/tasks".to_owned()],
        unknown_roles: false,
    }
}

fn setup(services: Vec<Service>) -> Setup {
    let host = parse_ecr_host("123456789012.dkr.ecr.ap-northeast-1.amazonaws.com").unwrap();
    let repository = |path: &str| EcrRepository {
        host: host.clone(),
        path: path.to_owned(),
    };
    Setup {
        services,
        repositories: vec![repository("shop/rp"), repository("shop/web")],
        platforms: vec!["linux/amd64".to_owned(), "linux/arm64".to_owned()],
        output: "launchway-out".to_owned(),
        ..Setup::default()
    }
}

fn placeholder(mut service: Service) -> Service {
    service.style = Style::Placeholder;
    service
}

/// Every kind, style and source, alone and together.
fn cases() -> BTreeMap<&'static str, Setup> {
    let blue_green = || service("shop", Kind::BlueGreen);
    let mut approved = setup(vec![blue_green()]);
    approved.approval = true;
    approved.environment = Some("production".to_owned());
    let mut unknown = service("batch", Kind::Batch);
    unknown.roles = vec!["ecsTaskExecutionRole".to_owned()];
    unknown.unknown_roles = true;
    unknown.files.push("tags.json".to_owned());
    unknown.service = Some("holder".to_owned());
    let mut codecommit = setup(vec![placeholder(blue_green())]);
    codecommit.source = Source::Codecommit;
    codecommit.platforms = vec!["linux/arm64".to_owned()];
    codecommit.create_repositories = true;
    let mut nameless = service("log-router.v2", Kind::Rolling);
    (nameless.cluster, nameless.service) = (None, None);
    nameless.roles.clear();
    // An ARN names the cluster, and no task has a role.
    let mut rolling = service("shop", Kind::Rolling);
    rolling.cluster = Some("arn:aws:ecs:eu-west-1:123456789012:cluster/prod".to_owned());
    rolling.roles.clear();
    let mut mixed = setup(vec![blue_green(), nameless, service("jobs", Kind::Batch)]);
    mixed.approval = true;
    mixed.repositories.clear();
    BTreeMap::from([
        ("blue_green", approved),
        ("placeholder", setup(vec![placeholder(blue_green())])),
        ("codecommit", codecommit),
        ("rolling", setup(vec![rolling])),
        (
            "ecs_blue_green",
            setup(vec![service("shop", Kind::EcsBlueGreen)]),
        ),
        ("batch", setup(vec![unknown])),
        ("mixed", mixed),
    ])
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "tests are told by a variable to write"
)]
fn texts_are_those_of_the_cases() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/handoff_init");
    for (name, setup) in cases() {
        let made = texts(&setup).unwrap();
        for (file, text) in [
            ("buildspec.yml", made.buildspec),
            ("pipeline.yml", made.pipeline),
        ] {
            let path = root.join(name).join(file);
            if std::env::var_os("LAUNCHWAY_UPDATE").is_some() {
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(&path, &text).unwrap();
            }
            let expected = fs::read_to_string(&path).unwrap();
            assert_eq!(text, expected, "{}", path.display());
        }
    }
}

fn load(text: &str) -> Yaml<'_> {
    let mut documents = Yaml::load_from_str(text).unwrap();
    assert_eq!(documents.len(), 1);
    documents.pop().unwrap()
}

/// A value without the tag that short functions of `CloudFormation` are (`!Ref Name`).
fn plain(yaml: &Yaml<'_>) -> String {
    match yaml {
        Yaml::Value(Scalar::String(text)) => text.to_string(),
        Yaml::Value(scalar) => format!("{scalar:?}"),
        Yaml::Representation(text, _, _) => text.to_string(),
        Yaml::Tagged(_, inner) => plain(inner),
        other => panic!("not a scalar: {other:?}"),
    }
}

fn list<'a>(yaml: &'a Yaml<'a>, key: &str) -> Vec<&'a Yaml<'a>> {
    let Some(found) = yaml.as_mapping_get(key) else {
        return Vec::new();
    };
    found.as_vec().unwrap().iter().collect()
}

/// The buildspec's artifacts: name (empty for the primary one), folder and files.
fn built(buildspec: &Yaml<'_>) -> BTreeMap<String, (String, BTreeSet<String>)> {
    let Some(artifacts) = buildspec.as_mapping_get("artifacts") else {
        return BTreeMap::new();
    };
    let read = |artifact: &Yaml<'_>| {
        let folder = plain(artifact.as_mapping_get("base-directory").unwrap());
        let files = list(artifact, "files").into_iter().map(plain).collect();
        (folder, files)
    };
    match artifacts.as_mapping_get("secondary-artifacts") {
        None => BTreeMap::from([(String::new(), read(artifacts))]),
        Some(several) => several
            .as_mapping()
            .unwrap()
            .iter()
            .map(|(name, artifact)| (plain(name), read(artifact)))
            .collect(),
    }
}

#[test]
fn what_the_pipeline_takes_is_what_the_build_gives() {
    for (case, setup) in cases() {
        let made = texts(&setup).unwrap();
        let (buildspec, pipeline) = (load(&made.buildspec), load(&made.pipeline));
        let mut built = built(&buildspec);
        let properties = pipeline
            .as_mapping_get("Resources")
            .and_then(|it| it.as_mapping_get("Pipeline"))
            .and_then(|it| it.as_mapping_get("Properties"))
            .unwrap();
        let actions: Vec<_> = list(properties, "Stages")
            .into_iter()
            .flat_map(|stage| list(stage, "Actions"))
            .collect();
        let names = |action: &Yaml<'_>, member: &str| -> Vec<String> {
            let artifacts = list(action, member).into_iter();
            artifacts
                .map(|artifact| plain(artifact.as_mapping_get("Name").unwrap()))
                .collect()
        };
        // A primary artifact has the name that the pipeline gives it.
        let outputs = names(actions[1], "OutputArtifacts");
        if let Some(primary) = built.remove("") {
            assert_eq!(outputs.len(), 1, "{case}");
            built.insert(outputs[0].clone(), primary);
        }
        let given: BTreeSet<&String> = built.keys().collect();
        assert_eq!(given, outputs.iter().collect(), "{case}");
        let legal = |name: &str| {
            name.bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
        };
        assert!(
            outputs.iter().all(|name| legal(name)),
            "{case}: {outputs:?}"
        );

        let mut taken = BTreeSet::new();
        for action in &actions[2..] {
            let inputs = names(action, "InputArtifacts");
            taken.extend(inputs.clone());
            let Some(configuration) = action.as_mapping_get("Configuration") else {
                continue;
            };
            let value = |key: &str| configuration.as_mapping_get(key).map(plain);
            let has = |artifact: &str, file: &str| {
                assert!(inputs.contains(&artifact.to_owned()), "{case}: {artifact}");
                assert!(
                    built[artifact].1.contains(file),
                    "{case}: {file} in {artifact}"
                );
            };
            if let Some(artifact) = value("TaskDefinitionTemplateArtifact") {
                has(&artifact, &value("TaskDefinitionTemplatePath").unwrap());
                let appspec = value("AppSpecTemplateArtifact").unwrap();
                has(&appspec, &value("AppSpecTemplatePath").unwrap());
                for number in 1.. {
                    let Some(image) = value(&format!("Image{number}ArtifactName")) else {
                        assert_eq!(inputs.len(), number, "{case}");
                        break;
                    };
                    has(&image, "imageDetail.json");
                    assert!(value(&format!("Image{number}ContainerName")).is_some());
                }
            } else if let Some(file) = value("FileName") {
                has(&inputs[0], &file);
            }
        }
        assert_eq!(taken, outputs.into_iter().collect(), "{case}");
        // And each file is one that the hand-off writes.
        let written: BTreeSet<String> = setup
            .services
            .iter()
            .flat_map(|one| {
                one.files
                    .iter()
                    .map(|file| format!("{}/{file}", one.folder))
            })
            .collect();
        for (folder, files) in built.values() {
            for file in files {
                let path = format!("{folder}/{file}");
                assert!(written.contains(&path), "{case}: {path}");
            }
        }
    }
}

#[test]
fn every_parameter_that_is_used_is_declared_and_the_other_way_round() {
    let word = Regex::new(r"!Ref ([A-Za-z0-9:]+)|!GetAtt (\w+)|\$\{([A-Za-z0-9:]+)\}").unwrap();
    let account = Regex::new(r"\b\d{12}\b").unwrap();
    for (case, setup) in cases() {
        let text = texts(&setup).unwrap().pipeline;
        let template = load(&text);
        let names = |section: &str| -> BTreeSet<String> {
            let section = template.as_mapping_get(section).unwrap();
            section.as_mapping().unwrap().keys().map(plain).collect()
        };
        let (parameters, resources) = (names("Parameters"), names("Resources"));
        let mut used = BTreeSet::new();
        for found in word.captures_iter(&text) {
            let name = found.iter().skip(1).flatten().next().unwrap().as_str();
            if !name.starts_with("AWS::") {
                used.insert(name.to_owned());
            }
        }
        for name in &used {
            assert!(
                parameters.contains(name) || resources.contains(name),
                "{case}: {name}"
            );
        }
        for name in &parameters {
            assert!(used.contains(name), "{case}: {name} is not used");
        }
        // No account but those of the configuration.
        assert!(
            account
                .find_iter(&text)
                .all(|it| it.as_str() == "123456789012"),
            "{case}"
        );
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let refused = |service: Service| texts(&setup(vec![service])).unwrap_err().to_string();
    assert_eq!(texts(&setup(Vec::new())), Err(InitError::NoServices));
    let mut five = placeholder(service("shop", Kind::BlueGreen));
    let image = five.images[0].clone();
    five.images = (0..5)
        .map(|number| ServiceImage {
            placeholder: format!("I{number}"),
            ..image.clone()
        })
        .collect();
    assert_eq!(
        refused(five),
        "service `shop` has 5 images, and CodePipeline puts in at most 4"
    );
    assert_eq!(
        refused(placeholder(service("jobs", Kind::Batch))),
        "service `jobs` is registered by the build, and its mode is placeholder"
    );
    let mut without = service("shop", Kind::BlueGreen);
    without.files.retain(|file| !file.starts_with("appspec"));
    assert_eq!(
        refused(without),
        "service `shop` has no appspec, which its deploy stage reads"
    );
    let mut outside = service("shop", Kind::Rolling);
    outside.folder = "../deploy".to_owned();
    assert!(refused(outside).contains("outside the sources"));
    for name in ["a b", "a\"b", "$(x)", "", "-x", "a\nb"] {
        let says = refused(service(name, Kind::Rolling));
        assert!(
            says.contains("characters that a pipeline cannot have"),
            "{name:?}: {says}"
        );
    }
    let same = setup(vec![
        service("a-b", Kind::Rolling),
        service("a.b", Kind::Rolling),
    ]);
    assert!(matches!(texts(&same), Err(InitError::SameName { .. })));
    let six = (0..6)
        .map(|number| service(&format!("s{number}"), Kind::Rolling))
        .collect();
    assert!(matches!(
        texts(&setup(six)),
        Err(InitError::TooManyArtifacts { count: 6, .. })
    ));
}

#[test]
fn names_become_legal() {
    assert_eq!(identifier("log-router.v2"), "log-router_v2");
    assert_eq!(logical("log-router.v2"), "LogRouterV2");
}
