//! Tags that say what they are for: those of referrers, and those that split jobs leave.

use std::collections::BTreeSet;

use crate::image::Digest;

/// The tags of a manifest, by what they are for.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Tags {
    /// `sha256-<hex>…`: the manifest is about that one, or lists what is.
    pub(crate) referrer: Vec<(String, Digest)>,
    /// `<tag>.partial-<arch>`: left by a job that built one platform of `<tag>`.
    pub(crate) staging: Vec<String>,
    /// All others.
    pub(crate) ordinary: Vec<String>,
}

impl Tags {
    /// Those of one manifest. Nothing is about itself: some tools tag every image that they copy with its own digest
    /// (`sha256-<hex>.imgpkg`), which is a name like any other.
    pub(crate) fn of(tags: &[String], own: Digest) -> Self {
        let mut all = Self::default();
        // Each once: the last one is not counted twice.
        for tag in tags.iter().collect::<BTreeSet<_>>() {
            let about = referrer(tag).filter(|(subject, _)| *subject != own);
            if let Some((subject, _)) = about {
                all.referrer.push((tag.clone(), subject));
            } else if staging(tag).is_some() {
                all.staging.push(tag.clone());
            } else {
                all.ordinary.push(tag.clone());
            }
        }
        all
    }

    /// Whether nobody gave it a name: only an index that lists it, or a digest, leads to it.
    pub(crate) fn is_untagged(&self) -> bool {
        self.ordinary.is_empty() && self.referrer.is_empty()
    }

    /// Whether it is a referrer by its tags alone.
    pub(crate) fn is_referrer(&self) -> bool {
        self.ordinary.is_empty() && !self.referrer.is_empty()
    }
}

/// The subject that a tag names and what stands after it: `sha256-<64 hex digits>` alone is the referrers tag schema
/// (distribution-spec 1.1), with a suffix (`.sig`, `.att`, `.sbom`) it is cosign's.
pub(crate) fn referrer(tag: &str) -> Option<(Digest, &str)> {
    const HEX: usize = 64;
    let rest = tag.strip_prefix("sha256-")?;
    let (hex, suffix) = rest.split_at_checked(HEX)?;
    let digest = format!("sha256:{hex}").parse().ok()?;
    (suffix.is_empty() || suffix.starts_with(['.', '-', '_'])).then_some((digest, suffix))
}

/// The tag whose part this one names: `v1` of `v1.partial-arm64`.
pub(crate) fn staging(tag: &str) -> Option<&str> {
    let (of, platform) = tag.rsplit_once(".partial-")?;
    let is_platform = platform
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    (!of.is_empty() && !platform.is_empty() && is_platform).then_some(of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn referrer_tags_name_their_subject() {
        let hex = "ab".repeat(32);
        let read = |suffix: &str| {
            let tag = format!("sha256-{hex}{suffix}");
            referrer(&tag).map(|(digest, rest)| (digest.hex(), rest.to_owned()))
        };
        for suffix in ["", ".sig", ".att", ".sbom", ".cosign.bundle", "-x"] {
            assert_eq!(read(suffix), Some((hex.clone(), suffix.to_owned())));
        }
        assert_eq!(read("0"), None, "65 digits");
        assert_eq!(referrer("sha256-abc"), None);
        assert_eq!(referrer(&format!("sha256-{}", "AB".repeat(32))), None);
        assert_eq!(referrer(&format!("sha256-{}", "é".repeat(32))), None);
        assert_eq!(referrer("v1"), None);
    }

    #[test]
    fn a_tag_of_its_own_digest_is_a_name() {
        let own: Digest = format!("sha256:{}", "ab".repeat(32)).parse().unwrap();
        let tags = [format!("sha256-{}.imgpkg", "ab".repeat(32))];
        assert_eq!(Tags::of(&tags, own).ordinary, tags);
        let other = Tags::of(&tags, Digest::of("x"));
        assert!(other.is_referrer() && other.ordinary.is_empty());
    }

    #[test]
    fn a_tag_that_is_listed_twice_is_one() {
        let tags = ["b", "a", "b"].map(str::to_owned);
        assert_eq!(Tags::of(&tags, Digest::of("x")).ordinary, ["a", "b"]);
    }

    #[test]
    fn staging_tags_name_their_tag() {
        assert_eq!(staging("v1.partial-arm64"), Some("v1"));
        assert_eq!(staging("v1.partial-arm-v7"), Some("v1"));
        assert_eq!(staging("v1"), None);
        assert_eq!(staging(".partial-arm64"), None);
        assert_eq!(staging("v1.partial-"), None);
        assert_eq!(staging("v1.partial-Release"), None);
    }
}
