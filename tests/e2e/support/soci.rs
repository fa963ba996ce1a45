//! Reading SOCI indexes back with the official library, and checking that every annotation in a
//! registry tells the truth.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

use super::parts::{crane, output, part};
use super::registry::Registry;

const ANNOTATION: &str = "com.amazon.soci.index-digest";
const LAYER: &str = "com.amazon.soci.image-layer-digest";

/// What the official library found in one platform's image.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mounted {
    pub(crate) platform: String,
    /// zTOCs of its SOCI index.
    pub(crate) ztocs: usize,
}

/// Fetches an image as a snapshotter does and reads every file of every indexed layer with the
/// official library. Returns the images that have a SOCI index.
#[track_caller]
pub(crate) fn read_with_official_library(reference: &str) -> Vec<Mounted> {
    let folder = tempfile::tempdir().unwrap();
    let layout = folder.path().join("layout");
    let path = layout.to_str().unwrap();
    crane(&["pull", "--format=oci", reference, path]);
    let report = output(
        Command::new(part("soci-oracle-v0.15"))
            .args(["pull", path])
            .env("TZ", "UTC"),
    );
    // linux/amd64 image=sha256:… soci=sha256:… type=… ztocs=1 of 3 layers
    let images = report.lines().filter(|line| line.contains(" soci=sha256:"));
    images
        .map(|line| {
            let (platform, _) = line.split_once(' ').unwrap();
            let (_, rest) = line.split_once("ztocs=").unwrap();
            let (ztocs, _) = rest.split_once(' ').unwrap();
            Mounted {
                platform: platform.to_owned(),
                ztocs: ztocs.parse().unwrap(),
            }
        })
        .collect()
}

/// Every image manifest in the registry, tagged or not: an annotation names a SOCI index that is
/// there, and whose zTOCs are of this image's layers. Returns how many have one.
#[track_caller]
pub(crate) fn check_annotations(registry: &Registry) -> usize {
    let mut annotated = 0;
    for name in registry.manifests() {
        let reference = format!("{}/{name}", registry.address);
        let manifest = document(&reference);
        let Some(index) = manifest["annotations"][ANNOTATION].as_str() else {
            continue;
        };
        annotated += 1;
        let (repository, _) = reference.split_once('@').unwrap();
        let index = document(&format!("{repository}@{index}"));
        let layers: BTreeSet<&str> = layers(&manifest)
            .filter_map(|l| l["digest"].as_str())
            .collect();
        for ztoc in self::layers(&index) {
            let layer = ztoc["annotations"][LAYER].as_str().unwrap();
            assert!(
                layers.contains(layer),
                "{reference} names a SOCI index with a zTOC of {layer}, which is none of its layers"
            );
        }
    }
    annotated
}

fn layers(manifest: &Value) -> impl Iterator<Item = &Value> {
    manifest["layers"].as_array().into_iter().flatten()
}

/// A manifest or index.
#[track_caller]
pub(crate) fn document(reference: &str) -> Value {
    serde_json::from_str(&crane(&["manifest", reference])).unwrap()
}
