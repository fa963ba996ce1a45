//! What the summary says of an image's SOCI indexes: one line when its platforms agree, one per
//! platform when they differ, and each layer that could not be indexed with its reason.

use std::collections::BTreeMap;

use launchway_soci::index::Version;

use crate::config::show_size;
use crate::image::{Digest, Platform};
use crate::release::record::{ImageRecord, SociOutcome, SociRecord};
use crate::ui::measure;

/// The lines about an image; none where SOCI is off.
pub(super) fn lines(image: &ImageRecord) -> Vec<String> {
    let records = image.platforms.iter();
    let records: Vec<(&Platform, &SociRecord)> = records
        .filter_map(|(platform, built)| Some((platform, built.soci.as_ref()?)))
        .collect();
    let mut texts: Vec<String> = records.iter().map(|(_, record)| text(record)).collect();
    let all = texts.len() == image.platforms.len();
    let equal = texts.iter().all(|text| *text == texts[0]);
    if all && equal {
        texts.truncate(1);
        return texts;
    }
    let names = records.iter().map(|(platform, _)| platform.tag_suffix());
    let names: Vec<String> = names.collect();
    let width = names.iter().map(|name| measure::width(name));
    let width = width.max().unwrap_or_default();
    let line = |(name, text)| format!("{}  {text}", measure::pad(name, width));
    names
        .iter()
        .map(String::as_str)
        .zip(texts)
        .map(line)
        .collect()
}

/// What the lines begin with: the older version is worth a word.
pub(super) fn heading(image: &ImageRecord) -> &'static str {
    let mut records = image.platforms.values();
    match records.find_map(|built| built.soci.as_ref()) {
        Some(record) if record.version == Version::V1 => "SOCI v1",
        _ => "SOCI",
    }
}

/// Layers of any platform that could not be indexed, each once, and why.
pub(super) fn left_out(image: &ImageRecord) -> BTreeMap<Digest, &str> {
    let records = image.platforms.values();
    let layers = records
        .filter_map(|built| built.soci.as_ref())
        .flat_map(|record| &record.layers);
    layers
        .filter(|layer| layer.how == SociOutcome::LeftOut)
        .map(|layer| {
            let reason = layer.reason.as_deref().unwrap_or("no reason was given");
            (layer.layer, reason)
        })
        .collect()
}

/// `2 of 5 layers indexed (1 built, 1 reused), 3 below 10 MiB`.
fn text(record: &SociRecord) -> String {
    let all = record.layers.len();
    let built = record.count(SociOutcome::Built);
    let reused = record.count(SociOutcome::Reused);
    let small = record.count(SociOutcome::Small);
    let left_out = record.count(SociOutcome::LeftOut);
    let minimum = show_size(record.min_layer_size);
    let mut rest = Vec::new();
    if left_out > 0 {
        rest.push(format!("{left_out} cannot be"));
    }
    if small > 0 {
        rest.push(format!("{small} below {minimum}"));
    }
    let indexed = built + reused;
    let head = match (built, reused) {
        (0, 0) if small == all => {
            return format!("no index is needed: every layer is below {minimum}");
        }
        (0, 0) => format!("none of {} indexed", measure::count(all, "layer")),
        (_, 0) => format!(
            "{indexed} of {} indexed (built)",
            measure::count(all, "layer")
        ),
        (0, _) => format!(
            "{indexed} of {} indexed (reused)",
            measure::count(all, "layer")
        ),
        _ => format!(
            "{indexed} of {} indexed ({built} built, {reused} reused)",
            measure::count(all, "layer")
        ),
    };
    let mut parts = vec![head];
    parts.append(&mut rest);
    parts.join(", ")
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::release::record::SociLayerRecord;

    /// A record with layers that ended like this; left-out ones are zstd.
    pub(in super::super) fn record(outcomes: &[SociOutcome]) -> SociRecord {
        let layer = |(index, how): (usize, &SociOutcome)| SociLayerRecord {
            layer: Digest::of(format!("layer {index}")),
            how: *how,
            ztoc: None,
            size: None,
            spans: None,
            reason: (*how == SociOutcome::LeftOut)
                .then(|| "it is compressed with zstd, which SOCI cannot index".to_owned()),
        };
        SociRecord {
            index: None,
            version: Version::V2,
            span_size: 4 << 20,
            min_layer_size: 10 << 20,
            layers: outcomes.iter().enumerate().map(layer).collect(),
        }
    }

    #[test]
    fn counts_what_became_of_the_layers() {
        use SociOutcome::{Built, LeftOut, Reused, Small};
        for (outcomes, expected) in [
            (
                &[Built, Reused, Small, Small, Small][..],
                "2 of 5 layers indexed (1 built, 1 reused), 3 below 10 MiB",
            ),
            (&[Built], "1 of 1 layer indexed (built)"),
            (&[Reused, Reused], "2 of 2 layers indexed (reused)"),
            (
                &[Built, LeftOut, Small],
                "1 of 3 layers indexed (built), 1 cannot be, 1 below 10 MiB",
            ),
            (
                &[LeftOut, Small],
                "none of 2 layers indexed, 1 cannot be, 1 below 10 MiB",
            ),
            (
                &[Small, Small],
                "no index is needed: every layer is below 10 MiB",
            ),
            (&[], "no index is needed: every layer is below 10 MiB"),
        ] {
            assert_eq!(text(&record(outcomes)), expected);
        }
    }
}
