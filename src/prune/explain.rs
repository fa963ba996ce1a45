//! Why one image stays or goes: each reason with the way to whatever it rests on, and what stays or goes with it.
//!
//! Pure, from a plan alone. Nothing is decided here. As JSON it is `document::explanation`'s work.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use super::{EcrRepository, ImagePlan, KeepReason, Link, RemoveReason, RepositoryPlan, Verdict};
use crate::image::Digest;

/// Which image is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The one that the tag points at.
    Tag(String),
    /// The one whose digest begins so: `sha256:0123456789ab`, or all of it.
    Digest(String),
}

/// No image, or several.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotExplained {
    /// No image has the tag.
    #[error("{repository} has no tag {tag}")]
    NoTag {
        /// Where.
        repository: EcrRepository,
        /// Which tag.
        tag: String,
    },
    /// No digest begins so.
    #[error("{repository} has no image {digest}")]
    NoDigest {
        /// Where.
        repository: EcrRepository,
        /// As it was asked for.
        digest: String,
    },
    /// Several digests begin so.
    #[error("{count} images of {repository} begin with {digest}")]
    Several {
        /// Where.
        repository: EcrRepository,
        /// As it was asked for.
        digest: String,
        /// How many.
        count: usize,
    },
}

/// Why an image stays or goes.
#[derive(Debug)]
pub struct Explanation<'a> {
    /// Where it is.
    pub repository: &'a EcrRepository,
    /// The image, with its reasons.
    pub image: &'a ImagePlan,
    /// What its reasons rest on: a step per image on the way, the nearest first. Empty for reasons of its own.
    pub because: Vec<Way<'a>>,
    /// What belongs to it, and what belongs to that, each with what becomes of it.
    pub with: Vec<Member<'a>>,
}

/// A reason, and the way from there.
#[derive(Debug)]
pub struct Way<'a> {
    /// The reason of the image itself.
    pub reason: Because<'a>,
    /// The images that it leads over.
    pub over: Vec<Step<'a>>,
}

/// A reason in either direction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Because<'a> {
    /// Why it stays.
    Keep(&'a KeepReason),
    /// Why it goes.
    Remove(&'a RemoveReason),
}

/// An image on the way, and what is said of it.
#[derive(Debug)]
pub struct Step<'a> {
    /// Which one.
    pub digest: &'a Digest,
    /// Its tags.
    pub tags: &'a [String],
    /// Its own reasons; of one that is kept as a part, only that by which the way goes on.
    pub reasons: Vec<Because<'a>>,
}

/// Something that belongs to the image.
#[derive(Debug)]
pub struct Member<'a> {
    /// What it belongs to.
    pub of: Digest,
    /// How.
    pub link: Link,
    /// What it is, and what becomes of it.
    pub image: &'a ImagePlan,
}

impl Because<'_> {
    /// The image that it leads to, and how.
    fn leads_to(self) -> Option<(Digest, Link)> {
        match self {
            Self::Keep(KeepReason::Part { of, link })
            | Self::Remove(RemoveReason::Part { of, link }) => Some((*of, *link)),
            _ => None,
        }
    }
}

impl std::fmt::Display for Because<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Keep(reason) => reason.fmt(f),
            Self::Remove(reason) => reason.fmt(f),
        }
    }
}

fn reasons(image: &ImagePlan) -> Vec<Because<'_>> {
    match &image.verdict {
        Verdict::Keep(reasons) => reasons.iter().map(Because::Keep).collect(),
        Verdict::Remove(reason) => vec![Because::Remove(reason)],
    }
}

/// Explains an image of a plan.
///
/// # Errors
/// No image is meant, or several are.
pub fn explain<'a>(
    plan: &'a RepositoryPlan,
    wanted: &Wanted,
) -> Result<Explanation<'a>, NotExplained> {
    let image = find(plan, wanted)?;
    let images: HashMap<Digest, &ImagePlan> =
        plan.images.iter().map(|one| (one.digest, one)).collect();
    let because = reasons(image)
        .into_iter()
        .map(|reason| Way {
            reason,
            over: way(&images, image.digest, reason),
        })
        .collect();
    Ok(Explanation {
        repository: &plan.repository,
        image,
        because,
        with: members(plan, image.digest),
    })
}

fn find<'a>(plan: &'a RepositoryPlan, wanted: &Wanted) -> Result<&'a ImagePlan, NotExplained> {
    let repository = || plan.repository.clone();
    match wanted {
        Wanted::Tag(tag) => {
            let mut images = plan.images.iter();
            images
                .find(|image| image.tags.contains(tag))
                .ok_or_else(|| NotExplained::NoTag {
                    repository: repository(),
                    tag: tag.clone(),
                })
        }
        Wanted::Digest(digest) => {
            let images = plan.images.iter();
            let found: Vec<&ImagePlan> = images
                .filter(|image| image.digest.to_string().starts_with(digest.as_str()))
                .collect();
            match found.as_slice() {
                [one] => Ok(one),
                [] => Err(NotExplained::NoDigest {
                    repository: repository(),
                    digest: digest.clone(),
                }),
                several => Err(NotExplained::Several {
                    repository: repository(),
                    digest: digest.clone(),
                    count: several.len(),
                }),
            }
        }
    }
}

/// The shortest way from a reason to an image that has a reason of its own. In bad data links may go round in
/// circles, and an image may be missing: the way ends there.
fn way<'a>(
    images: &HashMap<Digest, &'a ImagePlan>,
    from: Digest,
    reason: Because<'a>,
) -> Vec<Step<'a>> {
    let Some((first, _)) = reason.leads_to() else {
        return Vec::new();
    };
    // From each image that was reached back to the one before it, and the reason there that led on.
    let mut before: BTreeMap<Digest, Option<(Digest, Because<'a>)>> = BTreeMap::new();
    before.insert(first, None);
    let mut queue = VecDeque::from([first]);
    let mut end = first;
    while let Some(digest) = queue.pop_front() {
        let Some(image) = images.get(&digest) else {
            continue;
        };
        let all = reasons(image);
        if all.iter().any(|one| one.leads_to().is_none()) {
            end = digest;
            break;
        }
        for one in all {
            if let Some((next, _)) = one.leads_to()
                && next != from
                && !before.contains_key(&next)
            {
                before.insert(next, Some((digest, one)));
                queue.push_back(next);
            }
        }
    }
    let mut steps = Vec::new();
    let own = |digest: Digest| {
        let image = images.get(&digest);
        let all = image.map(|image| reasons(image)).unwrap_or_default();
        all.into_iter().filter(|one| one.leads_to().is_none())
    };
    let mut said: Vec<Because<'a>> = own(end).collect();
    let mut at = Some(end);
    while let Some(digest) = at {
        if let Some(image) = images.get(&digest) {
            steps.push(Step {
                digest: &image.digest,
                tags: &image.tags,
                reasons: std::mem::take(&mut said),
            });
        }
        at = match before.get(&digest) {
            Some(Some((previous, reason))) => {
                said = vec![*reason];
                Some(*previous)
            }
            _ => None,
        };
    }
    steps.reverse();
    steps
}

/// What belongs to an image, breadth first; each only once.
fn members(plan: &RepositoryPlan, root: Digest) -> Vec<Member<'_>> {
    let mut belongs: HashMap<Digest, Vec<(Link, &ImagePlan)>> = HashMap::new();
    for image in &plan.images {
        for reason in reasons(image) {
            if let Some((of, link)) = reason.leads_to() {
                belongs.entry(of).or_default().push((link, image));
            }
        }
    }
    let mut seen = BTreeSet::from([root]);
    let mut queue = VecDeque::from([root]);
    let mut found = Vec::new();
    while let Some(of) = queue.pop_front() {
        for (link, image) in belongs.remove(&of).unwrap_or_default() {
            if seen.insert(image.digest) {
                queue.push_back(image.digest);
                found.push(Member { of, link, image });
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prune::Kind;
    use crate::prune::samples::{digest, image, plan_of, web};

    fn tag(tag: &str) -> Wanted {
        Wanted::Tag(tag.to_owned())
    }

    fn by_digest(name: &str) -> Wanted {
        Wanted::Digest(digest(name).to_string())
    }

    /// The chain in words: `reason > step: reason`.
    fn chains(explanation: &Explanation<'_>) -> Vec<String> {
        let ways = explanation.because.iter();
        ways.map(|way| {
            let steps = way.over.iter().map(|step| {
                let reasons: Vec<String> = step.reasons.iter().map(ToString::to_string).collect();
                format!(" > [{}] {}", step.tags.join(","), reasons.join("; "))
            });
            format!("{}{}", way.reason, steps.collect::<String>())
        })
        .collect()
    }

    fn with(explanation: &Explanation<'_>) -> Vec<Digest> {
        explanation
            .with
            .iter()
            .map(|one| one.image.digest)
            .collect()
    }

    #[test]
    fn a_root_has_reasons_of_its_own() {
        let plan = web();
        let found = explain(&plan, &tag("v3")).unwrap();
        assert_eq!(
            chains(&found),
            [
                "in use by service prod/web, task definition web:12, as tag v3",
                "the newest release",
            ]
        );
        assert_eq!(
            with(&found),
            [digest("v3-amd64"), digest("v3-attestations")]
        );
    }

    #[test]
    fn a_part_leads_up_to_its_root() {
        let plan = web();
        let found = explain(&plan, &by_digest("v3-attestations")).unwrap();
        let image = digest("v3-amd64");
        let index = digest("v3");
        assert_eq!(
            chains(&found),
            [format!(
                "attestations of sha256:{} > [] part of index sha256:{} > [latest,v3] in use by \
                 service prod/web, task definition web:12, as tag v3; the newest release",
                image.short(),
                index.short()
            )]
        );
        assert!(found.with.is_empty());
    }

    #[test]
    fn what_goes_leads_up_too() {
        let plan = web();
        let found = explain(&plan, &by_digest("v1-amd64")).unwrap();
        assert_eq!(
            chains(&found),
            [format!(
                "part of index sha256:{}, which goes > [v1] not in use, release 3, 93 d old",
                digest("v1").short()
            )]
        );
        assert_eq!(with(&found), [digest("v1-attestations")]);
    }

    #[test]
    fn circles_and_gaps_end() {
        let part = |of: &str| {
            Verdict::Keep(vec![KeepReason::Part {
                of: digest(of),
                link: Link::Child,
            }])
        };
        let plan = plan_of(
            "bad",
            vec![
                image("a", Kind::Index, &[], 1, part("b")),
                image("b", Kind::Index, &[], 1, part("a")),
                image("c", Kind::Image, &[], 1, part("missing")),
            ],
        );
        let found = explain(&plan, &by_digest("a")).unwrap();
        assert_eq!(found.because[0].over.len(), 1);
        assert_eq!(with(&found), [digest("b")]);
        let found = explain(&plan, &by_digest("c")).unwrap();
        assert!(found.because[0].over.is_empty());
    }

    #[test]
    fn an_image_is_found_by_tag_and_by_the_start_of_its_digest() {
        let plan = web();
        let short = Wanted::Digest(format!("sha256:{}", digest("v1").short()));
        assert_eq!(explain(&plan, &short).unwrap().image.digest, digest("v1"));
        let error = |wanted: &Wanted| explain(&plan, wanted).err().unwrap().to_string();
        let name = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/web";
        assert_eq!(error(&tag("v9")), format!("{name} has no tag v9"));
        assert_eq!(
            error(&by_digest("v9")),
            format!("{name} has no image {}", digest("v9"))
        );
        let all = Wanted::Digest("sha256:".to_owned());
        assert_eq!(
            error(&all),
            format!("9 images of {name} begin with sha256:")
        );
    }
}
