//! Releases with SOCI indexes: read back by the official library, nothing built twice.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

use crate::support::{
    Engine, Project, Stage, check_annotations, crane, document, output, read_with_official_library,
};

/// Two images that share a layer of some 13 MB, and a base of 1 MB that is too small.
const BAKE: &str = r#"
variable "REGISTRY" {}
group "default" { targets = ["app", "tool"] }
target "_common" {
  args      = { BASE = "${REGISTRY}/base/busybox:stable" }
  platforms = ["linux/amd64", "linux/arm64"]
}
target "app" {
  inherits = ["_common"]
  target   = "app"
  tags     = ["${REGISTRY}/app:live"]
}
target "tool" {
  inherits = ["_common"]
  target   = "tool"
  tags     = ["${REGISTRY}/tool:live"]
}
"#;
const LAUNCHWAY: &str = r#"
release { baseline = "tag:live" }
soci {}
"#;
const DOCKERFILE: &str = r"
ARG BASE
FROM ${BASE} AS data
RUN mkdir /data && i=0 && while [ $i -lt 40 ]; do \
      head -c 330000 /dev/urandom | base64 > /data/$i; i=$((i+1)); done && ln /data/1 /data/linked
FROM data AS app
COPY message.txt /etc/message
FROM data AS tool
RUN echo tool > /etc/tool
";
const PLATFORMS: [&str; 2] = ["linux/amd64", "linux/arm64"];

fn project(stage: &Stage, bake: &str, launchway: &str) -> Project {
    let files = [
        ("docker-bake.hcl", bake),
        ("launchway.hcl", launchway),
        ("Dockerfile", DOCKERFILE),
        ("message.txt", "hello\n"),
    ];
    Project::of(&stage.registry.address, &files)
}

/// Releases, and returns the record and what a machine is told meanwhile.
#[track_caller]
fn release(engine: &Engine, project: &Project, arguments: &[&str]) -> (Value, Vec<Value>) {
    let arguments = [&["release", "--progress", "rawjson"], arguments].concat();
    let outcome = engine.succeed(project, &arguments);
    let events = outcome.stderr.lines().filter_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        Some(message["launchway"].clone())
    });
    (project.record(), events.collect())
}

/// `how` of every layer of an image, for both platforms.
fn fates(record: &Value, image: &str) -> Vec<String> {
    let mut fates = Vec::new();
    for platform in PLATFORMS {
        let soci = &record["images"][image]["platforms"][platform]["soci"];
        let layers = soci["layers"].as_array().unwrap();
        fates.extend(
            layers
                .iter()
                .map(|layer| layer["how"].as_str().unwrap().to_owned()),
        );
    }
    fates
}

fn soci_indexes(record: &Value, image: &str) -> Vec<String> {
    PLATFORMS
        .iter()
        .map(|platform| {
            let soci = &record["images"][image]["platforms"][platform]["soci"];
            soci["index"].as_str().unwrap().to_owned()
        })
        .collect()
}

fn of_kind<'a>(events: &'a [Value], kind: &str) -> Vec<&'a Value> {
    events
        .iter()
        .filter(|event| event["event"] == kind)
        .collect()
}

#[track_caller]
fn assert_lazy(reference: &str, ztocs: usize) {
    let read = read_with_official_library(reference);
    let platforms: BTreeSet<&str> = read.iter().map(|image| image.platform.as_str()).collect();
    assert_eq!(platforms, BTreeSet::from(PLATFORMS), "{reference}");
    for image in read {
        assert_eq!(image.ztocs, ztocs, "{reference} on {}", image.platform);
    }
}

#[test]
fn a_release_is_lazy_everywhere_and_builds_no_ztoc_twice() {
    let stage = Stage::new();
    let registry = &stage.registry;
    let project = project(&stage, BAKE, LAUNCHWAY);

    let (first, events) = release(&stage.engine, &project, &[]);
    assert_eq!(
        of_kind(&events, "layerIndexed").len(),
        2,
        "one per platform, shared by the images"
    );
    for image in ["app", "tool"] {
        let built = fates(&first, image)
            .iter()
            .filter(|fate| *fate == "built")
            .count();
        assert_eq!(built, 2, "{:?}", fates(&first, image));
        assert_lazy(&format!("{}/{image}:live", registry.address), 1);
        // Of the index as a whole, crane asks that everything in it is an image.
        for platform in PLATFORMS {
            let manifest = first["images"][image]["platforms"][platform]["manifest"]
                .as_str()
                .unwrap();
            crane(&[
                "validate",
                "--remote",
                &format!("{}/{image}@{manifest}", registry.address),
            ]);
        }
    }
    assert_eq!(check_annotations(registry), 4);
    the_index_holds_images_first(&format!("{}/app:live", registry.address));
    copies_stay_lazy(&registry.address);

    // Again: nothing is built, pushed or new.
    let manifests = registry.manifests();
    let (second, events) = release(&stage.engine, &project, &[]);
    assert_eq!(second["changed"], false);
    assert_eq!(registry.manifests(), manifests);
    assert_eq!(of_kind(&events, "layerIndexing").len(), 0);
    assert_eq!(soci_indexes(&second, "app"), soci_indexes(&first, "app"));

    // A small layer changes: the SOCI index is the same, and no zTOC moves.
    project.write("message.txt", "good morning\n");
    project.commit("Be polite");
    let (third, events) = release(&stage.engine, &project, &[]);
    assert_eq!(third["images"]["app"]["changed"], true);
    assert_eq!(third["images"]["tool"]["changed"], false);
    assert_eq!(of_kind(&events, "layerIndexing").len(), 0);
    let published = of_kind(&events, "sociPublished");
    assert_eq!(published.len(), 2);
    assert!(
        published.iter().all(|event| event["uploaded"] == 0),
        "{published:?}"
    );
    assert!(fates(&third, "app").contains(&"reused".to_owned()));
    assert_eq!(soci_indexes(&third, "app"), soci_indexes(&first, "app"));
    assert_lazy(&format!("{}/app:live", registry.address), 1);
    // Of it, the record names what was pushed: the manifest with the annotation.
    for platform in PLATFORMS {
        let reference = format!("{}/app:live", registry.address);
        let manifest = crane(&["digest", "--platform", platform, &reference]);
        assert_eq!(
            third["images"]["app"]["platforms"][platform]["manifest"],
            manifest
        );
    }
}

fn the_index_holds_images_first(reference: &str) {
    let index = document(reference);
    let entries = index["manifests"].as_array().unwrap();
    let kinds: Vec<bool> = entries
        .iter()
        .map(|entry| entry["artifactType"].is_null())
        .collect();
    assert_eq!(kinds, [true, true, false, false]);
    for (image, soci) in entries[..2].iter().zip(&entries[2..]) {
        assert_eq!(
            soci["artifactType"],
            "application/vnd.amazon.soci.index.v2+json"
        );
        assert_eq!(soci["platform"], image["platform"]);
        let about = &soci["annotations"]["com.amazon.soci.image-manifest-digest"];
        assert_eq!(*about, image["digest"]);
    }
}

fn copies_stay_lazy(registry: &str) {
    let from = format!("{registry}/app:live");
    let crane_copy = format!("{registry}/copied-by-crane:live");
    crane(&["copy", &from, &crane_copy]);
    assert_lazy(&crane_copy, 1);
    let skopeo_copy = format!("{registry}/copied-by-skopeo:live");
    output(Command::new("skopeo").args([
        "copy",
        "--all",
        "--insecure-policy",
        "--src-tls-verify=false",
        "--dest-tls-verify=false",
        &format!("docker://{from}"),
        &format!("docker://{skopeo_copy}"),
    ]));
    assert_lazy(&skopeo_copy, 1);
}

/// On a fresh machine the daemon holds cached layers and the base only by name. They are indexed
/// all the same, and to the same SOCI indexes.
#[test]
fn layers_that_the_daemon_has_only_by_name_are_indexed() {
    let stage = Stage::new();
    let bake = BAKE.replace("[\"_common\"]", "[\"_common\"]\n  dockerfile = \"linked\"");
    let launchway = "release {}\ncache { repository = \"${REGISTRY}/cache\" }\n\
                     soci { min_layer_size = \"100KiB\" }\n";
    let project = project(&stage, &bake, launchway);
    project.write(
        "linked",
        "ARG BASE\nFROM ${BASE} AS data\nRUN mkdir /data && head -c 12000000 /dev/urandom > /data/a\n\
         FROM ${BASE} AS app\nCOPY --link --from=data /data /data\n\
         FROM ${BASE} AS tool\nCOPY --link --from=data /data /tool\n",
    );
    let (first, _) = release(&stage.engine, &project, &["--baseline", "none"]);

    let folder = tempfile::Builder::new().prefix("lw-").tempdir().unwrap();
    let fresh = Engine::in_folder(folder.path());
    let (again, events) = release(&fresh, &project, &["--baseline", "none"]);
    assert!(!of_kind(&events, "layerIndexed").is_empty());
    for image in ["app", "tool"] {
        assert_eq!(soci_indexes(&again, image), soci_indexes(&first, image));
        // The base and the copied layer.
        assert_lazy(&format!("{}/{image}:live", stage.registry.address), 2);
    }
}

/// BuildKit writes the annotation itself, so that its attestations name what is deployed.
#[test]
fn attestations_name_the_image_that_is_deployed() {
    let stage = Stage::new();
    let bake = BAKE.replace(
        "target   = \"app\"",
        "target   = \"app\"\n  attest   = [\"type=provenance,mode=min\"]",
    );
    let project = project(&stage, &bake, LAUNCHWAY);
    release(&stage.engine, &project, &["app"]);
    let reference = format!("{}/app:live", stage.registry.address);
    assert_lazy(&reference, 1);
    let index = document(&reference);
    let entries = index["manifests"].as_array().unwrap();
    let repository = format!("{}/app", stage.registry.address);
    let mut attested = 0;
    for entry in entries {
        let Some(about) = entry["annotations"]["vnd.docker.reference.digest"].as_str() else {
            continue;
        };
        let image = entries
            .iter()
            .find(|image| image["digest"] == about)
            .unwrap();
        assert_eq!(image["platform"]["os"], "linux");
        let attestation = document(&format!(
            "{repository}@{}",
            entry["digest"].as_str().unwrap()
        ));
        let blob = attestation["layers"][0]["digest"].as_str().unwrap();
        let statement = crane(&["blob", &format!("{repository}@{blob}")]);
        let statement: Value = serde_json::from_str(&statement).unwrap();
        let subject = statement["subject"][0]["digest"]["sha256"]
            .as_str()
            .unwrap();
        assert_eq!(about, format!("sha256:{subject}"));
        attested += 1;
    }
    assert_eq!(attested, 2);
}

#[test]
fn an_image_without_large_layers_passes_and_the_summary_says_so() {
    let stage = Stage::new();
    let launchway = LAUNCHWAY.replace("soci {}", "soci { min_layer_size = \"100MiB\" }");
    let project = project(&stage, BAKE, &launchway);
    let outcome = stage.engine.succeed(&project, &["release", "tool"]);
    assert!(outcome.stderr.contains("100 MiB"), "{}", outcome.stderr);
    assert_eq!(check_annotations(&stage.registry), 0);
    let index = document(&format!("{}/tool:live", stage.registry.address));
    assert_eq!(index["manifests"].as_array().unwrap().len(), 2);
    // Nothing changed, nothing missing: the second run publishes nothing.
    let second = stage
        .engine
        .run(&project, &["release", "tool", "--require-change"]);
    assert_eq!(second.code, Some(4), "{}", second.stderr);
}

#[test]
fn asking_for_soci_later_publishes_once() {
    let stage = Stage::new();
    let project = project(&stage, BAKE, "release { baseline = \"tag:live\" }\n");
    let (plain, _) = release(&stage.engine, &project, &["tool"]);
    let (lazy, _) = release(&stage.engine, &project, &["tool", "--soci"]);
    assert_eq!(lazy["images"]["tool"]["changed"], true);
    assert_ne!(
        lazy["images"]["tool"]["digest"],
        plain["images"]["tool"]["digest"]
    );
    let reason = lazy["images"]["tool"]["reason"].as_str().unwrap();
    assert!(reason.contains("no SOCI index yet"), "{reason}");
    assert_lazy(&format!("{}/tool:live", stage.registry.address), 1);
    let (again, _) = release(&stage.engine, &project, &["tool", "--soci"]);
    assert_eq!(again["changed"], false);
    // Not asking for it takes nothing away from an image that did not change.
    let (without, _) = release(&stage.engine, &project, &["tool"]);
    assert_eq!(without["changed"], false);
    assert_eq!(
        without["images"]["tool"]["digest"],
        lazy["images"]["tool"]["digest"]
    );
}

#[test]
fn bake_with_soci_pushes_lazy_images() {
    let stage = Stage::new();
    let project = project(&stage, BAKE, "");
    let arguments = [
        "bake",
        "--push",
        "--soci",
        "--metadata-file",
        "m.json",
        "app",
    ];
    stage.engine.succeed(&project, &arguments);
    let reference = format!("{}/app:live", stage.registry.address);
    assert_lazy(&reference, 1);
    assert_eq!(
        project.json("m.json")["app"]["containerimage.digest"],
        crane(&["digest", &reference])
    );
}

/// zstd layers of a base are not lazy on Fargate; they are compressed anew.
#[test]
fn a_base_of_zstd_layers_becomes_gzip() {
    let stage = Stage::new();
    let bake = r#"
variable "REGISTRY" {}
target "base" {
  dockerfile-inline = "FROM ${REGISTRY}/base/busybox:stable\nRUN head -c 12000000 /dev/urandom > /random\n"
  tags   = ["${REGISTRY}/zbase:1"]
  output = ["type=image,push=true,compression=zstd,force-compression=true"]
}
target "app" {
  dockerfile-inline = "FROM ${REGISTRY}/zbase:1\nRUN echo app > /app\n"
  tags = ["${REGISTRY}/app:live"]
}
"#;
    let project = project(&stage, bake, LAUNCHWAY);
    stage.engine.succeed(&project, &["bake", "base"]);
    let base = format!("{}/zbase:1", stage.registry.address);
    let zstd = |reference: &str| crane(&["manifest", reference]).contains("tar+zstd");
    assert!(zstd(&base));
    release(&stage.engine, &project, &["app"]);
    let reference = format!("{}/app:live", stage.registry.address);
    let read = read_with_official_library(&reference);
    assert_eq!(read.len(), 1);
    assert_eq!(read[0].ztocs, 1);
    for entry in document(&reference)["manifests"].as_array().unwrap() {
        let digest = entry["digest"].as_str().unwrap();
        assert!(!zstd(&format!("{}/app@{digest}", stage.registry.address)));
    }
}

/// v1: the image is as without SOCI, and each platform's manifest has a referrer, in every
/// repository that gets the image.
#[test]
fn v1_indexes_refer_to_unchanged_images() {
    let stage = Stage::new();
    let registry = &stage.registry.address;
    let bake = BAKE.replace(
        "tags     = [\"${REGISTRY}/tool:live\"]",
        "tags     = [\"${REGISTRY}/tool:live\", \"${REGISTRY}/mirror/tool:live\"]",
    );
    let launchway = LAUNCHWAY.replace("soci {}", "soci { version = \"v1\" }");
    let project = project(&stage, &bake, &launchway);
    let (plain, _) = release(&stage.engine, &project, &["tool", "--no-soci"]);
    let (v1, _) = release(&stage.engine, &project, &["tool"]);
    assert_eq!(v1["changed"], false, "{}", v1["images"]["tool"]["reason"]);
    assert_eq!(
        v1["images"]["tool"]["digest"],
        plain["images"]["tool"]["digest"]
    );
    for (platform, index) in PLATFORMS.iter().zip(soci_indexes(&v1, "tool")) {
        let manifest = &v1["images"]["tool"]["platforms"][platform]["manifest"];
        let manifest = manifest.as_str().unwrap();
        for repository in ["tool", "mirror/tool"] {
            let referrer = document(&format!("{registry}/{repository}@{index}"));
            assert_eq!(referrer["subject"]["digest"], manifest);
            // This registry has no referrers API: the tag stands for it.
            let tag = manifest.replace(':', "-");
            let list = document(&format!("{registry}/{repository}:{tag}"));
            let listed = list["manifests"].as_array().unwrap();
            assert!(
                listed.iter().any(|entry| entry["digest"] == *index),
                "{list}"
            );
        }
    }
    // A second time there is nothing to do.
    let manifests = stage.registry.manifests();
    let (again, events) = release(&stage.engine, &project, &["tool"]);
    assert_eq!(soci_indexes(&again, "tool"), soci_indexes(&v1, "tool"));
    assert_eq!(of_kind(&events, "layerIndexing").len(), 0);
    assert_eq!(stage.registry.manifests(), manifests);
}

/// A target with tags in two repositories is lazy in both; a SOCI index or zTOC that the registry
/// lost is made good by the next release, changed or not.
#[test]
fn every_repository_has_the_index_and_a_lost_one_comes_back() {
    let stage = Stage::new();
    let registry = &stage.registry.address;
    let bake = BAKE.replace(
        "tags     = [\"${REGISTRY}/tool:live\"]",
        "tags     = [\"${REGISTRY}/tool:live\", \"${REGISTRY}/mirror/tool:live\"]",
    );
    // Without the local store, only the registry knows.
    let launchway = LAUNCHWAY.replace("soci {}", "soci { cache_size = 0 }");
    let project = project(&stage, &bake, &launchway);
    let (first, _) = release(&stage.engine, &project, &["tool"]);
    assert_lazy(&format!("{registry}/tool:live"), 1);
    assert_lazy(&format!("{registry}/mirror/tool:live"), 1);

    let lost = &soci_indexes(&first, "tool")[0];
    crane(&["delete", &format!("{registry}/tool@{lost}")]);
    let (second, events) = release(&stage.engine, &project, &["tool"]);
    assert_eq!(second["changed"], false);
    assert_eq!(of_kind(&events, "layerIndexed").len(), 1);
    assert_eq!(soci_indexes(&second, "tool"), soci_indexes(&first, "tool"));
    assert_lazy(&format!("{registry}/tool:live"), 1);
}
