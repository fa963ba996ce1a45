//! The entry of a SOCI index (v2) in an image index. Where it stands there is the business of
//! whoever writes the image index; what the SOCI index holds is that of `push`.

use std::collections::BTreeMap;

use launchway_soci::index::{MANIFEST_ANNOTATION, Version};

use crate::image::{Descriptor, Digest, Platform, media_type};

/// The entry of `index`, the SOCI index of the image manifest `image`, which runs on `platform`
/// (reference: soci-snapshotter's `convert`).
pub fn soci_entry(index: &Descriptor, image: Digest, platform: &Platform) -> Descriptor {
    Descriptor {
        platform: Some(platform.clone()),
        ..without_platform(index.digest, index.size, image)
    }
}

/// The same but for the platform.
pub(super) fn without_platform(index: Digest, size: u64, image: Digest) -> Descriptor {
    Descriptor {
        artifact_type: Some(Version::V2.artifact_type().to_owned()),
        annotations: BTreeMap::from([(MANIFEST_ANNOTATION.to_owned(), image.to_string())]),
        ..Descriptor::new(media_type::OCI_MANIFEST, index, size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_names_its_image_and_says_what_it_is() {
        let (index, image) = (Digest::of("index"), Digest::of("image"));
        let pushed = Descriptor::new(media_type::OCI_MANIFEST, index, 7);
        let entry = soci_entry(&pushed, image, &"linux/arm64".parse().unwrap());
        let json = serde_json::json!({
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "digest": index,
            "size": 7,
            "platform": { "os": "linux", "architecture": "arm64" },
            "artifactType": "application/vnd.amazon.soci.index.v2+json",
            "annotations": { "com.amazon.soci.image-manifest-digest": image },
        });
        assert_eq!(serde_json::to_value(entry).unwrap(), json);
    }
}
