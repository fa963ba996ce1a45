//! What Fargate will do with an image, and what to change (`launchway soci explain`).
//!
//! [`facts`] are plain values, fetched by [`read`]; [`explain`] is the policy and knows no
//! registry. It judges by what AWS documents for ECS ("Lazy loading container images using Seekable
//! OCI (SOCI)") and by what the snapshotter's code does. Whether a zTOC is right is `verify`'s
//! question: nothing here reads a layer.

mod facts;
mod findings;
mod read;

use serde::Serialize;

pub use facts::{Facts, IndexFacts, LayerFacts, PlatformFacts, RegistryKind, SociFacts, ZtocFacts};
pub use findings::{Finding, Severity};
pub use read::read;

use crate::image::Platform;
use launchway_soci::index::Version;

/// What becomes of an image on Fargate, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The image, as it was named.
    pub reference: String,
    /// One per platform, in the order of the index.
    pub verdicts: Vec<Verdict>,
    /// What is good to know, the worst first.
    pub findings: Vec<Finding>,
}

/// What becomes of the image for one platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// The platform.
    pub platform: Platform,
    /// Fargate starts containers before the image is downloaded.
    pub lazy: bool,
    /// Layers of the image.
    pub layers: usize,
    /// Their compressed bytes.
    pub bytes: u64,
    /// Layers that are loaded lazily; 0 if the image is not.
    pub lazy_layers: usize,
    /// Their compressed bytes.
    pub lazy_bytes: u64,
}

/// Judges an image.
pub fn explain(facts: &Facts) -> Explanation {
    let mut findings = findings::about_image(facts);
    for platform in &facts.platforms {
        findings.extend(findings::about_platform(facts, platform));
    }
    // The order of equal ones stays.
    findings.sort_by_key(|finding| finding.severity);
    Explanation {
        reference: facts.reference.clone(),
        verdicts: facts
            .platforms
            .iter()
            .map(|platform| verdict(facts, platform))
            .collect(),
        findings,
    }
}

fn verdict(facts: &Facts, image: &PlatformFacts) -> Verdict {
    let lazy = facts.registry == RegistryKind::EcrPrivate && runs_on_fargate(&image.platform);
    let index = match &image.soci {
        SociFacts::Index(index) if index.version == Version::V2 && index.is_complete() => {
            Some(index)
        }
        _ => None,
    };
    let lazy_layers: Vec<&LayerFacts> = image
        .layers
        .iter()
        .filter(|layer| lazy && index.is_some_and(|index| index.has(layer.digest)))
        .collect();
    Verdict {
        platform: image.platform.clone(),
        lazy: !lazy_layers.is_empty(),
        layers: image.layers.len(),
        bytes: image.layers.iter().map(|layer| layer.size).sum(),
        lazy_layers: lazy_layers.len(),
        lazy_bytes: lazy_layers.iter().map(|layer| layer.size).sum(),
    }
}

/// Linux platform version 1.4.0 on either architecture; no Windows.
fn runs_on_fargate(platform: &Platform) -> bool {
    platform.os() == "linux" && matches!(platform.architecture(), "amd64" | "arm64")
}

#[cfg(test)]
mod tests;
