//! What a build gives back.

use std::collections::BTreeMap;
use std::error::Error as StdError;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bollard_buildkit_proto::moby::buildkit::v1 as control;

use crate::Error;

const DIGEST: &str = "containerimage.digest";
const CONFIG_DIGEST: &str = "containerimage.config.digest";
const DESCRIPTOR: &str = "containerimage.descriptor";
const CACHE_MANIFEST: &str = "cache.manifest";

/// The answer of a build.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SolveResponse {
    /// All keys that the exporter and the cache exports gave; empty without an exporter.
    pub exporter: BTreeMap<String, String>,
}

impl SolveResponse {
    /// Digest of the image: of its index when the build made one, else of its manifest.
    pub fn digest(&self) -> Option<&str> {
        self.get(DIGEST)
    }

    /// Digest of the image's config; `None` when the build made an index.
    pub fn config_digest(&self) -> Option<&str> {
        self.get(CONFIG_DIGEST)
    }

    /// The image's OCI descriptor, as JSON.
    pub fn descriptor(&self) -> Result<Option<serde_json::Value>, Error> {
        let Some(text) = self.get(DESCRIPTOR) else {
            return Ok(None);
        };
        let json = STANDARD
            .decode(text)
            .map_err(|source| invalid(DESCRIPTOR, source))?;
        parse(DESCRIPTOR, &json).map(Some)
    }

    /// The OCI descriptor of an exported cache's manifest, as JSON.
    pub fn cache_manifest(&self) -> Result<Option<serde_json::Value>, Error> {
        let text = self.get(CACHE_MANIFEST);
        text.map(|text| parse(CACHE_MANIFEST, text.as_bytes()))
            .transpose()
    }

    fn get(&self, key: &str) -> Option<&str> {
        self.exporter.get(key).map(String::as_str)
    }
}

fn parse(field: &'static str, json: &[u8]) -> Result<serde_json::Value, Error> {
    serde_json::from_slice(json).map_err(|source| invalid(field, source))
}

fn invalid(field: &'static str, source: impl StdError + Send + Sync + 'static) -> Error {
    Error::InvalidResponse {
        field,
        source: Box::new(source),
    }
}

impl From<control::SolveResponse> for SolveResponse {
    fn from(response: control::SolveResponse) -> Self {
        Self {
            exporter: response.exporter_response.into_iter().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(key: &str, value: &str) -> SolveResponse {
        SolveResponse {
            exporter: [(key.to_owned(), value.to_owned())].into(),
        }
    }

    #[test]
    fn decodes_the_descriptor_and_leaves_absent_keys_out() {
        let base64 = STANDARD.encode(r#"{"digest":"sha256:ab","size":3}"#);
        let descriptor = response(DESCRIPTOR, &base64).descriptor().unwrap().unwrap();
        assert_eq!(descriptor["size"], 3);
        assert_eq!(SolveResponse::default().descriptor().unwrap(), None);
        assert_eq!(response(DIGEST, "sha256:ab").digest(), Some("sha256:ab"));
    }

    #[test]
    fn says_which_key_is_broken() {
        for value in ["%%%", "bm90IGpzb24="] {
            let error = response(DESCRIPTOR, value).descriptor().unwrap_err();
            assert!(error.to_string().contains(DESCRIPTOR), "{error}");
        }
        assert!(response(CACHE_MANIFEST, "{").cache_manifest().is_err());
    }
}
