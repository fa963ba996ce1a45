//! The rules: each looks at the facts and says what it means and what to do.

use launchway_soci::DEFAULT_MIN_LAYER_SIZE;
use launchway_soci::index::Version;
use serde::Serialize;

use super::facts::{Facts, IndexFacts, LayerFacts, PlatformFacts, RegistryKind, SociFacts};
use super::runs_on_fargate;
use crate::image::Platform;
use crate::soci::LayerType;

/// AWS recommends SOCI for images above this many compressed bytes.
const RECOMMENDED: u64 = 250 << 20;
/// Small layers are worth a word when they are more than this part of the image.
const SMALL_SHARE: u64 = 4;

/// Something that matters for lazy loading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How much it matters.
    pub severity: Severity,
    /// Its name, which does not change.
    pub code: &'static str,
    /// The platform it is about; none if it is about the whole image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// What there is: a sentence without a full stop.
    pub message: String,
    /// What to do about it; a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Nothing is loaded lazily because of it.
    Problem,
    /// Less is loaded lazily because of it, or it will be lost.
    Warning,
    /// Good to know.
    Note,
}

impl Finding {
    fn new(severity: Severity, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            severity,
            code,
            platform: None,
            message: message.into(),
            remedy: None,
        }
    }

    fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }
}

/// Findings that are about all platforms.
pub(super) fn about_image(facts: &Facts) -> Vec<Finding> {
    let mut findings = Vec::new();
    let push_to_ecr = "Push the image to a private ECR repository and deploy it from there.";
    match &facts.registry {
        RegistryKind::EcrPrivate => {}
        RegistryKind::EcrPublic => findings.push(
            Finding::new(
                Severity::Problem,
                "registry",
                "Fargate loads images lazily from private ECR repositories only, not from ECR Public",
            )
            .remedy(push_to_ecr),
        ),
        RegistryKind::Other { host } => findings.push(
            Finding::new(
                Severity::Problem,
                "registry",
                format!("Fargate loads images lazily from private ECR repositories only; {host} is none"),
            )
            .remedy(format!(
                "{push_to_ecr} A snapshotter of your own does not mind."
            )),
        ),
    }
    let has_v2 = facts.platforms.iter().any(
        |image| matches!(&image.soci, SociFacts::Index(index) if index.version == Version::V2),
    );
    if has_v2 && !facts.is_index {
        findings.push(
            Finding::new(
                Severity::Warning,
                "no-image-index",
                "the image is a single manifest, so nothing keeps its SOCI index: it is lost when \
                 the image is copied, and may be deleted as untagged",
            )
            .remedy(attach(facts)),
        );
    }
    if facts.soci_before_images {
        findings.push(
            Finding::new(
                Severity::Warning,
                "entry-order",
                "a SOCI index stands before an image of its platform in the image index, and \
                 clients that take the first entry pull it instead of the image",
            )
            .remedy(attach(facts)),
        );
    }
    for stray in &facts.strays {
        findings.push(
            Finding::new(
                Severity::Note,
                "stray-index",
                format!("the SOCI index {stray} belongs to none of the images in the image index"),
            )
            .remedy(attach(facts)),
        );
    }
    findings
}

/// Findings about one image.
pub(super) fn about_platform(facts: &Facts, image: &PlatformFacts) -> Vec<Finding> {
    let mut findings = if image.platform.os() == "linux" {
        let mut findings = Vec::new();
        findings.extend(architecture(image));
        findings.extend(soci_index(facts, image));
        findings.extend(zstd(facts, image));
        findings.extend(sizes(facts, image));
        findings
    } else {
        let message = format!("{} images are not loaded lazily", image.platform.os());
        vec![Finding::new(Severity::Note, "not-linux", message)]
    };
    for finding in &mut findings {
        finding.platform = Some(image.platform.clone());
    }
    findings
}

fn architecture(image: &PlatformFacts) -> Option<Finding> {
    (!runs_on_fargate(&image.platform)).then(|| {
        Finding::new(
            Severity::Note,
            "architecture",
            "Fargate runs linux/amd64 and linux/arm64 only",
        )
    })
}

fn soci_index(facts: &Facts, image: &PlatformFacts) -> Vec<Finding> {
    match &image.soci {
        SociFacts::Nothing => vec![no_index(facts, image)],
        SociFacts::Unusable { problem } => vec![
            Finding::new(
                Severity::Problem,
                "unusable-index",
                format!("{problem}, so the whole image is downloaded first"),
            )
            .remedy(attach(facts)),
        ],
        SociFacts::Index(index) if index.version == Version::V1 => {
            let mut findings = vec![
                Finding::new(
                    Severity::Problem,
                    "v1-only",
                    "it has a SOCI index v1 only, which Fargate ignores unless the account used \
                     SOCI before v2",
                )
                .remedy(attach(facts)),
            ];
            findings.extend(contents(facts, image, index));
            findings
        }
        SociFacts::Index(index) => {
            let mut findings = contents(facts, image, index);
            if facts.is_index && !image.is_listed {
                findings.push(
                    Finding::new(
                        Severity::Warning,
                        "not-listed",
                        "the image index does not list its SOCI index, which is lost when the \
                         image is copied, and may be deleted as untagged",
                    )
                    .remedy(attach(facts)),
                );
            }
            findings
        }
    }
}

fn no_index(facts: &Facts, image: &PlatformFacts) -> Finding {
    if image.layers.iter().any(is_worth_it) {
        Finding::new(Severity::Problem, "no-index", "it has no SOCI index").remedy(attach(facts))
    } else {
        Finding::new(
            Severity::Note,
            "no-index",
            format!(
                "it has no SOCI index, and no layer of {} that would be worth one",
                amount(DEFAULT_MIN_LAYER_SIZE)
            ),
        )
    }
}

/// What is wrong with a SOCI index that can be read.
fn contents(facts: &Facts, image: &PlatformFacts, index: &IndexFacts) -> Vec<Finding> {
    let mut findings = Vec::new();
    let missing: Vec<String> = index
        .ztocs
        .iter()
        .filter(|ztoc| !ztoc.is_there)
        .map(|ztoc| ztoc.digest.to_string())
        .collect();
    if !missing.is_empty() {
        findings.push(
            Finding::new(
                Severity::Problem,
                "missing-ztoc",
                format!(
                    "its SOCI index names zTOCs that are not in the repository ({}), so the whole \
                     image is downloaded first",
                    missing.join(", ")
                ),
            )
            .remedy(format!("{} Add --no-cache.", attach(facts))),
        );
    }
    let of_image = |layer| image.layers.iter().any(|one| one.digest == layer);
    let others = index
        .ztocs
        .iter()
        .filter(|ztoc| !of_image(ztoc.layer))
        .count();
    if others > 0 && others == index.ztocs.len() {
        findings.push(
            Finding::new(
                Severity::Problem,
                "other-layers",
                "its SOCI index is about layers of another image",
            )
            .remedy(attach(facts)),
        );
    } else if others > 0 {
        findings.push(
            Finding::new(
                Severity::Warning,
                "other-layers",
                format!(
                    "{others} of the zTOCs in its SOCI index are about layers of another image"
                ),
            )
            .remedy(attach(facts)),
        );
    }
    let indexable = |layer: &&LayerFacts| {
        is_worth_it(layer) && layer.kind.objection().is_none() && !index.has(layer.digest)
    };
    let unindexed: Vec<&LayerFacts> = image.layers.iter().filter(indexable).collect();
    if !unindexed.is_empty() && others < index.ztocs.len() {
        findings.push(
            Finding::new(
                Severity::Warning,
                "unindexed-layers",
                format!(
                    "{} of {} and more ({}) are not in its SOCI index",
                    layers(unindexed.len()),
                    amount(DEFAULT_MIN_LAYER_SIZE),
                    amount(sum(&unindexed))
                ),
            )
            .remedy(format!(
                "{} It says why a layer cannot be indexed.",
                attach(facts)
            )),
        );
    }
    findings
}

fn zstd(facts: &Facts, image: &PlatformFacts) -> Option<Finding> {
    let zstd: Vec<&LayerFacts> = image
        .layers
        .iter()
        .filter(|layer| layer.kind == LayerType::Zstd)
        .collect();
    if zstd.is_empty() {
        return None;
    }
    let message = format!(
        "{} ({}) compressed with zstd, which SOCI cannot index: downloaded before the container \
         starts",
        layers(zstd.len()),
        amount(sum(&zstd))
    );
    let remedy = format!(
        "Build with compression=gzip,force-compression=true,oci-mediatypes=true (`launchway \
         release` does it where SOCI is on), then attach: {}",
        attach(facts)
    );
    Some(Finding::new(Severity::Warning, "zstd", message).remedy(remedy))
}

fn sizes(facts: &Facts, image: &PlatformFacts) -> Vec<Finding> {
    let mut findings = Vec::new();
    let all: Vec<&LayerFacts> = image.layers.iter().collect();
    let total = sum(&all);
    let small: Vec<&LayerFacts> = image
        .layers
        .iter()
        .filter(|layer| !is_worth_it(layer) && !has_ztoc(image, layer))
        .collect();
    if sum(&small) > total / SMALL_SHARE && image.layers.iter().any(is_worth_it) {
        findings.push(
            Finding::new(
                Severity::Note,
                "small-layers",
                format!(
                    "{} below {} are {} of the image's {}, and are downloaded before the container \
                     starts",
                    layers(small.len()),
                    amount(DEFAULT_MIN_LAYER_SIZE),
                    amount(sum(&small)),
                    amount(total)
                ),
            )
            .remedy(format!(
                "Put what belongs together into one layer, or index smaller ones: {} Add \
                 --min-layer-size 1MiB.",
                attach(facts)
            )),
        );
    }
    // Where there is nothing to index, that has been said.
    if total < RECOMMENDED && image.layers.iter().any(is_worth_it) {
        findings.push(Finding::new(
            Severity::Note,
            "small-image",
            format!(
                "it has {} compressed; AWS recommends SOCI for images of {} and more, so there is \
                 little to gain",
                amount(total),
                amount(RECOMMENDED)
            ),
        ));
    }
    findings
}

fn has_ztoc(image: &PlatformFacts, layer: &LayerFacts) -> bool {
    matches!(&image.soci, SociFacts::Index(index) if index.has(layer.digest))
}

/// Whether the official tool and ours would index a layer of this size.
fn is_worth_it(layer: &LayerFacts) -> bool {
    layer.size >= DEFAULT_MIN_LAYER_SIZE
}

fn attach(facts: &Facts) -> String {
    format!("Run `launchway soci attach {}`.", facts.reference)
}

fn sum(layers: &[&LayerFacts]) -> u64 {
    layers.iter().map(|layer| layer.size).sum()
}

fn layers(count: usize) -> String {
    match count {
        1 => "1 layer".to_owned(),
        _ => format!("{count} layers"),
    }
}

/// In the units of the limits that are talked about, with one digit where it matters.
fn amount(bytes: u64) -> String {
    const MEBI: u64 = 1 << 20;
    if bytes < MEBI {
        return format!("{} KiB", bytes.div_ceil(1 << 10));
    }
    let (whole, tenth) = (bytes / MEBI, bytes % MEBI * 10 / MEBI);
    if tenth == 0 || whole >= 100 {
        format!("{whole} MiB")
    } else {
        format!("{whole}.{tenth} MiB")
    }
}
