//! From evaluated images and indexed layers to SOCI indexes in the registry (D4, D5).
//!
//! What a SOCI index holds follows from the image's layers and the zTOCs alone, so that an image
//! that did not change has the SOCI index that its baseline has.

use std::collections::{BTreeMap, BTreeSet};

use std::sync::Arc;

use futures::future::try_join_all;
use launchway_soci::index::{Subject, Version};
use tempfile::TempDir;

use super::baseline::Baseline;
use super::blobs::Documents;
use super::evaluate::{Evaluated, Evaluations};
use super::layers::Layers;
use super::record::{SociLayerRecord, SociOutcome, SociRecord};
use super::{Context, Event, ReleaseError};
use crate::image::{Descriptor, Digest, ImageConfig, Platform};
use crate::plan::{ImagePlan, Plan};
use crate::registry::Repository;
use crate::soci::{
    KnownLayer, KnownLayers, PushedIndex, SociLayer, SociOptions, ZtocStore, find_known,
    push_index, soci_index,
};

/// What becomes of one layer.
#[derive(Clone, Debug)]
pub(super) enum Fate {
    /// It has a zTOC.
    Indexed {
        /// The zTOC and where it can be had.
        ztoc: SociLayer,
        /// This run built it.
        built: bool,
        /// Its spans, if this run built it.
        spans: Option<u32>,
    },
    /// It is smaller than what is worth indexing.
    Small,
    /// It cannot be indexed.
    LeftOut {
        /// The end of a sentence that begins with the layer.
        reason: String,
    },
}

/// The SOCI index of one platform's image, not necessarily pushed yet.
#[derive(Clone, Debug)]
pub(super) struct PlatformSoci {
    /// Every layer, from the base up.
    pub(super) layers: Vec<(Descriptor, Fate)>,
    /// The SOCI index manifest (v2); `None` when no layer has a zTOC.
    pub(super) index: Option<Digest>,
}

/// SOCI indexes by target and platform; targets without SOCI are not in it.
pub(super) type SociIndexes = BTreeMap<String, BTreeMap<Platform, PlatformSoci>>;

/// Works out the SOCI indexes of all images that get one.
pub(super) async fn work_out(
    plan: &Plan,
    evaluations: &Evaluations,
    documents: &Documents,
    layers: Option<&Layers>,
) -> Result<SociIndexes, ReleaseError> {
    let mut all = SociIndexes::new();
    let Some(layers) = layers else { return Ok(all) };
    for image in &plan.images {
        let Some(options) = &image.soci else { continue };
        let mut platforms = BTreeMap::new();
        // Snapshotters are for Linux.
        let evaluated = evaluations.get(&image.target).into_iter().flatten();
        for (platform, evaluated) in evaluated.filter(|(platform, _)| platform.os() == "linux") {
            let soci = of_image(evaluated, documents, layers, options).await?;
            platforms.insert(platform.clone(), soci);
        }
        all.insert(image.target.clone(), platforms);
    }
    Ok(all)
}

async fn of_image(
    evaluated: &Evaluated,
    documents: &Documents,
    layers: &Layers,
    options: &SociOptions,
) -> Result<PlatformSoci, ReleaseError> {
    let diff_ids = diff_ids(evaluated, documents);
    let mut found = Vec::new();
    for (position, layer) in evaluated.manifest.layers.iter().enumerate() {
        let diff_id = diff_ids.get(position).copied();
        let fate = match diff_id {
            _ if layer.size < options.min_layer_size => Fate::Small,
            Some(diff_id) => fate(layer, diff_id, documents, layers).await?,
            None => Fate::LeftOut {
                reason: "the image's configuration does not say what it unpacks to".to_owned(),
            },
        };
        found.push((layer.clone(), fate));
    }
    let ztocs: Vec<SociLayer> = ztocs(&found).cloned().collect();
    let index =
        (!ztocs.is_empty()).then(|| Digest::of(soci_index(&ztocs, None, options).to_bytes()));
    Ok(PlatformSoci {
        layers: found,
        index,
    })
}

async fn fate(
    layer: &Descriptor,
    diff_id: Digest,
    documents: &Documents,
    layers: &Layers,
) -> Result<Fate, ReleaseError> {
    let left_out = |reason: String| Ok(Fate::LeftOut { reason });
    if let Some(bytes) = documents.get(&layer.digest.to_string()) {
        let indexed = layers.index_whole(layer.digest, bytes).await;
        indexed.map_err(|source| ReleaseError::SociLayer {
            layer: layer.digest,
            source,
        })?;
    }
    let Some(known) = layers.get(layer.digest) else {
        return left_out("the daemon did not send it".to_owned());
    };
    // What was read is compared with the image's configuration: a layer that unpacks to something
    // else than it says is broken, and a lazy start would only find out later. Of a zTOC that the
    // registry holds, a release has compared it before.
    if let Some(read) = known.diff_id.filter(|read| *read != diff_id) {
        return left_out(format!(
            "it unpacks to {read}, but the image's configuration says {diff_id}"
        ));
    }
    Ok(match known.known {
        KnownLayer::LeftOut { reason } => Fate::LeftOut { reason },
        KnownLayer::Indexed {
            ztoc,
            size,
            repositories,
            file,
            ..
        } => Fate::Indexed {
            ztoc: SociLayer {
                layer: layer.digest,
                media_type: layer.media_type.clone(),
                ztoc,
                size,
                repositories,
                file,
            },
            built: known.built,
            spans: known.spans,
        },
    })
}

/// The digests of the uncompressed layers, from the image's configuration; empty where it cannot be
/// read.
fn diff_ids(evaluated: &Evaluated, documents: &Documents) -> Vec<Digest> {
    documents
        .get(&evaluated.manifest.config.digest.to_string())
        .and_then(|bytes| ImageConfig::parse(&bytes).ok())
        .map(|config| config.diff_ids)
        .unwrap_or_default()
}

impl PlatformSoci {
    /// What the record says.
    pub(super) fn record(&self, options: &SociOptions) -> SociRecord {
        SociRecord {
            index: self.index,
            version: options.version,
            span_size: options.span_size,
            min_layer_size: options.min_layer_size,
            layers: self
                .layers
                .iter()
                .map(|(layer, fate)| layer_record(layer.digest, fate))
                .collect(),
        }
    }

    fn count_built(&self) -> usize {
        let built =
            |(_, fate): &&(Descriptor, Fate)| matches!(fate, Fate::Indexed { built: true, .. });
        self.layers.iter().filter(built).count()
    }

    /// The layers that have zTOCs.
    pub(super) fn layers(&self) -> BTreeSet<Digest> {
        ztocs(&self.layers).map(|ztoc| ztoc.layer).collect()
    }

    /// Whether all zTOCs are known to be in a repository.
    fn is_in(&self, repository: &Repository) -> bool {
        ztocs(&self.layers).all(|ztoc| ztoc.repositories.contains(repository))
    }

    /// The zTOCs, in the order of the layers.
    fn ztocs(&self) -> Vec<SociLayer> {
        ztocs(&self.layers).cloned().collect()
    }
}

fn layer_record(layer: Digest, fate: &Fate) -> SociLayerRecord {
    let mut record = SociLayerRecord {
        layer,
        how: SociOutcome::Small,
        ztoc: None,
        size: None,
        spans: None,
        reason: None,
    };
    match fate {
        Fate::Small => {}
        Fate::LeftOut { reason } => {
            record.how = SociOutcome::LeftOut;
            record.reason = Some(reason.clone());
        }
        Fate::Indexed { ztoc, built, spans } => {
            record.how = if *built {
                SociOutcome::Built
            } else {
                SociOutcome::Reused
            };
            record.ztoc = Some(ztoc.ztoc);
            record.size = Some(ztoc.size);
            record.spans = *spans;
        }
    }
    record
}

fn ztocs(layers: &[(Descriptor, Fate)]) -> impl Iterator<Item = &SociLayer> {
    layers.iter().filter_map(|(_, fate)| match fate {
        Fate::Indexed { ztoc, .. } => Some(ztoc),
        Fate::Small | Fate::LeftOut { .. } => None,
    })
}

/// SOCI indexes in the registry, by target and platform.
pub(super) type Pushed = BTreeMap<String, BTreeMap<Platform, PushedIndex>>;

/// Pushes the SOCI indexes (v2) of images: before the image manifests, whose annotations name them.
/// `differs` says of each image whether it will be published. One that will not is looked after
/// only where the registry did not give us all of its zTOCs, so that it may have lost the index.
pub(super) async fn push<'a>(
    context: &Context,
    images: impl Iterator<Item = (&'a ImagePlan, bool)>,
    soci: &SociIndexes,
) -> Result<Pushed, ReleaseError> {
    let mut jobs = Vec::new();
    for (image, differs) in images {
        let Some(options) = of_version(image, Version::V2) else {
            continue;
        };
        for (platform, one) in soci.get(&image.target).into_iter().flatten() {
            if one.index.is_some() && (differs || !one.is_in(&image.primary.repository)) {
                jobs.push(async move {
                    let repository = &image.primary.repository;
                    let pushed =
                        push_one(context, image, repository, platform, one, None, options).await?;
                    Ok::<_, ReleaseError>((image.target.clone(), platform.clone(), pushed))
                });
            }
        }
    }
    let mut all = Pushed::new();
    for (target, platform, pushed) in try_join_all(jobs).await? {
        all.entry(target).or_default().insert(platform, pushed);
    }
    Ok(all)
}

/// Pushes the SOCI indexes v1: after the image manifests, which they are about. An image that did
/// not change gets one too, unless it has it.
pub(super) async fn push_v1(
    context: &Context,
    images: &[(&ImagePlan, &BTreeMap<Platform, Descriptor>)],
    soci: &mut SociIndexes,
) -> Result<(), ReleaseError> {
    let mut jobs = Vec::new();
    for (image, manifests) in images {
        let Some(options) = of_version(image, Version::V1) else {
            continue;
        };
        for (platform, one) in soci.get(&image.target).into_iter().flatten() {
            let Some(manifest) = manifests.get(platform).filter(|_| one.index.is_some()) else {
                continue;
            };
            for push in image.repositories() {
                let subject = Subject {
                    media_type: manifest.media_type.clone(),
                    digest: manifest.digest,
                    size: manifest.size,
                };
                let repository = &push.repository;
                jobs.push(async move {
                    let subject = Some(subject);
                    let pushed =
                        push_one(context, image, repository, platform, one, subject, options)
                            .await?;
                    let index = pushed.descriptor.digest;
                    Ok::<_, ReleaseError>((image.target.clone(), platform.clone(), index))
                });
            }
        }
    }
    // It names the image, so it has another digest than what was worked out of the layers alone.
    for (target, platform, index) in try_join_all(jobs).await? {
        let platforms = soci.get_mut(&target);
        if let Some(one) = platforms.and_then(|platforms| platforms.get_mut(&platform)) {
            one.index = Some(index);
        }
    }
    Ok(())
}

fn of_version(image: &ImagePlan, version: Version) -> Option<&SociOptions> {
    image
        .soci
        .as_ref()
        .filter(|options| options.version == version)
}

async fn push_one(
    context: &Context,
    image: &ImagePlan,
    repository: &Repository,
    platform: &Platform,
    one: &PlatformSoci,
    subject: Option<Subject>,
    options: &SociOptions,
) -> Result<PushedIndex, ReleaseError> {
    let ztocs = one.ztocs();
    let pushed = push_index(&context.registry, repository, &ztocs, subject, options)
        .await
        .map_err(|source| {
            let target = &image.target;
            let what =
                format!("cannot push the SOCI index of {target} for {platform} to {repository}");
            let source = Box::new(source);
            ReleaseError::Soci { what, source }
        })?;
    let built = one.count_built();
    context.tell(Event::SociPublished {
        target: image.target.clone(),
        platform: platform.clone(),
        index: pushed.descriptor.digest,
        built,
        reused: ztocs.len() - built,
        uploaded: pushed.uploaded,
    });
    Ok(pushed)
}

/// What a baseline's SOCI indexes say about layers (D5). Not being able to read one costs time, and
/// fails nothing.
pub(super) async fn known(
    context: &Context,
    image: &ImagePlan,
    baseline: &Baseline,
) -> KnownLayers {
    let Some(options) = &image.soci else {
        return KnownLayers::default();
    };
    let earlier = find_known(
        &context.registry,
        &image.primary.repository,
        &baseline.descriptor,
        &baseline.bytes,
        options,
    )
    .await;
    for message in earlier.warnings {
        context.tell(Event::Warning { message });
    }
    earlier.known
}

/// Where zTOCs lie during the run, when there is no store that outlives it.
#[derive(Debug)]
pub(super) struct Scratch(Option<TempDir>);

impl Scratch {
    /// A temporary folder, where some image gets a SOCI index.
    pub(super) fn for_plan(plan: &Plan) -> Result<Self, ReleaseError> {
        if plan.images.iter().all(|image| image.soci.is_none()) {
            return Ok(Self(None));
        }
        let folder = tempfile::Builder::new()
            .prefix("launchway-ztocs-")
            .tempdir();
        folder
            .map(|folder| Self(Some(folder)))
            .map_err(ReleaseError::Scratch)
    }

    /// What indexes the layers of this plan; `None` when no image gets a SOCI index.
    ///
    /// One `soci` block serves all images, so that the first one's options are those of all.
    pub(super) fn layers(&self, plan: &Plan, context: &Context) -> Option<Layers> {
        let options = plan.images.iter().find_map(|image| image.soci.as_ref())?;
        let scratch = self.0.as_ref()?;
        let mut stores: Vec<ZtocStore> = context.ztocs.iter().cloned().collect();
        stores.push(ZtocStore::new(scratch.path().to_owned(), u64::MAX));
        Some(Layers::new(options, stores, Arc::clone(&context.observer)))
    }
}
