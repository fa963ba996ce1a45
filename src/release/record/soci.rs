//! What became of an image's layers with SOCI, as release.json tells it.

use launchway_soci::index::Version;
use serde::{Deserialize, Serialize};

use crate::image::Digest;
use crate::soci::version;

/// The SOCI index of one platform's image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SociRecord {
    /// The SOCI index manifest; absent when no layer has a zTOC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<Digest>,
    /// `v2` or `v1`.
    #[serde(with = "version")]
    pub version: Version,
    /// Uncompressed bytes per span.
    pub span_size: u64,
    /// Layers of fewer compressed bytes were not indexed.
    pub min_layer_size: u64,
    /// All layers from the base up.
    pub layers: Vec<SociLayerRecord>,
}

/// What became of one layer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SociLayerRecord {
    /// The compressed blob.
    pub layer: Digest,
    /// Where its zTOC comes from, or that it has none.
    pub how: SociOutcome,
    /// The zTOC blob.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ztoc: Option<Digest>,
    /// The zTOC's size in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// The zTOC's spans, where it was built in this run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spans: Option<u32>,
    /// Why it was left out: the end of a sentence that begins with the layer, for example `it is
    /// compressed with zstd, which SOCI cannot index`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What became of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SociOutcome {
    /// Its zTOC was built in this run.
    Built,
    /// Its zTOC was there: in the registry, in the local store.
    Reused,
    /// It is smaller than the limit.
    Small,
    /// It cannot be indexed safely.
    LeftOut,
}

impl SociRecord {
    /// How many layers ended in this way.
    pub fn count(&self, how: SociOutcome) -> usize {
        self.layers.iter().filter(|layer| layer.how == how).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_what_it_writes() {
        let record = SociRecord {
            index: Some(Digest::of("index")),
            version: Version::V1,
            span_size: 4 << 20,
            min_layer_size: 10 << 20,
            layers: vec![
                SociLayerRecord {
                    layer: Digest::of("base"),
                    how: SociOutcome::Built,
                    ztoc: Some(Digest::of("ztoc")),
                    size: Some(374_928),
                    spans: Some(7),
                    reason: None,
                },
                SociLayerRecord {
                    layer: Digest::of("app"),
                    how: SociOutcome::LeftOut,
                    ztoc: None,
                    size: None,
                    spans: None,
                    reason: Some("it ends in the middle".to_owned()),
                },
            ],
        };
        let json = serde_json::to_value(&record).unwrap();
        assert_eq!(json["version"], "v1");
        assert_eq!(json["minLayerSize"], 10_485_760);
        assert_eq!(json["layers"][0]["spans"], 7);
        assert_eq!(
            json["layers"][1],
            serde_json::json!({
                "layer": Digest::of("app"),
                "how": "left-out",
                "reason": "it ends in the middle",
            })
        );
        assert_eq!(serde_json::from_value::<SociRecord>(json).unwrap(), record);
        assert_eq!(record.count(SociOutcome::Built), 1);
        assert_eq!(record.count(SociOutcome::Small), 0);
    }
}
