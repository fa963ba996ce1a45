//! What holds of every zTOC that a snapshotter can use, whatever its layer is.
//!
//! A snapshotter refuses most of the others when it mounts the layer, and that layer is then pulled
//! in full. Over some it only stumbles when a container reads a file: a modification time that it
//! cannot read, a first span that does not begin at the beginning.

use super::timestamp::Timestamp;
use super::{InvalidZtoc, Ztoc, shown};
use crate::Digest;
use crate::spans::{Checkpoint, Spans, WINDOW};
use crate::tar::Member;

/// The unit of tar archives.
const BLOCK: u64 = 512;
/// The shortest gzip header.
const GZIP_HEADER: u64 = 10;

pub(super) fn invalid(problem: impl Into<String>) -> InvalidZtoc {
    InvalidZtoc {
        problem: problem.into(),
    }
}

pub(super) fn check(ztoc: &Ztoc) -> Result<(), InvalidZtoc> {
    check_members(&ztoc.members, ztoc.uncompressed_size)?;
    match &ztoc.spans {
        Spans::Gzip {
            checkpoints,
            digests,
            ..
        } => {
            check_count(checkpoints.len() as u64, digests)?;
            check_checkpoints(checkpoints, ztoc.compressed_size)
        }
        Spans::Uncompressed {
            span_size,
            size,
            digests,
        } => {
            if *span_size == 0 {
                return Err(invalid("its span size is 0"));
            }
            if *size != ztoc.compressed_size {
                return Err(invalid(format!(
                    "its spans cover {size} bytes of a layer of {}",
                    ztoc.compressed_size
                )));
            }
            check_count(size.div_ceil(*span_size), digests)?;
            match beyond_slices(&ztoc.members, *span_size, *size) {
                Some(member) => Err(invalid(format!(
                    "the member `{}` {BEYOND_SLICES}",
                    shown(&member.name)
                ))),
                None => Ok(()),
            }
        }
    }
}

/// What is wrong with a member that [`beyond_slices`] finds.
pub(crate) const BEYOND_SLICES: &str =
    "ends where the last span of an uncompressed layer is full, which makes snapshotters crash";

/// The member of an uncompressed layer at whose end a snapshotter looks for one span more than there
/// is, and dies of it. It divides the offset behind the data by the span size; only if the layer
/// ends there, at a multiple of the span size, that is no span any more.
pub(crate) fn beyond_slices(members: &[Member], span_size: u64, size: u64) -> Option<&Member> {
    members.last().filter(|last| {
        size.checked_rem(span_size) == Some(0) && last.offset.checked_add(last.size) == Some(size)
    })
}

/// The headers are not in a zTOC: a snapshotter takes the first to be at 0, and each other one at
/// the block after the data of the member before.
fn check_members(members: &[Member], end: u64) -> Result<(), InvalidZtoc> {
    let mut header = Some(0_u64);
    for member in members {
        let problem = |what: &str| invalid(format!("the member `{}` {what}", shown(&member.name)));
        let first = header.and_then(|header| header.checked_add(BLOCK));
        if first.is_none_or(|first| member.offset < first) {
            return Err(problem("begins before the end of its own header"));
        }
        let data_end = member.offset.checked_add(member.size);
        if data_end.is_none_or(|data_end| data_end > end) {
            return Err(problem("ends behind the end of the archive"));
        }
        if Timestamp::parse(member.mod_time.as_bytes()).is_none() {
            return Err(problem(&format!(
                "has the modification time `{}`, which is not RFC 3339",
                shown(member.mod_time.as_bytes())
            )));
        }
        header = data_end.and_then(|end| end.checked_next_multiple_of(BLOCK));
    }
    Ok(())
}

fn check_count(spans: u64, digests: &[Digest]) -> Result<(), InvalidZtoc> {
    if digests.len() as u64 == spans {
        Ok(())
    } else {
        Err(invalid(format!(
            "it has {spans} spans and {} span digests",
            digests.len()
        )))
    }
}

/// Spans have to follow each other: each begins before it ends, on both sides.
fn check_checkpoints(checkpoints: &[Checkpoint], compressed_size: u64) -> Result<(), InvalidZtoc> {
    for (span, checkpoint) in checkpoints.iter().enumerate() {
        let problem = |what: String| Err(invalid(format!("span {span} {what}")));
        if checkpoint.bits > 7 {
            return problem(format!("begins with {} bits of one byte", checkpoint.bits));
        }
        if checkpoint.window.len() != WINDOW {
            return problem(format!(
                "has a window of {} bytes instead of {WINDOW}",
                checkpoint.window.len()
            ));
        }
        let shared = u64::from(checkpoint.bits > 0);
        let begin = checkpoint.input.saturating_sub(shared);
        let next = checkpoints.get(span + 1);
        let end = next.map_or(compressed_size, |next| next.input);
        if begin >= end {
            return problem(format!(
                "begins at byte {begin} of the layer and ends at byte {end}"
            ));
        }
        if let Some(next) = next
            && checkpoint.output >= next.output
        {
            return problem(format!(
                "begins at byte {} of the archive and ends at byte {}",
                checkpoint.output, next.output
            ));
        }
    }
    match checkpoints.first() {
        None => Err(invalid("it has no checkpoints")),
        Some(first) if first.input < GZIP_HEADER => Err(invalid(format!(
            "span 0 begins at byte {}, inside of the gzip header",
            first.input
        ))),
        Some(first) if first.output != 0 => Err(invalid(format!(
            "span 0 leaves out the first {} bytes of the archive",
            first.output
        ))),
        Some(_) => Ok(()),
    }
}
