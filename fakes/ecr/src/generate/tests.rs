//! What is made is what was asked for, and nothing is missing in it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::*;
use crate::manifest::Facts;

const NOW: f64 = 1_800_000_000.0;

fn spec() -> Spec {
    Spec {
        repositories: 2,
        manifests: 800,
        seed: 7,
        now: NOW,
        days: 400.0,
    }
}

#[test]
fn a_seed_says_everything() {
    let first: Vec<_> = generate(&spec()).collect();
    let again: Vec<_> = generate(&spec()).collect();
    assert_eq!(first, again);
    assert_ne!(first[0].images[0].digest(), first[1].images[0].digest());
    let other = generate(&Spec { seed: 8, ..spec() }).next().unwrap();
    assert_ne!(first[0].images[0].digest(), other.images[0].digest());
}

#[test]
fn the_first_digests_stay_those_they_are() {
    let first = generate(&spec()).next().unwrap();
    let digests: Vec<u8> = first
        .images
        .iter()
        .flat_map(|image| image.digest().to_string().into_bytes())
        .collect();
    // A benchmark's numbers are comparable as long as this does not change.
    let expected = "sha256:9ddf62395d654f6641dd73365aa5a936c1ee5a808b76a21c31b9cc02b922f093";
    assert_eq!(Digest::of(&digests).to_string(), expected);
}

#[test]
fn there_are_as_many_manifests_as_asked_for_and_no_two_alike() {
    for repository in generate(&spec()) {
        let digests: BTreeSet<_> = repository.images.iter().map(NewImage::digest).collect();
        assert_eq!((repository.images.len(), digests.len()), (800, 800));
    }
    for manifests in [0, 1, 6, 7, 8] {
        let small = Spec {
            manifests,
            ..spec()
        };
        assert_eq!(generate(&small).next().unwrap().images.len(), manifests);
    }
}

#[test]
fn every_manifest_is_json_and_what_it_names_came_before() {
    for repository in generate(&spec()) {
        let mut known = BTreeMap::new();
        for image in &repository.images {
            let bytes = image.manifest();
            let document: Value = serde_json::from_slice(&bytes).unwrap();
            let facts = Facts::read(&bytes);
            let named = facts.children.iter().chain(&facts.subject);
            for named in named {
                assert!(known.contains_key(named), "{document}");
            }
            let entries = document["manifests"].as_array().into_iter().flatten();
            for entry in entries {
                let digest: Digest = entry["digest"].as_str().unwrap().parse().unwrap();
                assert_eq!(entry["size"], known[&digest]);
            }
            known.insert(image.digest(), bytes.len());
        }
    }
}

#[test]
fn all_kinds_are_there() {
    let repository = generate(&spec()).next().unwrap();
    let mut types = BTreeMap::new();
    for image in &repository.images {
        let facts = Facts::read(&image.manifest());
        let name = facts.artifact_type.unwrap_or(facts.media_type);
        *types.entry(name.into_owned()).or_insert(0) += 1;
    }
    let releases = repository.releases.len();
    assert_eq!(types["application/vnd.oci.image.index.v1+json"], releases);
    assert_eq!(
        types["application/vnd.amazon.soci.index.v2+json"],
        2 * releases
    );
    for name in [
        "application/vnd.buildkit.cacheconfig.v0",
        "application/vnd.docker.container.image.v1+json",
        "application/spdx+json",
    ] {
        assert!(types[name] > 5, "{types:?}");
    }
    assert!(types["application/vnd.oci.image.config.v1+json"] > 4 * releases);
    let tags = repository.images.iter().flat_map(|image| &image.tags);
    let signatures = tags.filter(|tag| tag.starts_with("sha256-"));
    assert!(signatures.count() > 5);
}

#[test]
fn times_run_from_the_first_day_to_now() {
    let repository = generate(&spec()).next().unwrap();
    for image in &repository.images {
        assert!(image.pushed > NOW - 401.0 * 86_400.0 && image.pushed < NOW + 60.0);
        assert!(image.pulled.is_none_or(|pulled| pulled >= image.pushed));
    }
    let releases = &repository.releases;
    assert!(releases.is_sorted_by(|a, b| a.pushed <= b.pushed));
    assert!(releases[0].pushed < NOW - 350.0 * 86_400.0);
    assert!(releases.last().unwrap().pushed > NOW - 50.0 * 86_400.0);
}

#[test]
fn a_filled_fake_has_the_last_tags() {
    let ecr = Ecr::new();
    ecr.fill(&spec());
    for generated in generate(&spec()) {
        let repository = ecr.repository(&generated.name);
        assert_eq!(repository.len(), 800);
        let last = generated.releases.last().unwrap();
        assert_eq!(repository.tagged("latest"), Some(last.index));
        let tags = repository.tags();
        let caches = tags.keys().filter(|tag| tag.starts_with("cache-branch-"));
        assert!((2..=6).contains(&caches.count()));
        for release in &generated.releases {
            for tag in &release.tags {
                assert_eq!(tags[tag], release.index);
            }
        }
    }
}
