//! What a layer's media type says about SOCI.

use std::fmt;

/// How a layer is stored, by its media type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LayerType {
    /// A tar archive, compressed with gzip.
    Gzip,
    /// A tar archive as it is.
    Uncompressed,
    /// A tar archive, compressed with zstd. A zTOC has no value for that.
    Zstd,
    /// A layer that need not be in the registry (Windows base layers).
    Foreign,
    /// Nothing that a container runtime would unpack.
    Unknown,
}

impl LayerType {
    /// The type of OCI's (image-spec 1.1, layer.md) and Docker's media types.
    pub fn of(media_type: &str) -> Self {
        const OCI: &str = "application/vnd.oci.image.layer.v1.";
        const DOCKER: &str = "application/vnd.docker.image.rootfs.diff.";
        if media_type.starts_with("application/vnd.oci.image.layer.nondistributable.v1.")
            || media_type.starts_with("application/vnd.docker.image.rootfs.foreign.diff.")
        {
            return Self::Foreign;
        }
        let rest = media_type
            .strip_prefix(OCI)
            .or_else(|| media_type.strip_prefix(DOCKER));
        match rest {
            Some("tar") => Self::Uncompressed,
            Some("tar+gzip" | "tar.gzip") => Self::Gzip,
            Some("tar+zstd" | "tar.zstd") => Self::Zstd,
            _ => Self::Unknown,
        }
    }

    /// Why no zTOC can be made for such a layer: the end of a sentence that begins with it.
    pub fn objection(self) -> Option<&'static str> {
        match self {
            Self::Gzip | Self::Uncompressed => None,
            Self::Zstd => Some("it is compressed with zstd, which SOCI cannot index"),
            Self::Foreign => Some("it is not kept in the registry (a foreign layer)"),
            Self::Unknown => Some("its media type is none of a layer"),
        }
    }
}

impl fmt::Display for LayerType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gzip => "gzip",
            Self::Uncompressed => "uncompressed",
            Self::Zstd => "zstd",
            Self::Foreign => "foreign",
            Self::Unknown => "unknown",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types() {
        for (media_type, expected) in [
            (
                "application/vnd.oci.image.layer.v1.tar",
                LayerType::Uncompressed,
            ),
            (
                "application/vnd.oci.image.layer.v1.tar+gzip",
                LayerType::Gzip,
            ),
            (
                "application/vnd.oci.image.layer.v1.tar+zstd",
                LayerType::Zstd,
            ),
            (
                "application/vnd.docker.image.rootfs.diff.tar",
                LayerType::Uncompressed,
            ),
            (
                "application/vnd.docker.image.rootfs.diff.tar.gzip",
                LayerType::Gzip,
            ),
            (
                "application/vnd.docker.image.rootfs.diff.tar.zstd",
                LayerType::Zstd,
            ),
            (
                "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
                LayerType::Foreign,
            ),
            (
                "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
                LayerType::Foreign,
            ),
            ("application/vnd.in-toto+json", LayerType::Unknown),
            (
                "application/vnd.oci.image.layer.v1.tar+lz4",
                LayerType::Unknown,
            ),
        ] {
            assert_eq!(LayerType::of(media_type), expected, "{media_type}");
        }
    }
}
