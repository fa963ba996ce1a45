//! `soci verify` and `soci inspect` on images that the official tool indexed, as they are and with
//! one thing wrong each.
#![expect(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use bytes::Bytes;
use launchway::image::{Descriptor, Digest, media_type};
use launchway::registry::{BlobSource, Client, Reference, ReferenceTarget, Repository};
use launchway::soci::{SociLayer, SociOptions, push_index};
use launchway_soci::index::{SociIndex, Subject, Version};
use launchway_soci::spans::Spans;
use launchway_soci::ztoc::{self, EncodedZtoc, Ztoc};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::registry::{client, tag};
use crate::support::{Outcome, Registry, crane, part};

const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const ANNOTATION: &str = "com.amazon.soci.index-digest";
/// What the oracle is told: low enough for layers that are made in no time.
const SMALLEST: u64 = 100_000;
const SPAN: u64 = 256 << 10;

/// A registry with `shop/web:plain`, and `shop/web:soci` as the official tool converts it: two
/// platforms, each with two indexed layers and a small one.
struct Shop {
    registry: Registry,
    repository: Repository,
    client: Client,
    folder: TempDir,
}

impl Shop {
    /// With SOCI indexes for all platforms, or one.
    fn new(platforms: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let registry = Registry::start(&folder.path().join("registry"));
        let repository: Repository = format!("{}/shop/web", registry.address).parse().unwrap();
        let plain = folder.path().join("plain");
        let converted = folder.path().join("soci");
        layout(&plain);
        run(Command::new(part("soci-oracle-v0.15"))
            .arg("convert")
            .args([&plain, &converted])
            .args([platforms, &SMALLEST.to_string(), &SPAN.to_string()])
            .env("TZ", "UTC"));
        for (layout, tag) in [(&plain, "plain"), (&converted, "soci")] {
            let reference = format!("{repository}:{tag}");
            crane(&["push", layout.to_str().unwrap(), &reference]);
        }
        Self {
            registry,
            repository,
            client: client(),
            folder,
        }
    }

    fn launchway(&self, arguments: &[&str]) -> Outcome {
        let output = Command::new(env!("CARGO_BIN_EXE_launchway"))
            .arg("soci")
            .args(arguments)
            .env_clear()
            .env("HOME", self.folder.path())
            .output();
        Outcome::of(output.unwrap())
    }

    fn verify(&self, tag: &str) -> Outcome {
        self.launchway(&["verify", &format!("{}:{tag}", self.repository)])
    }

    /// It does not pass, and says all of this in its table.
    #[track_caller]
    fn assert_refused(&self, tag: &str, says: &[&str]) {
        let outcome = self.verify(tag);
        outcome.assert_failed(14, &["did not pass for linux/amd64"]);
        for text in says {
            let table = &outcome.stdout;
            assert!(table.contains(text), "should say `{text}`:\n{table}");
        }
    }

    fn json(&self, verb: &str, tag: &str) -> Value {
        let reference = format!("{}:{tag}", self.repository);
        let outcome = self.launchway(&[verb, &reference, "--format", "json"]);
        serde_json::from_str(&outcome.stdout).unwrap()
    }

    async fn document(&self, reference: &Reference) -> Value {
        let (_, bytes) = self.client.get_manifest(reference).await.unwrap().unwrap();
        serde_json::from_slice(&bytes).unwrap()
    }

    /// The first image of a tag, which is for amd64.
    async fn image(&self, name: &str) -> (Descriptor, Value) {
        let top = self.repository.with_target(tag(name));
        let index = self.document(&top).await;
        let entry: Descriptor = serde_json::from_value(index["manifests"][0].clone()).unwrap();
        let manifest = self.repository.with_digest(entry.digest);
        let manifest = self.document(&manifest).await;
        (entry, manifest)
    }

    /// The SOCI index of the amd64 image.
    async fn soci_index(&self) -> SociIndex {
        let (_, manifest) = self.image("soci").await;
        let digest = manifest["annotations"][ANNOTATION].as_str().unwrap();
        let reference = self.repository.with_digest(digest.parse().unwrap());
        let found = self.client.get_manifest(&reference).await.unwrap();
        SociIndex::parse(&found.unwrap().1).unwrap()
    }

    async fn put(&self, target: ReferenceTarget, kind: &str, bytes: Vec<u8>) -> Digest {
        let bytes = Bytes::from(bytes);
        let put = self
            .client
            .put_manifest(&self.repository, &target, kind, bytes);
        put.await.unwrap()
    }

    /// The tag `name`: the amd64 image of `soci` with another SOCI index.
    async fn publish(&self, name: &str, index: Vec<u8>) {
        let digest = Digest::of(&index);
        let target = ReferenceTarget::Digest(digest);
        self.put(target, media_type::OCI_MANIFEST, index).await;
        self.annotate(name, &digest.to_string()).await;
    }

    /// The tag `name`: the amd64 image of `soci` whose annotation names something else.
    async fn annotate(&self, name: &str, named: &str) {
        let (entry, mut manifest) = self.image("soci").await;
        manifest["annotations"][ANNOTATION] = json!(named);
        let bytes = serde_json::to_vec(&manifest).unwrap();
        let mut changed = entry.clone();
        changed.digest = Digest::of(&bytes);
        changed.size = bytes.len() as u64;
        let kind = media_type::OCI_MANIFEST;
        self.put(ReferenceTarget::Digest(changed.digest), kind, bytes)
            .await;
        let mut top = self
            .document(&self.repository.with_target(tag("soci")))
            .await;
        top["manifests"][0] = serde_json::to_value(&changed).unwrap();
        let bytes = serde_json::to_vec(&top).unwrap();
        self.put(tag(name), media_type::OCI_INDEX, bytes).await;
    }

    /// The zTOC of the first layer.
    async fn ztoc(&self, index: &SociIndex) -> Ztoc {
        let entry = &index.ztocs[0];
        let blob = Descriptor::new(ztoc::MEDIA_TYPE, entry.digest, entry.size);
        let bytes = self.client.read_blob(&self.repository, &blob, 64 << 20);
        Ztoc::decode(&bytes.await.unwrap()).unwrap()
    }

    /// The tag `name`: `soci` with another zTOC for the first layer.
    async fn publish_ztoc(&self, name: &str, mut index: SociIndex, ztoc: &Ztoc) {
        let encoded = EncodedZtoc::new(ztoc.encode().unwrap());
        let size = encoded.bytes.len() as u64;
        let blob = Descriptor::new(ztoc::MEDIA_TYPE, encoded.digest, size);
        let source = BlobSource::Bytes(encoded.bytes.into());
        let push = self
            .client
            .push_blob(&self.repository, &blob, &source, None);
        push.await.unwrap();
        index.ztocs[0].digest = encoded.digest;
        index.ztocs[0].size = size;
        self.publish(name, index.to_bytes()).await;
    }

    /// The folder of a blob in the registry's storage.
    fn stored(&self, digest: Digest) -> PathBuf {
        let hex = digest.hex();
        let folder = "registry/data/docker/registry/v2/blobs/sha256";
        self.folder.path().join(folder).join(&hex[..2]).join(hex)
    }
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
}

/// An OCI layout of an image for two platforms.
fn layout(folder: &Path) {
    let blobs = folder.join("blobs/sha256");
    fs::create_dir_all(&blobs).unwrap();
    let store = |bytes: &[u8], kind: &str| {
        let digest = Digest::of(bytes);
        fs::write(blobs.join(digest.hex()), bytes).unwrap();
        Descriptor::new(kind, digest, bytes.len() as u64)
    };
    let mut entries = Vec::new();
    for architecture in ["amd64", "arm64"] {
        let (mut layers, mut diff_ids) = (Vec::new(), Vec::new());
        // One layer is shared by both platforms; the last one is too small to be indexed.
        for (name, files) in [("base", 60), (architecture, 12), ("small", 1)] {
            let archive = archive(name, files);
            diff_ids.push(Digest::of(&archive));
            layers.push(store(&gzip(&archive), LAYER));
        }
        let config = json!({
            "architecture": architecture, "os": "linux", "config": {},
            "rootfs": { "type": "layers", "diff_ids": diff_ids },
        });
        let config = store(config.to_string().as_bytes(), media_type::OCI_CONFIG);
        let manifest = json!({
            "schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST,
            "config": config, "layers": layers,
        });
        let mut entry = store(manifest.to_string().as_bytes(), media_type::OCI_MANIFEST);
        entry.platform = Some(format!("linux/{architecture}").parse().unwrap());
        entries.push(entry);
    }
    let index = json!({
        "schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": entries,
    });
    let index = store(index.to_string().as_bytes(), media_type::OCI_INDEX);
    let top = json!({
        "schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": [index],
    });
    fs::write(folder.join("index.json"), top.to_string()).unwrap();
    let version = r#"{"imageLayoutVersion":"1.0.0"}"#;
    fs::write(folder.join("oci-layout"), version).unwrap();
}

/// A tar archive of a folder `name` with files of 40 kB that compress by half.
fn archive(name: &str, files: usize) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join(name);
    fs::create_dir(&root).unwrap();
    for number in 0..files {
        let seed = format!("{name} {number}");
        let lines = (0..600).map(|line| Digest::of(format!("{seed} {line}")).hex());
        let text: Vec<String> = lines.collect();
        fs::write(root.join(format!("file-{number}")), text.join("\n")).unwrap();
    }
    let output = Command::new("tar")
        .args(["--create", "--sort=name", "--mtime=@1700000000"])
        .args(["--owner=0", "--group=0", "--numeric-owner", "--directory"])
        .arg(folder.path())
        .arg(name)
        .output();
    output.unwrap().stdout
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), bytes).unwrap();
    let mut gzip = Command::new("gzip");
    gzip.args(["-n", "-6", "--stdout"]).arg(file.path());
    gzip.output().unwrap().stdout
}

#[test]
fn what_the_official_tool_makes_passes() {
    let shop = Shop::new("all");
    let outcome = shop.verify("soci");
    assert_eq!(
        outcome.code,
        Some(0),
        "{}{}",
        outcome.stdout,
        outcome.stderr
    );
    assert!(outcome.stderr.contains("layer 3/3"), "{}", outcome.stderr);

    let report = shop.json("verify", "soci");
    assert_eq!(report["ok"], true);
    for platform in report["platforms"].as_array().unwrap() {
        assert_eq!(platform["problems"], json!([]));
        assert_eq!(platform["warnings"], json!([]));
        let layers = platform["layers"].as_array().unwrap();
        let outcomes: Vec<&Value> = layers.iter().map(|layer| &layer["outcome"]).collect();
        assert_eq!(outcomes, ["verified", "verified", "not-indexed"]);
        assert_eq!(layers[0]["members"], 61);
        assert!(layers[0]["spans"].as_u64().unwrap() >= 8);
    }

    let inspection = shop.json("inspect", "soci");
    let platform = &inspection["platforms"][1];
    assert_eq!(platform["platform"], "linux/arm64");
    assert_eq!(platform["sociIndex"]["version"], "v2");
    assert_eq!(platform["sociIndex"]["buildTool"], "AWS SOCI CLI v0.2");
    assert_eq!(platform["layers"][0]["state"], "indexed");
    assert_eq!(platform["layers"][0]["ztoc"]["members"], 61);
    assert_eq!(platform["layers"][0]["ztoc"]["spanSize"], SPAN);
    assert_eq!(platform["layers"][2]["state"], "not-indexed");
    assert_eq!(platform["sums"]["indexedLayers"], 2);
    // The base is shared.
    assert_eq!(inspection["totals"]["layers"], 4);
    assert_eq!(inspection["totals"]["indexedLayers"], 3);
    assert_eq!(inspection["unusedIndexes"], json!([]));
}

#[test]
fn an_image_without_a_soci_index_does_not_pass() {
    let shop = Shop::new("linux/amd64");
    let outcome = shop.verify("plain");
    outcome.assert_failed(14, &["has no SOCI index", "launchway soci attach"]);
    // One platform has an index; the other has no layer that would need one.
    let report = shop.json("verify", "soci");
    assert_eq!(report["ok"], true);
    assert_eq!(report["platforms"][1]["sociIndex"], Value::Null);
    let reference = format!("{}:soci", shop.repository);
    let outcome = shop.launchway(&["verify", &reference, "--platform", "linux/arm64"]);
    outcome.assert_failed(14, &["has no SOCI index"]);
    let outcome = shop.launchway(&["verify", &reference, "--platform", "linux/riscv64"]);
    outcome.assert_failed(
        14,
        &["no image for linux/riscv64", "linux/amd64, linux/arm64"],
    );
    let outcome = shop.launchway(&["verify", &format!("{}:gone", shop.repository)]);
    outcome.assert_failed(12, &["gone does not exist"]);
}

#[tokio::test]
async fn documents_that_are_wrong_are_named() {
    let shop = Shop::new("all");
    let index = shop.soci_index().await;

    let mut swapped = index.clone();
    let other = swapped.ztocs[1].clone();
    swapped.ztocs[0].digest = other.digest;
    swapped.ztocs[0].size = other.size;
    shop.publish("swapped", swapped.to_bytes()).await;
    shop.assert_refused("swapped", &["layer 1", "is of another layer"]);

    let value: Value = serde_json::from_slice(&index.to_bytes()).unwrap();
    let pretty = serde_json::to_vec_pretty(&value).unwrap();
    shop.publish("pretty", pretty).await;
    shop.assert_refused("pretty", &["no valid SOCI index"]);

    let nothing = Digest::of("nothing").to_string();
    shop.annotate("dangling", &nothing).await;
    shop.assert_refused("dangling", &[&nothing, "is not in"]);
    // The SOCI index that it had is still listed.
    let inspection = shop.json("inspect", "dangling");
    let unused = inspection["unusedIndexes"].as_array().unwrap();
    assert_eq!(unused.len(), 1);
    let problem = inspection["platforms"][0]["problem"].as_str().unwrap();
    assert!(problem.contains(&nothing), "{problem}");

    shop.annotate("nonsense", "latest").await;
    shop.assert_refused("nonsense", &["`latest` is not a digest"]);

    let mut foreign = index.clone();
    foreign.ztocs[1].layer = Digest::of("a layer of another image");
    shop.publish("foreign", foreign.to_bytes()).await;
    shop.assert_refused("foreign", &["which the image does not have"]);
    let inspection = shop.json("inspect", "foreign");
    let unused = &inspection["platforms"][0]["sociIndex"]["unusedZtocs"];
    assert_eq!(unused.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn ztocs_that_are_wrong_are_named() {
    let shop = Shop::new("all");
    let index = shop.soci_index().await;
    let good = shop.ztoc(&index).await;

    // Each of these would be an I/O error inside a container.
    let mut mode = good.clone();
    mode.members[5].mode ^= 0o111;
    shop.publish_ztoc("mode", index.clone(), &mode).await;
    shop.assert_refused("mode", &["layer 1", "base/file-1"]);

    let mut digest = good.clone();
    let Spans::Gzip { digests, .. } = &mut digest.spans else {
        panic!("the layer is gzip");
    };
    digests[3] = Digest::of("another span");
    shop.publish_ztoc("digest", index.clone(), &digest).await;
    shop.assert_refused("digest", &["layer 1", "span 3"]);

    let mut window = good.clone();
    let Spans::Gzip { checkpoints, .. } = &mut window.spans else {
        panic!("the layer is gzip");
    };
    checkpoints[2].window[100] ^= 1;
    shop.publish_ztoc("window", index.clone(), &window).await;
    shop.assert_refused("window", &["layer 1", "the window of span 2"]);

    let mut garbage = index.clone();
    let blob = Bytes::from_static(b"this is no zTOC");
    let descriptor = Descriptor::new("x", Digest::of(&blob), blob.len() as u64);
    let source = BlobSource::Bytes(blob);
    let push = shop
        .client
        .push_blob(&shop.repository, &descriptor, &source, None);
    push.await.unwrap();
    garbage.ztocs[0].digest = descriptor.digest;
    garbage.ztocs[0].size = descriptor.size;
    shop.publish("garbage", garbage.to_bytes()).await;
    shop.assert_refused("garbage", &["layer 1", "no valid zTOC"]);
    let inspection = shop.json("inspect", "garbage");
    assert_eq!(inspection["platforms"][0]["layers"][0]["state"], "unusable");
}

#[tokio::test]
async fn what_the_registry_lost_or_damaged_is_named() {
    let shop = Shop::new("all");
    let index = shop.soci_index().await;
    let layer = shop.stored(index.ztocs[1].layer).join("data");
    let mut bytes = fs::read(&layer).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0xff;
    fs::write(&layer, bytes).unwrap();
    shop.assert_refused("soci", &["layer 2", "the layer is damaged"]);

    fs::remove_dir_all(shop.stored(index.ztocs[0].digest)).unwrap();
    let name = index.ztocs[0].digest.to_string();
    shop.assert_refused("soci", &["layer 1", &name, "is not in the registry"]);
    drop(shop.registry);
}

#[tokio::test]
async fn a_v1_index_is_found_by_what_it_refers_to() {
    let shop = Shop::new("all");
    let index = shop.soci_index().await;
    let (image, _) = shop.image("plain").await;
    let layers = index.ztocs.iter().map(|entry| SociLayer {
        layer: entry.layer,
        media_type: entry.layer_media_type.clone(),
        ztoc: entry.digest,
        size: entry.size,
        repositories: vec![],
        file: None,
    });
    let layers: Vec<SociLayer> = layers.collect();
    let subject = Subject {
        media_type: image.media_type.clone(),
        digest: image.digest,
        size: image.size,
    };
    let options = SociOptions {
        version: Version::V1,
        span_size: SPAN,
        ..SociOptions::default()
    };
    let (client, repository) = (&shop.client, &shop.repository);
    let pushed = push_index(client, repository, &layers, Some(subject), &options);
    assert_eq!(pushed.await.unwrap().uploaded, 0);

    let report = shop.json("verify", "plain");
    assert_eq!(report["ok"], true, "{report}");
    let platform = &report["platforms"][0];
    assert_eq!(platform["sociIndex"]["version"], "v1");
    assert_eq!(platform["layers"][1]["outcome"], "verified");
}
