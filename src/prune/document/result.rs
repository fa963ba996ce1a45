//! What became of a plan as JSON, `launchway.prune-result/v1`.

use std::io::{self, Write};

use serde::Serialize;

use super::{Calls, Case, Layout, as_text};
use crate::image::Digest;
use crate::prune::{
    Applied, CallCounts, EcrRepository, Failed, RepositoryResult, SkipReason, Skipped,
};

/// The name and version of the form.
pub const SCHEMA: &str = "launchway.prune-result/v1";

/// Writes the result: two spaces of indentation, one line per image, a newline at the end. `version` is ours, `calls`
/// those of the whole run.
///
/// # Errors
/// What the writer fails with.
pub fn write(
    writer: &mut dyn Write,
    applied: &Applied,
    calls: &CallCounts,
    version: &str,
) -> io::Result<()> {
    let result = Result {
        schema: SCHEMA,
        version,
        complete: applied.is_complete(),
        refusals: applied.refusals.iter().map(Case::of).collect(),
        calls: Calls::of(calls),
        repositories: applied.repositories.iter().map(Entry::of).collect(),
    };
    let mut serializer =
        serde_json::Serializer::with_formatter(&mut *writer, Layout::wide_down_to(4));
    result.serialize(&mut serializer)?;
    writer.write_all(b"\n")
}

#[derive(Serialize)]
struct Result<'a> {
    schema: &'static str,
    version: &'a str,
    /// Everything that was planned is done, or was kept for a reason.
    complete: bool,
    refusals: Vec<Case<'a>>,
    calls: Calls<'a>,
    repositories: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    #[serde(serialize_with = "as_text")]
    repository: &'a EcrRepository,
    deleted: &'a [Digest],
    archived: &'a [Digest],
    gone: &'a [Digest],
    untagged: Vec<Untagged<'a>>,
    skipped: Vec<SkippedEntry<'a>>,
    failed: &'a [Failed],
    left: usize,
    refusals: Vec<Case<'a>>,
}

#[derive(Serialize)]
struct Untagged<'a> {
    digest: &'a Digest,
    tag: &'a str,
}

#[derive(Serialize)]
struct SkippedEntry<'a> {
    digest: &'a Digest,
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<&'a str>,
    why: &'a SkipReason,
    text: String,
}

impl<'a> Entry<'a> {
    fn of(result: &'a RepositoryResult) -> Self {
        let untagged = result.untagged.iter();
        let skipped = result.skipped.iter();
        Self {
            repository: &result.repository,
            deleted: &result.deleted,
            archived: &result.archived,
            gone: &result.gone,
            untagged: untagged
                .map(|(digest, tag)| Untagged { digest, tag })
                .collect(),
            skipped: skipped
                .map(|Skipped { digest, tag, why }| SkippedEntry {
                    digest,
                    tag: tag.as_deref(),
                    why,
                    text: why.to_string(),
                })
                .collect(),
            failed: &result.failed,
            left: result.left,
            refusals: result.refusals.iter().map(Case::of).collect(),
        }
    }
}
