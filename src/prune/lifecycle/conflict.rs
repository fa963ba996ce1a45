//! Which protected images the rules of a lifecycle policy would take, now or in time.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use super::policy::{Action, LifecyclePolicy, Limit, Rule};
use crate::image::Digest;
use crate::prune::{ImagePlan, KeepReason, Link, RepositoryPlan, Verdict};

/// How many images a text names.
const SHOWN: usize = 3;
const DAY: i64 = 24 * 60 * 60;

/// A rule of the policy takes what is protected here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The rule's `rulePriority`.
    pub rule: u32,
    /// It takes them at its next evaluation, which is within a day. Otherwise it takes them when they are old
    /// enough, or enough newer images are pushed, although they may still be in use then.
    pub due: bool,
    /// Those images, oldest first.
    pub images: Vec<Digest>,
    /// All of it for people: a sentence without its full stop.
    pub text: String,
}

/// Where a policy could take what is kept because it is in use, has a tag that is kept, or is one of the newest
/// releases, or belongs to such an image as a signature or SOCI index does. The parts of an index are left out: ECR
/// deletes no manifest that an index refers to. It does delete what is about an image and has no tag, or
/// one that a rule selects.
///
/// An image is taken by the first rule that is about it, and by no later one; an image that an earlier rule is about
/// still counts for a later one that keeps the newest.
pub fn conflicts(policy: &LifecyclePolicy, plan: &RepositoryPlan, now: Timestamp) -> Vec<Conflict> {
    let mut images: Vec<&ImagePlan> = plan.images.iter().collect();
    // Newest first. What has no time is taken for the oldest: it may be.
    images.sort_by_key(|image| (Reverse(image.pushed_at), image.digest));
    let protections = Protections::of(&images);
    let mut claimed = vec![false; images.len()];
    let mut conflicts = Vec::new();
    for rule in &policy.rules {
        let mut due = Vec::new();
        let mut later = Vec::new();
        let mut rank = 0;
        for (image, claimed) in images.iter().zip(&mut claimed) {
            if !rule.selects(image) {
                continue;
            }
            rank += 1;
            if std::mem::replace(claimed, true) {
                continue;
            }
            let Some(protection) = protections.protection(image) else {
                continue;
            };
            // An image that is in the archive is where the rule puts it.
            if rule.action == Action::Archive && image.archived {
                continue;
            }
            match fate(rule, image, rank, protection, now) {
                Fate::Due if is_child(image) => later.push(*image),
                Fate::Due => due.push(*image),
                Fate::Later => later.push(*image),
                Fate::Safe => {}
            }
        }
        conflicts.extend(conflict(rule, due, true));
        conflicts.extend(conflict(rule, later, false));
    }
    conflicts
}

/// What keeps an image here, as far as a policy of ECR could not know it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Protection {
    /// Something uses it, or its tag is kept for ever.
    Always,
    /// One of the newest: until newer ones come.
    Newest,
}

/// What keeps every image.
struct Protections<'a> {
    images: HashMap<Digest, &'a ImagePlan>,
}

impl<'a> Protections<'a> {
    fn of(images: &[&'a ImagePlan]) -> Self {
        let images = images.iter().map(|&image| (image.digest, image));
        Self {
            images: images.collect(),
        }
    }

    /// What keeps an image by itself, or else the one that it belongs to.
    fn protection(&self, image: &ImagePlan) -> Option<Protection> {
        own_protection(image).or_else(|| {
            // An index protects its parts by being there.
            let (of, link) = whole(image)?;
            (link != Link::Child).then(|| self.of_whole(of))?
        })
    }

    /// What keeps a whole, which may be a part of an index itself.
    fn of_whole(&self, of: Digest) -> Option<Protection> {
        let mut seen = HashSet::new();
        let mut of = of;
        // A plan that was edited may lead in a circle.
        while seen.insert(of) {
            let image = self.images.get(&of)?;
            if let Some(protection) = own_protection(image) {
                return Some(protection);
            }
            (of, _) = whole(image)?;
        }
        None
    }
}

fn own_protection(image: &ImagePlan) -> Option<Protection> {
    let protections = reasons(image).iter().filter_map(|reason| match reason {
        KeepReason::InUse { .. } | KeepReason::Tag { .. } => Some(Protection::Always),
        KeepReason::Newest { .. } => Some(Protection::Newest),
        _ => None,
    });
    // The stronger one.
    protections.min_by_key(|one| *one == Protection::Newest)
}

/// What it belongs to, and how.
fn whole(image: &ImagePlan) -> Option<(Digest, Link)> {
    reasons(image).iter().find_map(|reason| match reason {
        KeepReason::Part { of, link } => Some((*of, *link)),
        _ => None,
    })
}

fn reasons(image: &ImagePlan) -> &[KeepReason] {
    match &image.verdict {
        Verdict::Keep(reasons) => reasons,
        Verdict::Remove(_) => &[],
    }
}

enum Fate {
    Due,
    Later,
    Safe,
}

fn fate(rule: &Rule, image: &ImagePlan, rank: u64, protection: Protection, now: Timestamp) -> Fate {
    let aged = |since: Option<Timestamp>, days: u32| match since {
        Some(since) if now.as_second() - since.as_second() < i64::from(days) * DAY => Fate::Later,
        _ => Fate::Due,
    };
    match rule.limit {
        Limit::MoreThan(number) if rank > number => Fate::Due,
        // The images that push it out of the newest there do so here, too.
        Limit::MoreThan(_) if protection == Protection::Newest => Fate::Safe,
        Limit::MoreThan(_) => Fate::Later,
        Limit::Pushed(days) => aged(image.pushed_at, days),
        Limit::Pulled(days) => aged(image.pulled_at.max(image.pushed_at), days),
        // When it was archived is not told.
        Limit::Transitioned(_) => Fate::Later,
    }
}

/// Whether an index refers to it, so that it can only go after that.
fn is_child(image: &ImagePlan) -> bool {
    let child = |reason: &KeepReason| {
        matches!(
            reason,
            KeepReason::Part {
                link: Link::Child,
                ..
            }
        )
    };
    reasons(image).iter().any(child)
}

fn conflict(rule: &Rule, mut images: Vec<&ImagePlan>, due: bool) -> Option<Conflict> {
    if images.is_empty() {
        return None;
    }
    images.reverse();
    let count = match images.len() {
        1 => "an image that is".to_owned(),
        many => format!("{many} images that are"),
    };
    let shown: Vec<String> = images.iter().take(SHOWN).map(|image| name(image)).collect();
    let more = match images.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let (takes, leaves) = match rule.action {
        Action::Expire => ("delete", ""),
        Action::Archive => ("archive", ", where it cannot be pulled"),
    };
    let (when, although) = if due {
        ("is about to", "")
    } else {
        ("will", ", in use or not")
    };
    let text = format!(
        "{rule} of its lifecycle policy {when} {takes} {count} kept here{leaves}{although}: {}{more}",
        shown.join(", ")
    );
    Some(Conflict {
        rule: rule.priority,
        due,
        images: images.iter().map(|image| image.digest).collect(),
        text,
    })
}

/// `v1 (sha256:0123456789ab, service prod/web)`.
fn name(image: &ImagePlan) -> String {
    let digest = image.digest.to_string();
    let digest = digest.get(..19).unwrap_or(&digest).to_owned();
    let reason = reasons(image).iter().find_map(|reason| match reason {
        KeepReason::InUse { by, .. } => Some(by.to_string()),
        KeepReason::Tag { pattern, .. } => Some(format!("keep_tags {pattern}")),
        KeepReason::Newest { rank, of } => Some(format!("release {rank} of {of}")),
        KeepReason::Part { .. } => Some(reason.to_string()),
        _ => None,
    });
    let reason = reason
        .map(|reason| format!(", {reason}"))
        .unwrap_or_default();
    match image.tags.first() {
        Some(tag) => format!("{tag} ({digest}{reason})"),
        None => format!("{digest} ({})", reason.trim_start_matches(", ")),
    }
}
