//! Images that other tools made, without attestations.

use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use super::{ANNOTATION, Soci, V2, document, pull, read_back};
use crate::support::{Layer, Registry, crane};

/// A registry, and layers in files.
struct Shelf {
    registry: Registry,
    folder: TempDir,
}

impl Shelf {
    fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("lw-").tempdir().unwrap();
        let registry = Registry::start(&folder.path().join("registry"));
        Self { registry, folder }
    }

    fn name(&self, rest: &str) -> String {
        format!("{}/{rest}", self.registry.address)
    }

    fn layer(&self, layer: &Layer) -> String {
        let path = self.folder.path().join(layer.diff_id.hex() + ".tar.gz");
        std::fs::write(&path, &layer.compressed).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Pushes a single image with crane, in Docker's schema 2 or as OCI.
    fn push(&self, rest: &str, architecture: &str, oci: bool, layers: &[&Layer]) -> String {
        let name = self.name(rest);
        let mut arguments = vec!["append".to_owned(), "--new_tag".to_owned(), name.clone()];
        if oci {
            arguments.push("--oci-empty-base".to_owned());
        }
        for layer in layers {
            arguments.extend(["--new_layer".to_owned(), self.layer(layer)]);
        }
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        crane(&arguments);
        let platform = format!("linux/{architecture}");
        crane(&["mutate", &name, "--set-platform", &platform, "--tag", &name]);
        name
    }
}

/// Reads a single image back.
fn pull_one(reference: &str) {
    let folder = TempDir::new().unwrap();
    let layout = folder.path().join("layout");
    crane(&["pull", "--format=oci", reference, path(&layout)]);
    read_back(&layout, 1);
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn single_manifests_become_indexes_also_dockers() {
    let shelf = Shelf::new();
    let soci = Soci::new();
    let (large, small) = (Layer::of(1, 300_000), Layer::of(2, 400));
    for oci in [true, false] {
        let reference = shelf.push("shop/one:1", "arm64", oci, &[&large, &small]);
        let before = document(&reference);
        let digest = soci.attach(&reference, &[]);
        let index = document(&reference);
        assert_eq!(
            index["mediaType"],
            "application/vnd.oci.image.index.v1+json"
        );
        let entries = index["manifests"].as_array().unwrap();
        assert_eq!(entries.len(), 2);
        assert_eq!(entries[0]["platform"]["architecture"], "arm64");
        assert_eq!(entries[0]["platform"], entries[1]["platform"]);
        assert_eq!(entries[1]["artifactType"], V2);
        let image = entries[0]["digest"].as_str().unwrap();
        let image = document(&shelf.name(&format!("shop/one@{image}")));
        assert_eq!(image["layers"], before["layers"]);
        assert_eq!(image["config"]["digest"], before["config"]["digest"]);
        assert_eq!(
            image["mediaType"],
            "application/vnd.oci.image.manifest.v1+json"
        );
        assert_eq!(image["annotations"][ANNOTATION], entries[1]["digest"]);
        assert_eq!(soci.attach(&reference, &[]), digest);
        pull_one(&reference);
    }
}

#[test]
fn platforms_one_after_the_other_give_what_all_at_once_give() {
    let shelf = Shelf::new();
    let soci = Soci::new();
    let shared = Layer::of(1, 200_000);
    for (architecture, seed) in [("amd64", 2), ("arm64", 3)] {
        let own = Layer::of(seed, 150_000);
        let rest = format!("shop/app:{architecture}");
        shelf.push(&rest, architecture, false, &[&shared, &own]);
    }
    let (amd64, arm64) = (shelf.name("shop/app:amd64"), shelf.name("shop/app:arm64"));
    let list = shelf.name("shop/app:list");
    crane(&[
        "index",
        "append",
        "--docker-empty-base",
        "--manifest",
        &amd64,
        "--manifest",
        &arm64,
        "--tag",
        &list,
    ]);
    let mut digests = Vec::new();
    for tag in ["at-once", "in-turn"] {
        crane(&["tag", &list, tag]);
    }
    let (at_once, in_turn) = (
        shelf.name("shop/app:at-once"),
        shelf.name("shop/app:in-turn"),
    );
    digests.push(soci.attach(&at_once, &[]));
    let first = soci.attach(&in_turn, &["--platform", "linux/arm64"]);
    digests.push(soci.attach(&in_turn, &["--platform", "linux/amd64"]));
    assert_eq!(digests[0], digests[1]);
    assert_ne!(first, digests[0]);
    // Nothing is left of other spans and limits that were tried before.
    let other = ["--min-layer-size", "190KiB", "--span-size", "128KiB"];
    let other = soci.run(&[&["attach", &in_turn], &other[..]].concat());
    assert_eq!(other.code, Some(0), "{}", other.stderr);
    assert_ne!(crane(&["digest", &in_turn]), digests[0]);
    assert_eq!(soci.attach(&in_turn, &[]), digests[0]);
    pull(&at_once);

    let explain = ["explain", &at_once, "--format", "json", "--platform"];
    let arm64 = soci.run(&[&explain[..], &["linux/arm64"]].concat());
    let arm64: Value = serde_json::from_str(&arm64.stdout).unwrap();
    let verdicts = arm64["verdicts"].as_array().unwrap();
    assert_eq!(verdicts.len(), 1);
    assert_eq!(verdicts[0]["platform"], "linux/arm64");

    for missing in [
        soci.try_attach(&at_once, &["--platform", "linux/s390x"]),
        soci.run(&[&explain[..], &["linux/s390x"]].concat()),
    ] {
        missing.assert_failed(
            14,
            &["linux/s390x", "It has images for linux/amd64, linux/arm64"],
        );
    }
}

#[test]
fn a_digest_moves_no_tag_and_tags_can_be_chosen() {
    let shelf = Shelf::new();
    let soci = Soci::new();
    let reference = shelf.push("shop/one:1", "amd64", true, &[&Layer::of(1, 200_000)]);
    let before = crane(&["digest", &reference]);
    let by_digest = shelf.name(&format!("shop/one@{before}"));
    let digest = soci.attach(&by_digest, &[]);
    assert_eq!(crane(&["digest", &reference]), before);
    assert_eq!(
        crane(&["digest", &shelf.name(&format!("shop/one@{digest}"))]),
        digest
    );
    let more = ["--tag", "1-soci", "--tag", "lazy"];
    assert_eq!(soci.attach(&reference, &more), digest);
    assert_eq!(crane(&["digest", &reference]), before);
    for tag in ["1-soci", "lazy"] {
        assert_eq!(
            crane(&["digest", &shelf.name(&format!("shop/one:{tag}"))]),
            digest
        );
    }
}

#[test]
fn an_image_of_small_layers_stays_as_it_is() {
    let shelf = Shelf::new();
    let soci = Soci::new();
    let reference = shelf.push("shop/one:1", "amd64", true, &[&Layer::of(1, 9000)]);
    let manifests = shelf.registry.manifests();
    let outcome = soci.try_attach(&reference, &[]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert!(
        outcome.stderr.contains("stays as it is"),
        "{}",
        outcome.stderr
    );
    let digest = crane(&["digest", &reference]);
    assert!(outcome.stdout.trim_end().ends_with(&digest));
    assert_eq!(shelf.registry.manifests(), manifests);
}

#[test]
fn v1_refers_to_the_image_under_the_tag_of_its_digest() {
    let shelf = Shelf::new();
    let soci = Soci::new();
    let reference = shelf.push("shop/one:1", "amd64", true, &[&Layer::of(1, 200_000)]);
    let image = crane(&["digest", &reference]);
    for summary in ["attached", "unchanged"] {
        let outcome = soci.try_attach(&reference, &["--version", "v1", "--format", "json"]);
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        let attached: Value = serde_json::from_str(&outcome.stdout).unwrap();
        assert_eq!(attached["summary"], summary);
        assert_eq!(attached["digest"], Value::from(image.as_str()));
    }
    assert_eq!(crane(&["digest", &reference]), image);
    let fallback = shelf.name(&format!("shop/one:{}", image.replace(':', "-")));
    let list = document(&fallback);
    let entries = list["manifests"].as_array().unwrap();
    assert_eq!(entries.len(), 1);
    let kind = "application/vnd.amazon.soci.index.v1+json";
    assert_eq!(entries[0]["artifactType"], kind);
    let index = entries[0]["digest"].as_str().unwrap();
    let index = document(&shelf.name(&format!("shop/one@{index}")));
    assert_eq!(index["subject"]["digest"], Value::from(image.as_str()));
    assert!(soci.explain(&reference).contains(&"v1-only".to_owned()));

    let refused = soci.try_attach(&reference, &["--version", "v1", "--tag", "x"]);
    refused.assert_failed(2, &["--tag has no meaning"]);
}
