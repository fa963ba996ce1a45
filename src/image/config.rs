//! Image configurations (image-spec 1.1, config.md): the few members that matter here.

use serde::Deserialize;

use super::{Digest, Platform};

/// What an image's configuration says about the image itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageConfig {
    /// What it runs on; `None` where the configuration does not say.
    pub platform: Option<Platform>,
    /// The digests of the uncompressed layers, from the base up.
    pub diff_ids: Vec<Digest>,
}

#[derive(Deserialize)]
struct Wire {
    #[serde(default)]
    os: String,
    #[serde(default)]
    architecture: String,
    variant: Option<String>,
    rootfs: RootFs,
}

#[derive(Deserialize)]
struct RootFs {
    diff_ids: Vec<Digest>,
}

impl ImageConfig {
    /// Reads a configuration. What else it holds is not looked at.
    pub fn parse(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        let wire: Wire = serde_json::from_slice(bytes)?;
        let known = !wire.os.is_empty() && !wire.architecture.is_empty();
        Ok(Self {
            platform: known
                .then(|| Platform::new(&wire.os, &wire.architecture, wire.variant.as_deref())),
            diff_ids: wire.rootfs.diff_ids,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_platform_and_layers() {
        let digest = Digest::of("layer");
        let text = format!(
            r#"{{"os":"linux","architecture":"arm64","config":{{}},"rootfs":{{"type":"layers","diff_ids":["{digest}"]}}}}"#
        );
        let config = ImageConfig::parse(text.as_bytes()).unwrap();
        assert_eq!(config.platform, Some("linux/arm64".parse().unwrap()));
        assert_eq!(config.diff_ids, [digest]);
        let config = ImageConfig::parse(br#"{"rootfs":{"diff_ids":[]}}"#).unwrap();
        assert_eq!(config.platform, None);
        assert!(ImageConfig::parse(b"{}").is_err());
    }
}
