//! A plan as JSON, `launchway.prune-plan/v1`: the file that `--output` writes and `--plan` reads, and what
//! `--format json` prints.
//!
//! Written from borrowed values into a writer, image by image: a plan of half a million images is never in memory
//! twice. Read back is only what an apply may use ([`saved`]).

pub mod explanation;
mod layout;
pub mod result;
pub mod saved;

use std::collections::BTreeMap;
use std::io::{self, Write};

use jiff::Timestamp;
use serde::ser::SerializeSeq as _;
use serde::{Serialize, Serializer};

use super::{
    CallCounts, EcrRegistry, ImagePlan, KeepReason, Kind, Plan, Refusal, RefusalSubject,
    RemoveReason, RepositoryPlan, Sizes, SourceCount, Verdict,
};
use crate::image::Digest;
use layout::Layout;

/// The name and version of the form.
pub const SCHEMA: &str = "launchway.prune-plan/v1";

/// Writes the plan: two spaces of indentation, one line per image, a newline at the end. `version` is ours.
///
/// # Errors
/// What the writer fails with.
pub fn write(
    writer: &mut dyn Write,
    plan: &Plan,
    calls: &CallCounts,
    version: &str,
) -> io::Result<()> {
    let document = Document {
        schema: SCHEMA,
        version,
        created_at: plan.created_at,
        refused: plan.has_refusals(),
        refusals: plan.refusals.iter().map(Case::of).collect(),
        warnings: &plan.warnings,
        sources: &plan.sources,
        calls: Calls::of(calls),
        repositories: Repositories(plan),
    };
    let mut serializer =
        serde_json::Serializer::with_formatter(&mut *writer, Layout::wide_down_to(4));
    document.serialize(&mut serializer)?;
    writer.write_all(b"\n")
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    schema: &'static str,
    version: &'a str,
    created_at: Timestamp,
    refused: bool,
    refusals: Vec<Case<'a>>,
    warnings: &'a [String],
    sources: &'a [SourceCount],
    calls: Calls<'a>,
    repositories: Repositories<'a>,
}

#[derive(Serialize)]
struct Calls<'a> {
    total: u64,
    operations: &'a BTreeMap<String, u64>,
}

impl<'a> Calls<'a> {
    fn of(operations: &'a CallCounts) -> Self {
        Self {
            total: operations.values().sum(),
            operations,
        }
    }
}

/// A refusal, and where nothing is deleted because of it.
#[derive(Serialize)]
struct Case<'a> {
    #[serde(flatten)]
    refusal: &'a Refusal,
    /// `everything`, `repository` or `nothing`.
    holds: &'static str,
}

impl<'a> Case<'a> {
    fn of(refusal: &'a Refusal) -> Self {
        let holds = match refusal.subject {
            RefusalSubject::Everything => "everything",
            RefusalSubject::Repository(_) => "repository",
            RefusalSubject::Nothing => "nothing",
        };
        Self { refusal, holds }
    }
}

struct Repositories<'a>(&'a Plan);

impl Serialize for Repositories<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let plans = &self.0.repositories;
        let mut list = serializer.serialize_seq(Some(plans.len()))?;
        for plan in plans {
            list.serialize_element(&RepositoryEntry::of(plan, self.0.may_apply(plan)))?;
        }
        list.end()
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RepositoryEntry<'a> {
    /// With the plain host name.
    repository: String,
    #[serde(flatten)]
    place: Option<PlaceEntry<'a>>,
    name: &'a str,
    /// `delete` or `archive`: what happens to removed images.
    action: &'static str,
    /// No case holds it.
    may_apply: bool,
    refusals: Vec<Case<'a>>,
    warnings: &'a [String],
    sizes: &'a Sizes,
    images: Images<'a>,
}

#[derive(Serialize)]
struct PlaceEntry<'a> {
    account: &'a str,
    region: &'a str,
}

impl<'a> RepositoryEntry<'a> {
    fn of(plan: &'a RepositoryPlan, may_apply: bool) -> Self {
        let id = &plan.repository;
        Self {
            repository: id.to_string(),
            place: match &id.registry {
                EcrRegistry::Private { account, region } => Some(PlaceEntry { account, region }),
                EcrRegistry::Public { .. } => None,
            },
            name: &id.name,
            action: action(plan.archive),
            may_apply,
            refusals: plan.refusals.iter().map(Case::of).collect(),
            warnings: &plan.warnings,
            sizes: &plan.sizes,
            images: Images(&plan.images),
        }
    }
}

/// A value as it is displayed.
fn as_text<S: Serializer>(
    value: &impl std::fmt::Display,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

/// The word for what becomes of removed images.
fn action(archive: bool) -> &'static str {
    if archive { "archive" } else { "delete" }
}

struct Images<'a>(&'a [ImagePlan]);

impl Serialize for Images<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(ImageEntry::of))
    }
}

/// One image, as a plan and an explanation have it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ImageEntry<'a> {
    digest: &'a Digest,
    /// `keep` or `remove`.
    verdict: &'static str,
    kind: Kind,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    archived: bool,
    tags: &'a [String],
    /// Tags that are removed although it is kept.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    untag: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pushed_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pulled_at: Option<Timestamp>,
    reasons: Vec<Reason<'a>>,
}

impl<'a> ImageEntry<'a> {
    fn of(image: &'a ImagePlan) -> Self {
        let (verdict, reasons) = match &image.verdict {
            Verdict::Keep(reasons) => ("keep", reasons.iter().map(Reason::keep).collect()),
            Verdict::Remove(reason) => ("remove", vec![Reason::remove(reason)]),
        };
        Self {
            digest: &image.digest,
            verdict,
            kind: image.kind,
            archived: image.archived,
            tags: &image.tags,
            untag: &image.untag,
            size: image.size,
            pushed_at: image.pushed_at,
            pulled_at: image.pulled_at,
            reasons,
        }
    }
}

/// A reason in its members and in words.
#[derive(Serialize)]
struct Reason<'a> {
    #[serde(flatten)]
    rule: Rule<'a>,
    text: String,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Rule<'a> {
    Keep(&'a KeepReason),
    Remove(&'a RemoveReason),
}

impl<'a> Reason<'a> {
    fn keep(reason: &'a KeepReason) -> Self {
        Self {
            rule: Rule::Keep(reason),
            text: reason.to_string(),
        }
    }

    fn remove(reason: &'a RemoveReason) -> Self {
        Self {
            rule: Rule::Remove(reason),
            text: reason.to_string(),
        }
    }
}

#[cfg(test)]
mod tests;
