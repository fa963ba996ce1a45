//! Reading a layer back through its zTOC, as a snapshotter does: every span, every member.
//!
//! This is the second opinion about a zTOC: it follows the zTOC from checkpoint to checkpoint and
//! from member to member, and compares, and how zTOCs are built it does not know. But it shares with
//! the indexer how to inflate, and what gzip headers, tar headers and a tree may be, so it cannot
//! find a mistake in those: for that the tests have the official library (`tests/layers`). It is stricter than
//! a snapshotter where that costs nothing. A snapshotter meets only the spans that a container
//! reads; here each checkpoint must also be where the stream before it leads, and gzip's checksums
//! must hold, so that nothing in a checkpoint can be wrong by chance.
//!
//! Memory: the zTOC, 300 KB for inflating, and the headers of one member.

mod archive;
mod difference;
mod gzip;
#[cfg(test)]
mod tests;

use sha2::{Digest as _, Sha256};

use crate::Digest;
use crate::spans::{Checkpoint, Spans};
use crate::tar::check_tree;
use crate::ztoc::{Ztoc, shown};
use archive::Archive;
use gzip::Gzip;

/// Checks one layer that arrives in pieces against its zTOC.
#[derive(Debug)]
pub struct LayerVerifier {
    size: u64,
    layout: Layout,
    digests: Vec<Digest>,
    archive: Archive,
    /// Compressed bytes taken, their digest, and the last of them.
    position: u64,
    layer: Sha256,
    last_byte: u8,
    /// Spans that have begun.
    begun: usize,
    /// The digest of the current span; of no use before the first one.
    span: Sha256,
    span_start: u64,
    /// What is wrong with the content of the current span. If its digest is wrong too, then that is
    /// the better explanation, so this waits until the span ends.
    pending: Option<String>,
    problem: Option<String>,
}

/// Where spans begin, and how their content is got at.
#[derive(Debug)]
enum Layout {
    Gzip {
        checkpoints: Vec<Checkpoint>,
        stream: Box<Gzip>,
    },
    Slices {
        size: u64,
        count: usize,
    },
}

/// What was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// SHA-256 of the compressed layer.
    pub digest: Digest,
    /// SHA-256 of the uncompressed stream, put together from the spans, up to its very end: what
    /// follows the archive (GNU tar's padding) is part of it.
    pub diff_id: Digest,
    /// Spans that were inflated from their checkpoints.
    pub spans: u32,
    /// Members whose header and data were found where the zTOC says.
    pub members: u64,
    /// Spans that go on into a further member of the gzip stream. Snapshotters before v0.14 give
    /// zeros in place of what they hold of that member.
    pub spans_across_members: u32,
}

/// What a snapshotter would stumble over.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct VerifyError {
    /// What is wrong, and where.
    pub problem: String,
}

impl From<String> for VerifyError {
    fn from(problem: String) -> Self {
        Self { problem }
    }
}

impl LayerVerifier {
    /// Checks the zTOC itself: that it is consistent, and that a file system can be made of its
    /// members.
    pub fn new(ztoc: Ztoc) -> Result<Self, VerifyError> {
        ztoc.check().map_err(|invalid| invalid.to_string())?;
        check_tree(&ztoc.members).map_err(|(index, problem)| {
            let name = shown(&ztoc.members[index].name);
            format!("the member `{name}` {problem}")
        })?;
        let (layout, digests) = match ztoc.spans {
            Spans::Gzip {
                checkpoints,
                digests,
                ..
            } => {
                let stream = Box::new(Gzip::new()?);
                let layout = Layout::Gzip {
                    checkpoints,
                    stream,
                };
                (layout, digests)
            }
            Spans::Uncompressed {
                span_size, digests, ..
            } => {
                let layout = Layout::Slices {
                    size: span_size,
                    count: digests.len(),
                };
                (layout, digests)
            }
        };
        Ok(Self {
            size: ztoc.compressed_size,
            layout,
            digests,
            archive: Archive::new(ztoc.members, ztoc.uncompressed_size)?,
            position: 0,
            layer: Sha256::new(),
            last_byte: 0,
            begun: 0,
            span: Sha256::new(),
            span_start: 0,
            pending: None,
            problem: None,
        })
    }

    /// Takes the next compressed bytes, in pieces of any size. A problem is kept for the end, and
    /// what follows it is ignored.
    pub fn write(&mut self, bytes: &[u8]) {
        if self.problem.is_none() {
            self.problem = self.take(bytes).err();
        }
    }

    /// Ends the layer.
    ///
    /// # Errors
    /// The first problem, with the span or the member that has it.
    pub fn finish(mut self) -> Result<Verified, VerifyError> {
        if let Some(problem) = self.problem {
            return Err(problem.into());
        }
        if self.position != self.size {
            return Err(format!(
                "the layer has {} bytes, and its zTOC is for one of {}",
                self.position, self.size
            )
            .into());
        }
        self.end_span()?;
        let spans_across_members = match &self.layout {
            Layout::Gzip { stream, .. } => {
                stream.check_end()?;
                stream.spans_across_members()
            }
            Layout::Slices { .. } => 0,
        };
        let (diff_id, members) = self.archive.finish()?;
        Ok(Verified {
            digest: Digest::from_sha256(self.layer.finalize().into()),
            diff_id,
            spans: u32::try_from(self.begun).unwrap_or(u32::MAX),
            members,
            spans_across_members,
        })
    }

    fn take(&mut self, mut bytes: &[u8]) -> Result<(), String> {
        self.layer.update(bytes);
        loop {
            let next = self.layout.input(self.begun);
            if next == Some(self.position) {
                self.begin_span()?;
                continue;
            }
            if bytes.is_empty() {
                return Ok(());
            }
            let length = next
                .and_then(|next| usize::try_from(next - self.position).ok())
                .map_or(bytes.len(), |length| length.min(bytes.len()));
            let (piece, rest) = bytes.split_at(length);
            self.span.update(piece);
            if self.pending.is_none() {
                self.pending = match &mut self.layout {
                    Layout::Gzip { stream, .. } => stream.write(piece, &mut self.archive).err(),
                    Layout::Slices { .. } => self.archive.write(piece).err(),
                };
            }
            self.position += length as u64;
            self.last_byte = piece.last().copied().unwrap_or(self.last_byte);
            bytes = rest;
        }
    }

    fn begin_span(&mut self) -> Result<(), String> {
        self.end_span()?;
        let index = self.begun;
        self.span = Sha256::new();
        self.span_start = self.position;
        if let Layout::Gzip {
            checkpoints,
            stream,
        } = &mut self.layout
            && let Some(checkpoint) = checkpoints.get(index)
        {
            // A byte that two spans share is in both.
            if checkpoint.bits > 0 {
                self.span.update([self.last_byte]);
                self.span_start -= 1;
            }
            stream.begin_span(index, checkpoint, self.last_byte)?;
            stream.expect_end(checkpoints.get(index + 1).map(|next| next.output));
        }
        self.begun += 1;
        Ok(())
    }

    /// Compares the digest of the span that ends here, if there is one.
    fn end_span(&mut self) -> Result<(), String> {
        let span = self.begun.checked_sub(1);
        let place = |span| {
            let (start, end) = (self.span_start, self.position);
            format!("span {span} (bytes {start} to {end})")
        };
        if let Some(span) = span
            && self.digests.get(span)
                != Some(&Digest::from_sha256(self.span.clone().finalize().into()))
        {
            return Err(format!(
                "{} does not have the digest of its zTOC",
                place(span)
            ));
        }
        match (self.pending.take(), span) {
            (None, _) => Ok(()),
            (Some(problem), Some(span)) => Err(format!("{}: {problem}", place(span))),
            (Some(problem), None) => Err(problem),
        }
    }
}

impl Layout {
    /// Where in the layer a span begins, but for the byte that it shares with the one before.
    fn input(&self, span: usize) -> Option<u64> {
        match self {
            Self::Gzip { checkpoints, .. } => Some(checkpoints.get(span)?.input),
            Self::Slices { size, count } => {
                (span < *count).then(|| (span as u64).saturating_mul(*size))
            }
        }
    }
}
