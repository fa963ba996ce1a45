//! Attaching where the registry fails, the image is damaged, or somebody else pushes.

use std::process::Stdio;
use std::time::Duration;

use launchway::exit;
use launchway::image::{Digest, media_type};
use launchway::registry::fault::{Fault, FaultRegistry, Quirks, Requests};
use tokio::runtime::Runtime;

use super::{SMALL, Soci};
use crate::support::{Layer, Outcome, image};

const REPOSITORY: &str = "shop/app";
const TAG: &str = "1";

struct Faulty {
    registry: FaultRegistry,
    soci: Soci,
    // The registry's connections live on it; it goes last.
    _runtime: Runtime,
}

impl Faulty {
    fn new(quirks: Quirks) -> Self {
        let runtime = Runtime::new().unwrap();
        let registry = runtime.block_on(FaultRegistry::start(quirks)).unwrap();
        Self {
            registry,
            soci: Soci::new(),
            _runtime: runtime,
        }
    }

    fn reference(&self) -> String {
        format!("{}/{REPOSITORY}:{TAG}", self.registry.host())
    }

    /// Puts an image into the registry under [`TAG`].
    fn put(&self, layers: &[Layer]) -> Digest {
        for layer in layers {
            self.registry.add_blob(REPOSITORY, layer.compressed.clone());
        }
        let (config, manifest) = image("amd64", layers);
        self.registry.add_blob(REPOSITORY, config);
        let kind = media_type::OCI_MANIFEST;
        let put = self
            .registry
            .add_manifest(REPOSITORY, Some(TAG), kind, manifest);
        put.digest
    }

    fn attach(&self, more: &[&str]) -> Outcome {
        self.soci.try_attach(&self.reference(), more)
    }

    /// The text of the SOCI index that the image index lists.
    fn soci_index(&self) -> String {
        let (_, index) = self.registry.manifest(REPOSITORY, TAG).unwrap();
        let index: serde_json::Value = serde_json::from_slice(&index).unwrap();
        let entries = index["manifests"].as_array().unwrap();
        let is_soci = |entry: &&serde_json::Value| entry["artifactType"] == super::V2;
        let soci = entries.iter().find(is_soci).unwrap()["digest"].as_str();
        let (_, soci) = self.registry.manifest(REPOSITORY, soci.unwrap()).unwrap();
        String::from_utf8(soci.to_vec()).unwrap()
    }

    fn tag(&self) -> Digest {
        let tags = self.registry.tags(REPOSITORY);
        let tag = tags.iter().find(|(name, _)| name == TAG);
        tag.unwrap().1
    }
}

fn blob(layer: &Layer) -> Requests {
    Requests::new("GET", &format!("/blobs/{}", layer.digest()))
}

#[test]
fn a_download_that_breaks_off_goes_on() {
    let stage = Faulty::new(Quirks::default());
    let layer = Layer::of(1, 300_000);
    let before = stage.put(std::slice::from_ref(&layer));
    stage.registry.fail(blob(&layer), Fault::unavailable(), 1);
    stage
        .registry
        .fail(blob(&layer), Fault::CutBody(100_000), 1);
    stage.registry.fail(blob(&layer), Fault::unavailable(), 1);
    let outcome = stage.attach(&[]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert_ne!(stage.tag(), before);
    assert_eq!(stage.registry.count(&blob(&layer)), 4);

    // What it indexed is what was sent: without the faults the digest is the same.
    let healthy = Faulty::new(Quirks::default());
    healthy.put(&[layer]);
    assert_eq!(healthy.attach(&[]).code, Some(0));
    assert_eq!(healthy.tag(), stage.tag());
}

#[test]
fn a_layer_that_cannot_be_had_moves_no_tag() {
    for (fault, code, says) in [
        (
            Fault::refuse(404, "BLOB_UNKNOWN", "blob unknown"),
            exit::REGISTRY,
            ["404", "layer 2 of linux/amd64"],
        ),
        (
            Fault::refuse(403, "DENIED", "no permission"),
            exit::REGISTRY,
            ["403", "hint:"],
        ),
        (Fault::Unauthorized, exit::REGISTRY, ["401", "docker login"]),
        (Fault::unavailable(), exit::TEMPORARY, ["503", "temporary"]),
        (
            Fault::Corrupt,
            exit::REGISTRY,
            ["digest", "No tag has moved"],
        ),
    ] {
        let stage = Faulty::new(Quirks::default());
        let (first, second) = (Layer::of(1, 80_000), Layer::of(2, 80_000));
        let before = stage.put(&[first, second.clone()]);
        let manifests = stage.registry.manifests(REPOSITORY);
        stage.registry.fail(blob(&second), fault, 100);
        let outcome = stage.attach(&[]);
        outcome.assert_failed(code, &says);
        assert_eq!(outcome.stdout, "");
        assert_eq!(stage.tag(), before);
        assert_eq!(stage.registry.manifests(REPOSITORY), manifests);
    }
}

#[test]
fn a_layer_that_is_not_what_the_configuration_says_is_left_out() {
    let stage = Faulty::new(Quirks::default());
    let (first, mut second) = (Layer::of(1, 80_000), Layer::of(2, 80_000));
    // The store learns the second layer from an image whose configuration is right.
    stage.put(&[first.clone(), second.clone()]);
    stage.soci.attach(&stage.reference(), &[]);
    second.diff_id = Digest::of("something else");
    let warning = "layer 2 of linux/amd64 is not indexed: it unpacks to sha256:";
    // With a zTOC from the store, and on a machine that has none.
    for soci in [&stage.soci, &Soci::new()] {
        let before = stage.put(&[first.clone(), second.clone()]);
        let outcome = soci.try_attach(&stage.reference(), &[]);
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        assert!(outcome.stderr.contains(warning), "{}", outcome.stderr);
        assert_ne!(stage.tag(), before);
        let index = stage.soci_index();
        assert!(index.contains(&first.digest().to_string()), "{index}");
        assert!(!index.contains(&second.digest().to_string()), "{index}");
    }
    assert_eq!(stage.registry.count(&blob(&second)), 2);
}

#[test]
fn an_image_without_anything_to_index_gets_its_tag_as_it_is() {
    let stage = Faulty::new(Quirks::default());
    let before = stage.put(&[Layer::of(1, 400)]);
    let outcome = stage.attach(&["--tag", "2"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("The tag 2 points at it now"));
    assert!(outcome.stdout.contains(&before.to_string()));
    let one = stage.registry.manifest(REPOSITORY, TAG).unwrap();
    let two = stage.registry.manifest(REPOSITORY, "2").unwrap();
    assert_eq!(one, two);
    assert_eq!(two.0, media_type::OCI_MANIFEST);
    assert_eq!(stage.registry.manifests(REPOSITORY), [before]);
}

#[test]
fn soci_indexes_go_when_every_layer_drops_out() {
    let stage = Faulty::new(Quirks::default());
    stage.put(&[Layer::of(1, 100_000)]);
    stage.soci.attach(&stage.reference(), &[]);
    let limit = ["--min-layer-size", "100MiB"];
    let run = || {
        let reference = stage.reference();
        let arguments = [&["attach", &reference], &limit[..]].concat();
        let outcome = stage.soci.run(&arguments);
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        outcome
    };
    let outcome = run();
    assert!(
        outcome.stderr.contains("names no SOCI index any more"),
        "{}",
        outcome.stderr
    );
    let (kind, index) = stage.registry.manifest(REPOSITORY, TAG).unwrap();
    assert_eq!(kind, media_type::OCI_INDEX);
    let text = String::from_utf8(index.to_vec()).unwrap();
    assert!(!text.contains("soci"), "{text}");
    let index: serde_json::Value = serde_json::from_str(&text).unwrap();
    let image = index["manifests"][0]["digest"].as_str().unwrap();
    let (_, image) = stage.registry.manifest(REPOSITORY, image).unwrap();
    assert!(!String::from_utf8(image.to_vec()).unwrap().contains("soci"));
    let digest = stage.tag();
    assert!(run().stderr.contains("stays as it is"));
    assert_eq!(stage.tag(), digest);

    // A single image whose annotation names nothing that could be a SOCI index.
    let plain = stage.put(&[Layer::of(2, 400)]);
    let (kind, bytes) = stage.registry.manifest(REPOSITORY, TAG).unwrap();
    let mut broken: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    broken["annotations"] = serde_json::json!({ super::ANNOTATION: "none", "kept": "1" });
    let broken = serde_json::to_vec(&broken).unwrap();
    stage
        .registry
        .add_manifest(REPOSITORY, Some(TAG), &kind, broken);
    run();
    let (kind, after) = stage.registry.manifest(REPOSITORY, TAG).unwrap();
    assert_eq!(kind, media_type::OCI_MANIFEST);
    let after: serde_json::Value = serde_json::from_slice(&after).unwrap();
    assert_eq!(after["annotations"], serde_json::json!({ "kept": "1" }));
    assert_ne!(stage.tag(), plain);
}

#[test]
fn a_tag_that_somebody_moves_meanwhile_stays_theirs() {
    let stage = Faulty::new(Quirks::default());
    let layer = Layer::of(1, 100_000);
    stage.put(std::slice::from_ref(&layer));
    // Long enough for the push below; nothing depends on how long.
    let slow = Fault::Delay(Duration::from_secs(5));
    stage.registry.fail(blob(&layer), slow, 1);
    let reference = stage.reference();
    let mut arguments = vec!["attach", &reference];
    arguments.extend(SMALL);
    let mut command = stage.soci.command(&arguments);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = child.spawn().unwrap();
    // The manifest was read when its configuration is asked for.
    let read = Requests::new("GET", "/blobs/");
    while stage.registry.count(&read) == 0 {
        std::thread::sleep(Duration::from_millis(20));
    }
    let theirs = stage.put(&[Layer::of(2, 100_000)]);
    let outcome = Outcome::of(child.wait_with_output().unwrap());
    outcome.assert_failed(
        exit::TEMPORARY,
        &["Somebody pushed meanwhile", &theirs.to_string()],
    );
    assert_eq!(stage.tag(), theirs);

    // The next run is about theirs.
    assert_eq!(stage.attach(&[]).code, Some(0));
    assert_ne!(stage.tag(), theirs);
}

#[test]
fn an_immutable_tag_is_named_and_another_can_be_given() {
    let stage = Faulty::new(Quirks {
        immutable_tags: true,
        no_location: true,
        ..Quirks::default()
    });
    let before = stage.put(&[Layer::of(1, 100_000)]);
    let outcome = stage.attach(&[]);
    outcome.assert_failed(exit::REGISTRY, &["immutable", "--tag", "No tag has moved"]);
    assert_eq!(stage.tag(), before);
    for _ in 0..2 {
        let outcome = stage.attach(&["--tag", "1-soci"]);
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    }
    assert_eq!(stage.registry.tags(REPOSITORY).len(), 2);
}

#[test]
fn zstd_is_left_out_with_a_warning_and_known_layers_are_not_downloaded() {
    let stage = Faulty::new(Quirks::default());
    let (first, mut second) = (Layer::of(1, 80_000), Layer::of(2, 80_000));
    second.media_type = "application/vnd.oci.image.layer.v1.tar+zstd";
    stage.put(&[first.clone(), second.clone()]);
    let outcome = stage.attach(&[]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let warning = "warning: layer 2 of linux/amd64 is not indexed: it is compressed with zstd";
    assert!(outcome.stderr.contains(warning), "{}", outcome.stderr);
    assert_eq!(stage.registry.count(&blob(&second)), 0);
    assert_eq!(stage.registry.count(&blob(&first)), 1);
    let codes = stage.soci.explain(&stage.reference());
    assert!(codes.contains(&"zstd".to_owned()), "{codes:?}");

    // Known from the local store, and on another machine from the image itself.
    let digest = stage.tag();
    for soci in [&stage.soci, &Soci::new()] {
        soci.attach(&stage.reference(), &[]);
        assert_eq!(stage.registry.count(&blob(&first)), 1);
        assert_eq!(stage.tag(), digest);
    }
    Soci::new().attach(&stage.reference(), &["--no-cache"]);
    assert_eq!(stage.registry.count(&blob(&first)), 2);
    assert_eq!(stage.tag(), digest);
}

#[test]
fn v1_needs_no_tag_where_the_registry_lists_referrers() {
    let stage = Faulty::new(Quirks::default());
    let before = stage.put(&[Layer::of(1, 100_000)]);
    let outcome = stage.attach(&["--version", "v1"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert_eq!(stage.tag(), before);
    assert_eq!(stage.registry.tags(REPOSITORY).len(), 1);
    assert_eq!(stage.registry.manifests(REPOSITORY).len(), 2);
}
