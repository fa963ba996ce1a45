//! What is sent to the daemon of a build context, from one release to the next.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::{Project, Stage, noise};

const DOCKERFILE: &str = "\
ARG BASE
FROM ${BASE}
ARG TARGETARCH
COPY ${TARGETARCH} /arch
COPY message /message
";

const BAKE: &str = r#"
variable "REGISTRY" {}
target "default" {
  platforms = ["linux/amd64", "linux/arm64"]
  args      = { BASE = "${REGISTRY}/base/busybox:stable" }
  tags      = ["${REGISTRY}/contexts:live"]
}
"#;

const MEGABYTES: usize = 3;

/// Bytes that a release sent of its contexts.
fn sent(stage: &Stage, project: &Project) -> u64 {
    let outcome = stage
        .engine
        .succeed(project, &["release", "--progress", "rawjson"]);
    let mut transfers: BTreeMap<String, u64> = BTreeMap::new();
    for line in outcome.stderr.lines() {
        let Ok(update) = serde_json::from_str::<Value>(line) else {
            continue;
        };
        let statuses = update["statuses"].as_array();
        for status in statuses.into_iter().flatten() {
            if status["id"] == "transferring context:" {
                let vertex = status["vertex"].as_str().unwrap().to_owned();
                let bytes = transfers.entry(vertex).or_default();
                *bytes = (*bytes).max(status["current"].as_u64().unwrap_or(0));
            }
        }
    }
    assert!(!transfers.is_empty(), "{}", outcome.stderr);
    transfers.values().sum()
}

#[test]
fn platforms_that_copy_different_folders_keep_a_copy_each() {
    let stage = Stage::new();
    let files = [
        ("Dockerfile", DOCKERFILE),
        ("docker-bake.hcl", BAKE),
        ("launchway.hcl", "release { tags = [\"live\"] }\n"),
        ("message", "0\n"),
    ];
    let project = Project::of(&stage.registry.address, &files);
    for (seed, arch) in [(1, "amd64"), (2, "arm64")] {
        project.write(&format!("{arch}/name"), arch);
        let data = noise(seed, MEGABYTES << 20);
        std::fs::write(project.path().join(arch).join("data"), data).unwrap();
    }
    let all = u64::try_from(2 * (MEGABYTES << 20)).unwrap();
    assert!(sent(&stage, &project) >= all);
    // The daemon gives its copies to whoever asks first: with copies that do not say whose they
    // are, every second run sends everything again.
    for turn in 1..=6 {
        project.write("message", &format!("{turn}\n"));
        let again = sent(&stage, &project);
        assert!(again < all / 10, "{again} bytes in run {turn}");
    }
}

/// Two targets of one Dockerfile that copy different folders, and two Dockerfiles that copy all but
/// what their own ignore files leave out.
#[test]
fn targets_that_select_different_folders_keep_a_copy_each() {
    let dockerfile = "\
ARG BASE
FROM ${BASE} AS web
COPY web /web
COPY message /message
FROM ${BASE} AS api
COPY api /api
COPY message /message
";
    let all = "ARG BASE\nFROM ${BASE}\nCOPY . /all\n";
    let bake = r#"
variable "REGISTRY" {}
group "default" { targets = ["web", "api", "one", "two"] }
target "_common" {
  platforms = ["linux/amd64"]
  args      = { BASE = "${REGISTRY}/base/busybox:stable" }
}
target "stages" {
  name     = stage
  inherits = ["_common"]
  matrix   = { stage = ["web", "api"] }
  target   = stage
  tags     = ["${REGISTRY}/stage-${stage}:live"]
}
target "files" {
  name       = file
  inherits   = ["_common"]
  matrix     = { file = ["one", "two"] }
  dockerfile = "Dockerfile.${file}"
  tags       = ["${REGISTRY}/file-${file}:live"]
}
"#;
    let stage = Stage::new();
    let files = [
        ("Dockerfile", dockerfile),
        ("Dockerfile.one", all),
        ("Dockerfile.two", all),
        ("Dockerfile.one.dockerignore", "api\nlaunchway-out\n"),
        ("Dockerfile.two.dockerignore", "web\nlaunchway-out\n"),
        ("docker-bake.hcl", bake),
        ("launchway.hcl", "release { tags = [\"live\"] }\n"),
        ("message", "0\n"),
    ];
    let project = Project::of(&stage.registry.address, &files);
    for (seed, folder) in [(3, "web"), (4, "api")] {
        project.write(&format!("{folder}/name"), folder);
        let data = noise(seed, MEGABYTES << 20);
        std::fs::write(project.path().join(folder).join("data"), data).unwrap();
    }
    let all = u64::try_from(4 * (MEGABYTES << 20)).unwrap();
    assert!(sent(&stage, &project) >= all);
    for turn in 1..=6 {
        project.write("message", &format!("{turn}\n"));
        let again = sent(&stage, &project);
        assert!(again < all / 10, "{again} bytes in run {turn}");
    }
}
