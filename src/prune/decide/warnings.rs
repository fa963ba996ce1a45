//! What somebody should look at. Never a reason to delete, and each told once.

use std::collections::{BTreeMap, BTreeSet};

use super::NamedImage;
use super::rules::Fate;
use crate::image::Digest;
use crate::prune::graph::{Graph, Kept};
use crate::prune::{KeepReason, Status, UsedBy};

/// How many names a warning gives before it counts the others.
const NAMES: usize = 3;

/// Images in use that are not in the repository.
pub(super) fn not_there(uses: &[&NamedImage]) -> Vec<String> {
    let mut images: BTreeMap<(Option<&str>, Option<Digest>), BTreeSet<&UsedBy>> = BTreeMap::new();
    for one in uses {
        let image = (one.tag.as_deref(), one.digest);
        images.entry(image).or_default().insert(&one.by);
    }
    let images = images.into_iter();
    images
        .map(|((tag, digest), by)| {
            let image = match (tag, digest) {
                (Some(tag), Some(digest)) => format!("{tag}@{digest}"),
                (Some(tag), None) => tag.to_owned(),
                (None, Some(digest)) => digest.to_string(),
                (None, None) => String::new(),
            };
            format!("{image} is in use and not there: {}", names(&by))
        })
        .collect()
}

/// What the repository itself gives reason to.
pub(super) fn of(graph: &Graph<'_>, fates: &[Fate], kept: &Kept) -> Vec<String> {
    let mut unknown: BTreeMap<&str, usize> = BTreeMap::new();
    let mut warnings = Vec::new();
    for (at, node) in graph.nodes.iter().enumerate() {
        let mut users = BTreeSet::new();
        for reason in &fates[at].keep {
            match reason {
                KeepReason::Unknown { media_type } => *unknown.entry(media_type).or_default() += 1,
                KeepReason::InUse { by, .. } => {
                    users.insert(by);
                }
                _ => {}
            }
        }
        if node.manifest.status == Status::Archived && !users.is_empty() {
            let (digest, names) = (node.digest(), names(&users));
            warnings.push(format!(
                "{digest} is in use and in the archive, from where nothing can pull it: {names}"
            ));
        }
        if kept.kept[at] && node.missing > 0 {
            let digest = node.digest();
            warnings.push(match node.missing {
                1 => format!("{digest} lists a manifest that is not there"),
                more => format!("{digest} lists {more} manifests that are not there"),
            });
        }
    }
    warnings.extend(unknown.into_iter().map(|(kind, count)| match count {
        1 => format!("a manifest of type {kind} is kept, because it is not known what it is"),
        _ => format!(
            "{count} manifests of type {kind} are kept, because it is not known what they are"
        ),
    }));
    warnings
}

fn names(by: &BTreeSet<&UsedBy>) -> String {
    let shown: Vec<String> = by.iter().take(NAMES).map(ToString::to_string).collect();
    match by.len().saturating_sub(NAMES) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
