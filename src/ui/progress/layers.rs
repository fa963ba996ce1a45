//! Layers that are indexed for SOCI while they stream in: how far they are, and what is said about
//! them as lines and as JSON. Several stream at the same time; a picture shows their sum.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::image::Digest;
use crate::release::{Event, LayerOutcome, SolveName};
use crate::ui::measure;

/// A layer is told about again after this time.
const TELL_EVERY: Duration = Duration::from_secs(5);

/// Layers by digest.
#[derive(Debug, Default)]
pub(crate) struct Layers(BTreeMap<Digest, Layer>);

#[derive(Clone, Copy, Debug, Default)]
struct Layer {
    size: u64,
    bytes: u64,
    state: State,
    /// When a line was last written about it.
    told: Duration,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Open,
    Indexed,
    LeftOut,
}

impl Layers {
    /// Takes an event; `now` is the time since the run began.
    pub(super) fn apply(&mut self, event: &Event, now: Duration) {
        match event {
            Event::LayerIndexing { layer, size } => {
                // One that begins again (a second try) begins at nothing.
                let begun = Layer {
                    size: *size,
                    told: now,
                    ..Layer::default()
                };
                self.0.insert(*layer, begun);
            }
            Event::LayerProgress { layer, bytes } => {
                if let Some(layer) = self.0.get_mut(layer) {
                    layer.bytes = (*bytes).min(layer.size);
                }
            }
            Event::LayerIndexed {
                layer,
                size,
                outcome,
                ..
            } => {
                let layer = self.0.entry(*layer).or_default();
                layer.size = *size;
                layer.bytes = *size;
                layer.state = match outcome {
                    LayerOutcome::Indexed { .. } => State::Indexed,
                    LayerOutcome::LeftOut { .. } => State::LeftOut,
                };
            }
            _ => {}
        }
    }

    /// Bytes that came in and bytes in all, over all layers of the run; `None` while none streams.
    pub(super) fn moving(&self) -> Option<(u64, u64)> {
        let open = self.0.values().any(|layer| layer.state == State::Open);
        let current = self.0.values().map(|layer| layer.bytes).sum();
        let total = self.0.values().map(|layer| layer.size).sum();
        open.then_some((current, total))
    }

    /// How many have a zTOC now that was built in this run.
    pub(super) fn indexed(&self) -> usize {
        let indexed = |layer: &&Layer| layer.state == State::Indexed;
        self.0.values().filter(indexed).count()
    }

    /// What a log says about an event, and about whom; `None` is the run. Progress is told now and
    /// then.
    pub(super) fn line(
        &mut self,
        event: &Event,
        now: Duration,
    ) -> Option<(Option<String>, String)> {
        let text = match event {
            Event::LayerIndexing { layer, size } => {
                format!(
                    "indexing layer {}, {}",
                    layer.short(),
                    measure::bytes(*size)
                )
            }
            Event::LayerProgress { layer: digest, .. } => {
                let layer = self.0.get_mut(digest)?;
                if layer.state != State::Open || now.saturating_sub(layer.told) < TELL_EVERY {
                    return None;
                }
                layer.told = now;
                format!(
                    "indexing layer {}, {} / {}",
                    digest.short(),
                    measure::bytes(layer.bytes),
                    measure::bytes(layer.size)
                )
            }
            Event::LayerIndexed {
                layer,
                outcome,
                duration_ms,
                ..
            } => {
                let layer = layer.short();
                let took = measure::duration(Duration::from_millis(*duration_ms));
                match outcome {
                    LayerOutcome::Indexed { ztoc_size, spans } => format!(
                        "indexed layer {layer} in {took}: {}, zTOC of {}",
                        measure::count(usize::try_from(*spans).unwrap_or(usize::MAX), "span"),
                        measure::bytes(*ztoc_size)
                    ),
                    LayerOutcome::LeftOut { reason } => {
                        format!("layer {layer} is not indexed: {reason}")
                    }
                }
            }
            Event::SociPublished {
                target,
                platform,
                index,
                built,
                reused,
                uploaded,
            } => {
                let solve = SolveName {
                    target: target.clone(),
                    platform: Some(platform.clone()),
                };
                let text = format!(
                    "SOCI index {} published; zTOCs: {built} built, {reused} reused, {uploaded} uploaded",
                    index.short()
                );
                return Some((Some(solve.to_string()), text));
            }
            _ => return None,
        };
        Some((None, text))
    }
}

/// An event as our own JSON.
pub(super) fn json(event: &Event) -> Option<Value> {
    Some(match event {
        Event::LayerIndexing { layer, size } => {
            json!({ "event": "layerIndexing", "layer": layer, "size": size })
        }
        Event::LayerProgress { layer, bytes } => {
            json!({ "event": "layerProgress", "layer": layer, "bytes": bytes })
        }
        Event::LayerIndexed {
            layer,
            size,
            outcome,
            duration_ms,
        } => {
            let mut value = json!({
                "event": "layerIndexed", "layer": layer, "size": size, "durationMs": duration_ms,
            });
            match outcome {
                LayerOutcome::Indexed { ztoc_size, spans } => {
                    value["ztocSize"] = json!(ztoc_size);
                    value["spans"] = json!(spans);
                }
                LayerOutcome::LeftOut { reason } => value["leftOut"] = json!(reason),
            }
            value
        }
        Event::SociPublished {
            target,
            platform,
            index,
            built,
            reused,
            uploaded,
        } => json!({
            "event": "sociPublished", "target": target, "platform": platform, "index": index,
            "built": built, "reused": reused, "uploaded": uploaded,
        }),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEGABYTE: u64 = 1_000_000;

    fn second(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn begins(name: &str, megabytes: u64) -> Event {
        Event::LayerIndexing {
            layer: Digest::of(name),
            size: megabytes * MEGABYTE,
        }
    }

    fn at(name: &str, megabytes: u64) -> Event {
        Event::LayerProgress {
            layer: Digest::of(name),
            bytes: megabytes * MEGABYTE,
        }
    }

    fn ends(name: &str, megabytes: u64, outcome: LayerOutcome) -> Event {
        Event::LayerIndexed {
            layer: Digest::of(name),
            size: megabytes * MEGABYTE,
            outcome,
            duration_ms: 1600,
        }
    }

    fn indexed() -> LayerOutcome {
        LayerOutcome::Indexed {
            ztoc_size: 21_200_000,
            spans: 181,
        }
    }

    #[test]
    fn layers_are_summed_up_while_any_streams() {
        let mut layers = Layers::default();
        let mut after = |event: Event| {
            layers.apply(&event, second(1));
            layers
                .moving()
                .map(|(current, total)| (current / MEGABYTE, total / MEGABYTE))
        };
        assert_eq!(after(begins("a", 285)), Some((0, 285)));
        assert_eq!(after(at("a", 100)), Some((100, 285)));
        assert_eq!(after(begins("b", 15)), Some((100, 300)));
        assert_eq!(after(ends("a", 285, indexed())), Some((285, 300)));
        let reason = "it ends in the middle".to_owned();
        assert_eq!(after(ends("b", 15, LayerOutcome::LeftOut { reason })), None);
        assert_eq!(layers.indexed(), 1);
    }

    #[test]
    fn a_layer_that_begins_again_begins_at_nothing() {
        let mut layers = Layers::default();
        layers.apply(&begins("a", 20), second(0));
        layers.apply(&ends("a", 20, indexed()), second(1));
        layers.apply(&begins("a", 20), second(2));
        assert_eq!(layers.moving(), Some((0, 20 * MEGABYTE)));
        assert_eq!(layers.indexed(), 0);
    }

    #[test]
    fn lines_say_what_happens_and_progress_now_and_then() {
        let mut layers = Layers::default();
        let reason = "it is compressed with zstd, which SOCI cannot index".to_owned();
        let events = [
            (0, begins("a", 285)),
            (2, at("a", 50)),
            (5, at("a", 100)),
            (9, at("a", 150)),
            (11, at("a", 200)),
            (12, ends("a", 285, indexed())),
            (12, ends("b", 15, LayerOutcome::LeftOut { reason })),
            (
                13,
                Event::SociPublished {
                    target: "web".to_owned(),
                    platform: "linux/arm64".parse().unwrap(),
                    index: Digest::of("index"),
                    built: 1,
                    reused: 2,
                    uploaded: 1,
                },
            ),
        ];
        let mut lines = Vec::new();
        for (seconds, event) in events {
            layers.apply(&event, second(seconds));
            if let Some((who, what)) = layers.line(&event, second(seconds)) {
                lines.push(format!("{} | {what}", who.as_deref().unwrap_or("run")));
            }
        }
        let a = Digest::of("a").short();
        assert_eq!(
            lines,
            [
                format!("run | indexing layer {a}, 285.0 MB"),
                format!("run | indexing layer {a}, 100.0 MB / 285.0 MB"),
                format!("run | indexing layer {a}, 200.0 MB / 285.0 MB"),
                format!("run | indexed layer {a} in 1.6s: 181 spans, zTOC of 21.2 MB"),
                format!(
                    "run | layer {} is not indexed: it is compressed with zstd, which SOCI cannot \
                     index",
                    Digest::of("b").short()
                ),
                format!(
                    "web/arm64 | SOCI index {} published; zTOCs: 1 built, 2 reused, 1 uploaded",
                    Digest::of("index").short()
                ),
            ]
        );
    }
}
