//! Whether what a service deploys beside its images is still what it was.
//!
//! A changed `memory`, environment variable or appspec is as much to deploy as a changed image. So the
//! files that a deploy stage reads have a digest, with the released images' own digests left out of
//! it; the record of a release keeps it, and the next release compares. Which record it is compared
//! with is up to `cli::handoff`; this is the rule, on plain values.

use super::HandoffFile;
use super::images::Images;
use crate::image::Digest;
use crate::release::record::{ImageRecord, Record, State};

/// What is known about the definition that a release replaces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing.
    #[default]
    Unknown,
    /// It is the same.
    Same,
    /// It has to be deployed.
    Differs {
        /// Why, as the summary says it.
        reason: String,
    },
}

impl Verdict {
    /// It has to be deployed.
    pub fn differs(reason: impl Into<String>) -> Self {
        Self::Differs {
            reason: reason.into(),
        }
    }

    /// Whether it differs, where that is known.
    pub(super) fn differing(&self) -> Option<bool> {
        match self {
            Self::Unknown => None,
            Self::Same => Some(false),
            Self::Differs { .. } => Some(true),
        }
    }
}

/// Where an earlier record comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Earlier {
    /// It is the baseline that the configuration names: what it says is what was deployed last.
    Baseline,
    /// It was in the output folder. It may be of another environment, or others may have released
    /// since; then it says nothing.
    Found,
}

/// The digest of what is deployed: the task definition, the appspec and `imagedefinitions.json`, byte
/// for byte but for the released images' digests. Repositories count.
pub(super) fn digest(files: &[HandoffFile], images: &Images<'_>) -> Digest {
    let mut whole = String::new();
    for file in files {
        let name = file.path.to_string_lossy();
        let appspec = name.starts_with("appspec.");
        if !appspec && name != "taskdef.json" && name != "imagedefinitions.json" {
            continue;
        }
        let mut text = String::from_utf8_lossy(&file.contents).into_owned();
        for record in images.by_target().values() {
            text = text.replace(&record.reference, &format!("{}@", record.repository));
        }
        whole.push_str(&format!("{name} {}\n{text}", text.len()));
    }
    Digest::of(whole)
}

/// Compares a service's definition with an earlier record's. `targets` are those that it uses.
pub fn compare(
    service: &str,
    definition: Digest,
    targets: &[&str],
    now: &Record,
    earlier: &Record,
    source: Earlier,
) -> Verdict {
    let found = source == Earlier::Found;
    if found && earlier.environment != now.environment {
        return Verdict::Unknown;
    }
    if earlier.state != State::Complete {
        // Its images may have been tagged, and its files never came to the deploy stage.
        return Verdict::differs("the release before did not finish");
    }
    if found && !targets.iter().all(|target| is_last(target, now, earlier)) {
        return Verdict::Unknown;
    }
    let known = earlier.services.get(service);
    match known.and_then(|service| service.definition) {
        Some(known) if known == definition => Verdict::Same,
        Some(_) => Verdict::differs("definition changed"),
        None if found => Verdict::Unknown,
        None => Verdict::differs("definition not in the baseline record"),
    }
}

/// Whether the earlier release of a target is what this one was compared with.
fn is_last(target: &str, now: &Record, earlier: &Record) -> bool {
    let (Some(now), Some(earlier)) = (now.images.get(target), earlier.images.get(target)) else {
        return false;
    };
    let ImageRecord {
        digest, baseline, ..
    } = now;
    earlier.digest == *digest || Some(earlier.digest) == *baseline
}

/// What a record says about a definition that is made from it again, by `handoff write`.
pub(super) fn recorded(service: &str, definition: Digest, record: &Record) -> Verdict {
    let Some(recorded) = record.services.get(service) else {
        return Verdict::Unknown;
    };
    match (recorded.definition, recorded.definition_changed) {
        (Some(known), _) if known != definition => {
            Verdict::differs("definition is not the one that was released")
        }
        (Some(_), Some(true)) => Verdict::differs("definition changed"),
        (Some(_), Some(false)) => Verdict::Same,
        (None, _) | (_, None) => Verdict::Unknown,
    }
}

#[cfg(test)]
mod tests;
