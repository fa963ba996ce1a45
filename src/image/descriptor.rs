//! OCI content descriptors (image-spec 1.1, descriptor.md).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Digest, Platform};

/// A reference to content: its type, digest and size, and in an index its platform.
///
/// Members we do not use (`urls`, `data`) are kept in `other`, so that a document read and
/// written again says the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// The content's media type.
    pub media_type: String,
    /// The content's digest.
    pub digest: Digest,
    /// The content's size in bytes.
    pub size: u64,
    /// What an image in an index runs on.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "platform_object"
    )]
    pub platform: Option<Platform>,
    /// The type of an artifact that the content is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// Arbitrary metadata.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// All other members, untouched.
    #[serde(flatten)]
    pub other: BTreeMap<String, serde_json::Value>,
}

impl Descriptor {
    /// A descriptor of content with these properties and nothing else.
    pub fn new(media_type: impl Into<String>, digest: Digest, size: u64) -> Self {
        Self {
            media_type: media_type.into(),
            digest,
            size,
            platform: None,
            artifact_type: None,
            annotations: BTreeMap::new(),
            other: BTreeMap::new(),
        }
    }
}

/// A [`Platform`] as the object that descriptors hold. `os.version` and `os.features` (Windows)
/// are dropped: Launchway builds Linux images.
mod platform_object {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Platform;

    #[derive(Serialize, Deserialize)]
    struct Object {
        architecture: String,
        os: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        variant: Option<String>,
    }

    #[expect(
        clippy::ref_option,
        reason = "the signature that serde's `with` asks for"
    )]
    pub(super) fn serialize<S: Serializer>(
        platform: &Option<Platform>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        platform
            .as_ref()
            .map(|platform| Object {
                architecture: platform.architecture().to_owned(),
                os: platform.os().to_owned(),
                variant: platform.variant().map(str::to_owned),
            })
            .serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Platform>, D::Error> {
        let object = Option::<Object>::deserialize(deserializer)?;
        Ok(object.map(|o| Platform::new(&o.os, &o.architecture, o.variant.as_deref())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_members_it_does_not_know() {
        let text = r#"{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","size":7,"platform":{"architecture":"arm64","os":"linux"},"urls":["https://example.com/x"]}"#;
        let descriptor: Descriptor = serde_json::from_str(text).unwrap();
        assert_eq!(
            descriptor.platform.as_ref().unwrap().to_string(),
            "linux/arm64"
        );
        assert_eq!(serde_json::to_string(&descriptor).unwrap(), text);
    }
}
