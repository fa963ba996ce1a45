//! Where images go: repositories, tags and the baseline.

use std::collections::BTreeMap;

use super::PlanError;
use super::model::{BaselinePlan, ImagePlan, PushPlan};
use crate::bake::Target;
use crate::config::{Baseline, Source};
use crate::image::Platform;
use crate::registry::{Reference, Repository, Tag};

/// The image of one target. `release_tags`, when given, replace the tags of the target; its
/// repositories stay.
pub(super) fn plan(
    target: &Target,
    platforms: Vec<Platform>,
    release_tags: Option<&[String]>,
    baseline: Option<&Baseline>,
    source: &Source,
) -> Result<ImagePlan, PlanError> {
    let mut pushes: Vec<PushPlan> = Vec::new();
    for tag in target.tags.iter().flat_map(|tag| tag.split(',')) {
        let reference: Reference = tag.parse().map_err(|source| PlanError::Tag {
            target: target.name.clone(),
            tag: tag.to_owned(),
            source,
        })?;
        if reference.digest().is_some() {
            return Err(PlanError::TagWithDigest {
                target: target.name.clone(),
                tag: tag.to_owned(),
            });
        }
        let repository = reference.repository().clone();
        let tag = reference.tag().cloned().unwrap_or_else(Tag::latest);
        match pushes.iter_mut().find(|push| push.repository == repository) {
            Some(push) if push.tags.contains(&tag) => {}
            Some(push) => push.tags.push(tag),
            None => pushes.push(PushPlan {
                repository,
                tags: vec![tag],
            }),
        }
    }
    if let Some(tags) = release_tags {
        if tags.is_empty() {
            return Err(PlanError::NoTags);
        }
        let mut parsed: Vec<Tag> = Vec::new();
        for tag in tags.iter().map(|tag| self::tag(tag)) {
            let tag = tag?;
            if !parsed.contains(&tag) {
                parsed.push(tag);
            }
        }
        for push in &mut pushes {
            push.tags.clone_from(&parsed);
        }
    }
    let mut pushes = pushes.into_iter();
    let primary = pushes.next().ok_or_else(|| PlanError::NoRepository {
        target: target.name.clone(),
    })?;
    let baseline = self::baseline(&primary, baseline, source)?;
    Ok(ImagePlan {
        target: target.name.clone(),
        primary,
        copies: pushes.collect(),
        platforms,
        baseline,
        soci: None,
    })
}

/// The baseline as configured, or the moving tag among the declared ones (D3): the first one that
/// does not name this very commit or git tag.
fn baseline(
    primary: &PushPlan,
    configured: Option<&Baseline>,
    source: &Source,
) -> Result<BaselinePlan, PlanError> {
    Ok(match configured {
        Some(Baseline::Tag(tag)) => BaselinePlan::Tag {
            tag: self::tag(tag)?,
        },
        Some(Baseline::Record(path)) => BaselinePlan::Record { path: path.clone() },
        Some(Baseline::None) => BaselinePlan::None {
            reason: "the baseline is `none`".to_owned(),
        },
        None => {
            if let Some(tag) = primary
                .tags
                .iter()
                .find(|tag| !names_this_source(tag, source))
            {
                BaselinePlan::Tag { tag: tag.clone() }
            } else {
                let tags: Vec<&str> = primary.tags.iter().map(Tag::as_str).collect();
                let reason = format!("no moving tag among {}", tags.join(", "));
                BaselinePlan::None { reason }
            }
        }
    })
}

fn tag(text: &str) -> Result<Tag, PlanError> {
    Tag::new(text).map_err(|source| PlanError::ReleaseTag {
        tag: text.to_owned(),
        source,
    })
}

/// Whether a tag is new with every commit, so that nothing can stand under it from before.
pub(crate) fn names_this_source(tag: &Tag, source: &Source) -> bool {
    let tag = tag.as_str();
    let commit = source.commit.as_deref().and_then(|commit| commit.get(..7));
    commit.is_some_and(|commit| tag.contains(commit))
        || source.tag.as_deref().is_some_and(|name| tag.contains(name))
}

/// No two images may want the same tag of the same repository.
pub(super) fn check_distinct(images: &[ImagePlan]) -> Result<(), PlanError> {
    let mut owners: BTreeMap<(&Repository, &Tag), &str> = BTreeMap::new();
    for image in images {
        for push in image.repositories() {
            for tag in &push.tags {
                let owner = owners.insert((&push.repository, tag), &image.target);
                if let Some(first) = owner.filter(|first| *first != image.target) {
                    return Err(PlanError::SharedTag {
                        reference: format!("{}:{tag}", push.repository),
                        first: first.to_owned(),
                        second: image.target.clone(),
                    });
                }
            }
        }
    }
    Ok(())
}
