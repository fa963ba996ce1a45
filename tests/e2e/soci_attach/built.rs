//! Images that the real daemon built, with attestations.

use std::process::Command;

use launchway::image::Digest;
use launchway::soci::annotate::annotated_like_buildkit;
use serde_json::Value;

use super::{ANNOTATION, Soci, V2, document, pull};
use crate::support::{Project, Stage, crane, noise};

const BAKE: &str = r#"
variable "REGISTRY" {}
variable "SOCI" { default = "" }
target "default" {
  dockerfile-inline = "FROM scratch\nCOPY large /data/\nCOPY small /\n"
  platforms   = ["linux/amd64", "linux/arm64"]
  tags        = ["${REGISTRY}/shop/app:${SOCI == "" ? "plain" : "predicted"}"]
  attest      = SOCI == "" ? ["type=provenance,mode=min"] : []
  annotations = SOCI == "" ? ["org.opencontainers.image.title=<Shop>"] : [
    "org.opencontainers.image.title=<Shop>",
    "com.amazon.soci.index-digest=${SOCI}",
  ]
}
"#;

fn digests(index: &Value, of: impl Fn(&Value) -> bool) -> Vec<String> {
    let entries = index["manifests"].as_array().unwrap();
    let some = entries.iter().filter(|entry| of(entry));
    some.map(|entry| entry["digest"].as_str().unwrap().to_owned())
        .collect()
}

fn is_image(entry: &Value) -> bool {
    entry["platform"]["os"] == "linux" && entry["artifactType"].is_null()
}

fn is_attestation(entry: &Value) -> bool {
    !entry["annotations"]["vnd.docker.reference.digest"].is_null()
}

/// The images that attestations name, in the order of the attestations.
fn about(index: &Value) -> Vec<String> {
    let entries = index["manifests"].as_array().unwrap();
    let named = entries
        .iter()
        .filter_map(|entry| entry["annotations"]["vnd.docker.reference.digest"].as_str());
    named.map(str::to_owned).collect()
}

fn sorted(mut digests: Vec<String>) -> Vec<String> {
    digests.sort();
    digests
}

#[test]
fn an_image_with_attestations_is_converted_copied_and_read_back() {
    let stage = Stage::new();
    let address = &stage.registry.address;
    let files = [("docker-bake.hcl", BAKE), ("small", "1\n")];
    let project = Project::of(address, &files);
    let large = noise(1, 400_000);
    std::fs::create_dir(project.path().join("large")).unwrap();
    std::fs::write(project.path().join("large/noise"), &large).unwrap();
    std::fs::write(project.path().join("large/text"), "a line\n".repeat(90_000)).unwrap();
    stage.engine.succeed(&project, &["bake", "--push"]);

    let repository = format!("{address}/shop/app");
    let reference = format!("{repository}:plain");
    let before = document(&reference);
    let old = digests(&before, is_image);
    assert_eq!(old.len(), 2);
    assert_eq!(sorted(about(&before)), sorted(old.clone()));

    let soci = Soci::new();
    let digest = soci.attach(&reference, &[]);
    assert_eq!(crane(&["digest", &reference]), digest);
    let after = document(&reference);
    let new = digests(&after, is_image);
    assert!(new.iter().all(|image| !old.contains(image)));
    // Attestations name the new images, in the index and in their own manifests.
    let successor = |image: &String| new[old.iter().position(|one| one == image).unwrap()].clone();
    let successors: Vec<String> = about(&before).iter().map(successor).collect();
    assert_eq!(about(&after), successors);
    for (attestation, image) in digests(&after, is_attestation).iter().zip(&successors) {
        let manifest = document(&format!("{repository}@{attestation}"));
        assert_eq!(manifest["subject"]["digest"], Value::from(image.as_str()));
    }
    let statements = |index: &Value| -> Vec<Value> {
        let attestations = digests(index, is_attestation);
        let layers = attestations
            .iter()
            .map(|one| document(&format!("{repository}@{one}"))["layers"].clone());
        layers.collect()
    };
    assert_eq!(statements(&after), statements(&before));
    // SOCI entries come last, and name their images.
    let entries = after["manifests"].as_array().unwrap();
    for (entry, image) in entries[4..].iter().zip(&new) {
        assert_eq!(entry["artifactType"], V2);
        let named = &entry["annotations"]["com.amazon.soci.image-manifest-digest"];
        assert_eq!(named, image);
    }

    // The same again changes nothing, with what is known and without.
    assert_eq!(soci.attach(&reference, &[]), digest);
    assert_eq!(Soci::new().attach(&reference, &["--no-cache"]), digest);

    pull(&reference);
    let copies = [
        format!("{address}/copy/crane:1"),
        format!("{address}/copy/skopeo:1"),
    ];
    crane(&["copy", &reference, &copies[0]]);
    let mut skopeo = Command::new("skopeo");
    skopeo.args(["--insecure-policy", "copy", "--all", "--quiet"]);
    skopeo.args(["--src-tls-verify=false", "--dest-tls-verify=false"]);
    skopeo.args([&reference, &copies[1]].map(|name| format!("docker://{name}")));
    let copied = skopeo.status().expect("skopeo (Debian: skopeo) is missing");
    assert!(copied.success());
    for copy in &copies {
        pull(copy);
    }
    let found = soci.explain(&reference);
    // A registry on loopback is no ECR, and the image is tiny.
    assert!(!found.contains(&"no-index".to_owned()), "{found:?}");
    assert_eq!(found[0], "registry");

    // The daemon itself writes the manifests that were predicted.
    let annotated = document(&format!("{repository}@{}", new[0]));
    let soci_index = annotated["annotations"][ANNOTATION].as_str().unwrap();
    let mut bake = stage.engine.command(&project, &["bake", "--push"]);
    assert!(
        bake.env("SOCI", soci_index)
            .output()
            .unwrap()
            .status
            .success()
    );
    let predicted = digests(&document(&format!("{repository}:predicted")), is_image);
    let soci_index: Digest = soci_index.parse().unwrap();
    for (old, built) in old.iter().zip(&predicted) {
        let plain = crane(&["manifest", &format!("{repository}@{old}")]);
        let like_buildkit = annotated_like_buildkit(plain.as_bytes(), soci_index).unwrap();
        assert_eq!(Digest::of(like_buildkit).to_string(), *built);
    }
    // And attaching gives the same, where both platforms have the same layers.
    assert_eq!(predicted, new);
}
