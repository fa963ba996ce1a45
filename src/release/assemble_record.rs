//! From what a run learned to the members of its record. Pure.

use std::collections::{BTreeMap, BTreeSet};

use super::evaluate::Evaluated;
use super::index::Top;
use super::publish::Published;
use super::record::{
    ImageRecord, LayerRecord, PlatformRecord, Record, SCHEMA, ScanRecord, SociRecord, SourceRecord,
    State,
};
use super::soci::PlatformSoci;
use crate::image::{Descriptor, Digest, Platform};
use crate::plan::{ImagePlan, Plan};

/// What is known of one image at the end.
pub(super) struct Facts<'a> {
    pub(super) image: &'a ImagePlan,
    pub(super) top: &'a Top,
    /// Its evaluations; none for `bake` and `build`.
    pub(super) evaluated: Option<&'a BTreeMap<Platform, Evaluated>>,
    /// Its SOCI indexes, where it gets any.
    pub(super) soci: Option<&'a BTreeMap<Platform, PlatformSoci>>,
    /// Image manifests by platform, as published now or before.
    pub(super) manifests: &'a BTreeMap<Platform, Descriptor>,
    /// What was pushed; nothing where nothing changed.
    pub(super) parts: &'a [Published],
    pub(super) changed: bool,
    pub(super) reason: &'a str,
    pub(super) baseline: Option<Digest>,
    /// What the scan found, where there was one.
    pub(super) scan: Option<ScanRecord>,
}

/// The record of one image.
pub(super) fn image(facts: Facts<'_>) -> ImageRecord {
    let repository = &facts.image.primary.repository;
    let digest = facts.top.descriptor.digest;
    let mut platforms: BTreeMap<Platform, PlatformRecord> = BTreeMap::new();
    for part in facts.parts {
        platforms.insert(
            part.platform.clone(),
            PlatformRecord {
                manifest: part.descriptor.digest,
                manifest_size: part.descriptor.size,
                config: part.config,
                layers: Vec::new(),
                soci: None,
                steps: part.steps,
                duration_ms: part.duration_ms,
            },
        );
    }
    for (platform, evaluated) in facts.evaluated.into_iter().flatten() {
        let manifest = facts
            .manifests
            .get(platform)
            .unwrap_or(&evaluated.descriptor);
        let soci = facts.soci.and_then(|soci| soci.get(platform));
        let soci = soci.zip(facts.image.soci.as_ref());
        let soci = soci.map(|(soci, options)| soci.record(options));
        let record = platform_record(evaluated, manifest, soci);
        platforms.insert(platform.clone(), record);
    }
    ImageRecord {
        repository: repository.to_string(),
        digest,
        reference: repository.with_digest(digest).to_string(),
        media_type: facts.top.descriptor.media_type.clone(),
        size: facts.top.descriptor.size,
        tags: facts
            .image
            .primary
            .tags
            .iter()
            .map(ToString::to_string)
            .collect(),
        changed: facts.changed,
        reason: facts.reason.to_owned(),
        baseline: facts.baseline,
        copies: facts
            .image
            .copies
            .iter()
            .map(|push| push.repository.to_string())
            .collect(),
        platforms,
        scan: facts.scan,
    }
}

fn platform_record(
    evaluated: &Evaluated,
    manifest: &Descriptor,
    soci: Option<SociRecord>,
) -> PlatformRecord {
    let layers = evaluated.manifest.layers.iter();
    PlatformRecord {
        manifest: manifest.digest,
        manifest_size: manifest.size,
        config: Some(evaluated.manifest.config.digest),
        layers: layers
            .map(|layer| LayerRecord {
                digest: layer.digest,
                size: layer.size,
            })
            .collect(),
        soci,
        steps: evaluated.steps,
        duration_ms: evaluated.duration_ms,
    }
}

/// The record of a release whose images are all in the registry and whose tags have not moved.
pub(super) fn release(
    plan: &Plan,
    started: jiff::Timestamp,
    images: BTreeMap<String, ImageRecord>,
) -> Record {
    let baselines: BTreeSet<String> = plan
        .images
        .iter()
        .map(|image| image.baseline.to_string())
        .collect();
    Record {
        schema: SCHEMA.to_owned(),
        launchway: env!("CARGO_PKG_VERSION").to_owned(),
        state: State::Published,
        started_at: started.to_string(),
        completed_at: None,
        duration_ms: 0,
        environment: plan.environment.clone(),
        source: SourceRecord {
            commit: plan.source.commit.clone(),
            branch: plan.source.branch.clone(),
            tag: plan.source.tag.clone(),
            dirty: plan.source.dirty,
        },
        baseline: baselines.into_iter().collect::<Vec<_>>().join(", "),
        changed: images.values().any(|image| image.changed),
        images,
        caches: BTreeMap::new(),
        warnings: Vec::new(),
        parameters: BTreeMap::new(),
        services: BTreeMap::new(),
    }
}
