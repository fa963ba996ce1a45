//! The rules about a repository: in the block itself for all, in a `repository` block for some.

use std::time::Duration;

use super::age;
use super::pattern;
use crate::bake::diagnostic::Fault;
use crate::config::read::Reader;
use crate::prune::{AgeFrom, CachePolicy, NamePattern, Policy, Share};

/// The attributes, which both kinds of blocks have.
pub(super) const ATTRIBUTES: &[&str] = &[
    "keep_releases",
    "expire",
    "expire_from",
    "keep_tags",
    "untagged",
    "cache_expire",
    "branches",
    "remove_tags",
    "archive",
    "max_deletions",
    "max_share",
];

/// Ten times as many manifests as ECR lets a repository have without asking.
pub(super) const MOST: u64 = 1_000_000;

/// The rules of a block, with those of `base` where it has none itself.
pub(super) fn read(reader: &Reader<'_>, base: &Policy) -> Result<Policy, Fault> {
    let releases = reader.number("keep_releases", 1..=MOST)?;
    let releases = releases.and_then(|releases| u32::try_from(releases).ok());
    let expire = duration(reader, "expire")?.or(base.expire);
    let from = expire_from(reader)?;
    Ok(Policy {
        keep_releases: releases.or(base.keep_releases),
        expire,
        expire_from: from.unwrap_or(base.expire_from),
        keep_tags: keep_tags(reader, base)?,
        untagged: duration(reader, "untagged")?.unwrap_or(base.untagged),
        cache: CachePolicy {
            expire: duration(reader, "cache_expire")?.or(base.cache.expire),
            branches: branches(reader)?.or_else(|| base.cache.branches.clone()),
        },
        remove_tags: reader.flag("remove_tags")?.unwrap_or(base.remove_tags),
        archive: reader.flag("archive")?.unwrap_or(base.archive),
        max_deletions: reader
            .number("max_deletions", 1..=MOST)?
            .or(base.max_deletions),
        max_share: share(reader)?.or(base.max_share),
    })
}

/// The rules of a `repository` block.
pub(super) fn of_repository(reader: &Reader<'_>, base: &Policy) -> Result<Policy, Fault> {
    let policy = read(reader, base)?;
    if policy.expire.is_none() && reader.has("expire_from")? {
        return Err(expires_nothing(reader));
    }
    if policy.cache.expire.is_none() && reader.has("branches")? {
        return Err(cache_stays(reader));
    }
    Ok(policy)
}

/// `branches` where no cache ever goes.
pub(super) fn cache_stays(reader: &Reader<'_>) -> Fault {
    reader
        .fault(
            "branches",
            "there is no cache_expire, and no cache ever goes",
        )
        .help("add cache_expire = \"14d\": how long a cache is kept that is of none of them")
}

/// `expire_from` where no age matters.
pub(super) fn expires_nothing(reader: &Reader<'_>) -> Fault {
    reader
        .fault("expire_from", "there is no expire that it could be about")
        .help("add expire = \"90d\", or leave it out")
}

fn duration(reader: &Reader<'_>, name: &str) -> Result<Option<Duration>, Fault> {
    let Some(text) = reader.text(name)? else {
        return Ok(None);
    };
    age::parse(&text).map(Some).map_err(|message| {
        reader.fault(name, &message).help(format!(
            "write weeks, days and hours: {name} = \"90d\", \"2w\", \"36h\" or \"1d 12h\""
        ))
    })
}

/// An empty list takes away what the block keeps; where that is nothing it comes from a slip.
fn keep_tags(reader: &Reader<'_>, base: &Policy) -> Result<Vec<NamePattern>, Fault> {
    let Some(patterns) = pattern::tags(reader, "keep_tags")? else {
        return Ok(base.keep_tags.clone());
    };
    if patterns.is_empty() && base.keep_tags.is_empty() {
        return Err(reader
            .fault("keep_tags", "it names no tag")
            .help("leave it out, or write keep_tags = [\"latest\", \"prod-*\"]"));
    }
    Ok(patterns)
}

fn expire_from(reader: &Reader<'_>) -> Result<Option<AgeFrom>, Fault> {
    match reader.text("expire_from")?.as_deref() {
        None => Ok(None),
        Some("pull") => Ok(Some(AgeFrom::Pull)),
        Some("push") => Ok(Some(AgeFrom::Push)),
        Some(other) => Err(reader
            .fault("expire_from", &format!("{other:?} is not known"))
            .help("write \"pull\" or \"push\"")),
    }
}

/// An empty list would let the caches of every branch go, which is what a variable that nobody set
/// makes of it.
fn branches(reader: &Reader<'_>) -> Result<Option<Vec<String>>, Fault> {
    let Some(branches) = reader.texts("branches")? else {
        return Ok(None);
    };
    if branches.is_empty() {
        return Err(reader
            .fault("branches", "it names no branch")
            .help("name the branches that live, or leave it out"));
    }
    if let Some(index) = branches.iter().position(|branch| branch.trim().is_empty()) {
        return Err(reader
            .element_fault("branches", index, "a branch has no name")
            .help("name the branches that live; a cache without a branch is kept anyway"));
    }
    Ok(Some(branches))
}

fn share(reader: &Reader<'_>) -> Result<Option<Share>, Fault> {
    let Some(text) = reader.text("max_share")? else {
        return Ok(None);
    };
    let digits = text.trim().strip_suffix('%').unwrap_or_default();
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    let percent = if plain { digits.parse().ok() } else { None };
    percent
        .filter(|percent| *percent > 0)
        .and_then(Share::percent)
        .map(Some)
        .ok_or_else(|| {
            reader
                .fault("max_share", &format!("{text:?} is no share"))
                .help("write whole percent from 1 to 100: max_share = \"50%\"")
        })
}
