//! Digests of spans over their compressed bytes.
//!
//! Where a span begins inside a byte, that byte belongs to it and to the span before, and both
//! digests cover it. Where a span begins may turn out late: a [`Mark::Begin`] counts only once
//! [`Mark::Commit`] follows, and until then the bytes are hashed for both cases.

use sha2::{Digest as _, Sha256};

use crate::Digest;

/// Something about spans at a position of the compressed stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// A span may begin here, or with the byte before if `shared`. Replaces an earlier one that was
    /// not committed.
    Begin {
        /// Whether the byte before belongs to the span too.
        shared: bool,
    },
    /// The last [`Mark::Begin`] is one.
    Commit,
}

/// Hashes spans one after the other.
#[derive(Clone, Debug, Default)]
pub(crate) struct SpanDigests {
    finished: Vec<SpanDigest>,
    current: Option<Current>,
    pending: Option<Pending>,
    /// Bytes so far, and the last of them.
    position: u64,
    last_byte: u8,
}

/// The digest of one span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SpanDigest {
    /// Offset of the first byte that it covers, the one shared with the span before included.
    pub(crate) start: u64,
    pub(crate) digest: Digest,
}

/// A span that is being hashed.
#[derive(Clone, Debug)]
struct Current {
    start: u64,
    state: Sha256,
}

impl Current {
    fn finish(self) -> SpanDigest {
        SpanDigest {
            start: self.start,
            digest: Digest::from_sha256(self.state.finalize().into()),
        }
    }
}

#[derive(Clone, Debug)]
struct Pending {
    /// The span before as it was there; `None` before the first span.
    before: Option<Current>,
    begun: Current,
}

impl SpanDigests {
    /// Takes the next compressed bytes.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        let Some(&last) = bytes.last() else {
            return;
        };
        self.position += bytes.len() as u64;
        self.last_byte = last;
        if let Some(current) = &mut self.current {
            current.state.update(bytes);
        }
        if let Some(pending) = &mut self.pending {
            pending.begun.state.update(bytes);
        }
    }

    /// Notes what happens between the bytes given so far and the next.
    pub(crate) fn mark(&mut self, mark: Mark) {
        match mark {
            Mark::Begin { shared } => {
                let (mut start, mut state) = (self.position, Sha256::new());
                if shared {
                    start = start.saturating_sub(1);
                    state.update([self.last_byte]);
                }
                self.pending = Some(Pending {
                    before: self.current.clone(),
                    begun: Current { start, state },
                });
            }
            Mark::Commit => {
                if let Some(Pending { before, begun }) = self.pending.take() {
                    self.finished.extend(before.map(Current::finish));
                    self.current = Some(begun);
                }
            }
        }
    }

    /// The digests, the last one up to the end of what was given. A begin that was not committed
    /// does not count.
    pub(crate) fn finish(mut self) -> Vec<SpanDigest> {
        self.finished.extend(self.current.map(Current::finish));
        self.finished
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where spans start, and what they cover.
    fn spans<const N: usize>(spans: [(u64, &str); N]) -> [SpanDigest; N] {
        spans.map(|(start, bytes)| SpanDigest {
            start,
            digest: Digest::of(bytes),
        })
    }

    #[test]
    fn neighbours_share_a_byte_when_told_so() {
        let mut digests = SpanDigests::default();
        digests.update(b"header");
        digests.mark(Mark::Begin { shared: false });
        digests.mark(Mark::Commit);
        digests.update(b"on");
        digests.update(b"e");
        digests.mark(Mark::Begin { shared: true });
        digests.mark(Mark::Commit);
        digests.update(b"two");
        digests.mark(Mark::Begin { shared: false });
        digests.mark(Mark::Commit);
        digests.update(b"three");
        assert_eq!(
            digests.finish(),
            spans([(6, "one"), (8, "etwo"), (12, "three")])
        );
    }

    #[test]
    fn only_the_last_begin_before_a_commit_counts() {
        let mut digests = SpanDigests::default();
        digests.mark(Mark::Begin { shared: false });
        digests.update(b"empty");
        digests.mark(Mark::Begin { shared: true });
        digests.mark(Mark::Commit);
        digests.update(b"one");
        digests.mark(Mark::Begin { shared: false });
        digests.update(b"more");
        digests.mark(Mark::Begin { shared: true });
        digests.update(b"two");
        digests.mark(Mark::Commit);
        digests.update(b"end");
        digests.mark(Mark::Begin { shared: true });
        digests.update(b"tail");
        assert_eq!(
            digests.finish(),
            spans([(4, "yonemore"), (11, "etwoendtail")])
        );
        assert_eq!(SpanDigests::default().finish(), []);
    }
}
