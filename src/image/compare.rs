//! Whether an image is the same as an earlier one, and if not, why.
//!
//! What an image is, is its configuration and its layers per platform. Annotations (the SOCI
//! index's digest among them), SOCI indexes and attestations may come and go without making it
//! another image, so they are no part of an [`ImageContent`]; indexes leave them out with
//! [`super::Index::images`].

use std::collections::BTreeMap;
use std::fmt;

use super::{Digest, Manifest, Platform};

/// What one platform's image consists of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageContent {
    /// The image manifest, as published.
    pub manifest: Digest,
    /// The image configuration.
    pub config: Digest,
    /// The layers' compressed blobs, from the base up.
    pub layers: Vec<Digest>,
}

/// The first difference that was found between an image and its baseline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// The baseline has no image for this platform.
    PlatformAdded(Platform),
    /// Only the baseline has an image for this platform.
    PlatformRemoved(Platform),
    /// A layer is another one, or there are more or fewer.
    Layer {
        /// The platform where it was found.
        platform: Platform,
        /// The layer's number, counted from 1 at the base.
        number: usize,
        /// How many layers the image has.
        count: usize,
        /// How many the baseline has.
        baseline_count: usize,
    },
    /// All layers are equal, but the configuration (environment, entry point, …) is not.
    Config(Platform),
}

impl ImageContent {
    /// What a manifest with this digest lists.
    pub fn new(digest: Digest, manifest: &Manifest) -> Self {
        Self {
            manifest: digest,
            config: manifest.config.digest,
            layers: manifest.layers.iter().map(|layer| layer.digest).collect(),
        }
    }
}

/// Compares an image with its baseline, both by platform. `None` means that they are equal.
/// Layers are looked at before configurations, since another layer changes both.
pub fn compare(
    image: &BTreeMap<Platform, ImageContent>,
    baseline: &BTreeMap<Platform, ImageContent>,
) -> Option<Difference> {
    if let Some(platform) = image.keys().find(|key| !baseline.contains_key(key)) {
        return Some(Difference::PlatformAdded(platform.clone()));
    }
    if let Some(platform) = baseline.keys().find(|key| !image.contains_key(key)) {
        return Some(Difference::PlatformRemoved(platform.clone()));
    }
    image.iter().find_map(|(platform, content)| {
        let other = baseline.get(platform)?;
        if content.manifest == other.manifest {
            return None;
        }
        let (count, baseline_count) = (content.layers.len(), other.layers.len());
        let equal = content
            .layers
            .iter()
            .zip(&other.layers)
            .take_while(|(layer, other)| layer == other)
            .count();
        if equal < count.max(baseline_count) {
            return Some(Difference::Layer {
                platform: platform.clone(),
                number: equal + 1,
                count,
                baseline_count,
            });
        }
        (content.config != other.config).then(|| Difference::Config(platform.clone()))
    })
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PlatformAdded(platform) => write!(f, "{platform} is new"),
            Self::PlatformRemoved(platform) => write!(f, "{platform} is no longer built"),
            Self::Layer {
                platform,
                number,
                count,
                baseline_count,
            } if number > count => write!(
                f,
                "{platform} has {count} instead of {baseline_count} layers"
            ),
            Self::Layer {
                platform,
                number,
                count,
                baseline_count,
            } if number > baseline_count => write!(
                f,
                "{platform} has {count} instead of {baseline_count} layers"
            ),
            Self::Layer {
                platform,
                number,
                count,
                ..
            } => write!(f, "layer {number} of {count} differs on {platform}"),
            Self::Config(platform) => write!(f, "the configuration differs on {platform}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Images = BTreeMap<Platform, ImageContent>;

    /// `linux/amd64 config layer layer`, one image per line.
    fn images(text: &str) -> Images {
        text.lines()
            .map(|line| {
                let mut words = line.split_whitespace();
                let platform = words.next().unwrap().parse().unwrap();
                let content = ImageContent {
                    manifest: Digest::of(line),
                    config: Digest::of(words.next().unwrap()),
                    layers: words.map(Digest::of).collect(),
                };
                (platform, content)
            })
            .collect()
    }

    #[test]
    fn finds_the_first_difference_and_names_it() {
        let baseline = "linux/amd64 c1 a b\nlinux/arm64 c2 d e";
        for (image, expected) in [
            (baseline, None),
            ("linux/amd64 c1 a b", Some("linux/arm64 is no longer built")),
            (
                "linux/amd64 c1 a b\nlinux/arm64 c2 d e\nlinux/arm/v7 c a",
                Some("linux/arm/v7 is new"),
            ),
            (
                "linux/amd64 c1 a b\nlinux/arm64 c3 d f",
                Some("layer 2 of 2 differs on linux/arm64"),
            ),
            (
                "linux/amd64 c9 a b\nlinux/arm64 c2 d e",
                Some("the configuration differs on linux/amd64"),
            ),
            (
                "linux/amd64 c9 a b x\nlinux/arm64 c2 d e",
                Some("linux/amd64 has 3 instead of 2 layers"),
            ),
            (
                "linux/amd64 c9 a\nlinux/arm64 c2 d e",
                Some("linux/amd64 has 1 instead of 2 layers"),
            ),
        ] {
            let difference = compare(&images(image), &images(baseline));
            let text = difference.map(|difference| difference.to_string());
            assert_eq!(text.as_deref(), expected, "{image}");
        }
    }

    #[test]
    fn another_manifest_with_the_same_content_is_the_same_image() {
        let baseline = images("linux/amd64 c a b");
        let mut annotated = baseline.clone();
        for content in annotated.values_mut() {
            content.manifest = Digest::of("the same with a SOCI annotation");
        }
        assert_eq!(compare(&annotated, &baseline), None);
    }
}
