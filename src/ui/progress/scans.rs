//! Scans while they run: what is said about them in the picture, as lines and as JSON.

use std::time::Duration;

use serde_json::{Value, json};

use crate::release::{Event, SolveName};
use crate::scan::{self, ScannerKind};
use crate::ui::style::Style;

use super::line::{Line, Tone};

/// The scan of one platform's image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Scan {
    /// It runs.
    Running {
        /// Since when, by our clock.
        since: Duration,
        /// Who looks.
        scanner: ScannerKind,
    },
    /// It ended.
    Done {
        /// How long it took.
        took: Duration,
        /// `2 critical, 5 high`, or that there is no result.
        text: String,
        /// There is a result.
        known: bool,
    },
}

impl Scan {
    /// What an event makes of a scan; and of which image. `before` is what was known of it.
    pub(super) fn of(event: &Event, now: Duration) -> Option<(SolveName, Self)> {
        match event {
            Event::ScanStarted {
                target,
                platform,
                scanner,
            } => {
                let scanner = *scanner;
                let name = name(target, platform);
                Some((
                    name,
                    Self::Running {
                        since: now,
                        scanner,
                    },
                ))
            }
            Event::ScanCompleted {
                target,
                platform,
                counts,
                no_result,
            } => {
                let text = match no_result {
                    Some(_) => "no scan result".to_owned(),
                    None => scan::finding::describe(counts),
                };
                let scan = Self::Done {
                    took: Duration::ZERO,
                    text,
                    known: no_result.is_none(),
                };
                Some((name(target, platform), scan))
            }
            _ => None,
        }
    }

    /// The same, with the time since it began.
    pub(super) fn after(mut self, before: Option<&Self>, now: Duration) -> Self {
        if let (Self::Done { took, .. }, Some(Self::Running { since, .. })) = (&mut self, before) {
            *took = now.saturating_sub(*since);
        }
        self
    }

    pub(super) fn is_running(&self) -> bool {
        matches!(self, Self::Running { .. })
    }

    /// What stands behind the image's name.
    pub(super) fn line(&self, now: Duration) -> (Line, Duration) {
        match self {
            Self::Running { since, scanner } => {
                let text = format!("scanning with {}", scanner.title());
                let line = Line::default().with(Tone::Normal, text);
                (line, now.saturating_sub(*since))
            }
            Self::Done { took, text, known } => {
                let tone = if *known { Tone::Normal } else { Tone::Odd };
                (Line::default().with(tone, text), *took)
            }
        }
    }
}

/// The line of a log about an event, and about whom.
pub(super) fn line(event: &Event, style: Style) -> Option<(String, String)> {
    Some(match event {
        Event::ScanStarted {
            target,
            platform,
            scanner,
        } => {
            let who = name(target, platform).to_string();
            (who, format!("scanning with {}", scanner.title()))
        }
        Event::ScanCompleted {
            target,
            platform,
            counts,
            no_result,
        } => {
            let text = match no_result {
                Some(reason) => style.yellow(format!("no scan result: {reason}")),
                None => format!("scanned: {}", scan::finding::describe(counts)),
            };
            (name(target, platform).to_string(), text)
        }
        _ => return None,
    })
}

/// `{"event":"scanCompleted",…}`.
pub(super) fn json(event: &Event) -> Option<Value> {
    Some(match event {
        Event::ScanStarted {
            target,
            platform,
            scanner,
        } => json!({
            "event": "scanStarted", "target": target, "platform": platform, "scanner": scanner,
        }),
        Event::ScanCompleted {
            target,
            platform,
            counts,
            no_result,
        } => json!({
            "event": "scanCompleted", "target": target, "platform": platform, "counts": counts,
            "noResult": no_result,
        }),
        _ => return None,
    })
}

fn name(target: &str, platform: &crate::image::Platform) -> SolveName {
    SolveName {
        target: target.to_owned(),
        platform: Some(platform.clone()),
    }
}
