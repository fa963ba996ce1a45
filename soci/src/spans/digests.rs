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
    finished: Vec<Digest>,
    current: Option<Sha256>,
    pending: Option<Pending>,
    last_byte: u8,
}

#[derive(Clone, Debug)]
struct Pending {
    /// The span before as it was there; `None` before the first span.
    before: Option<Sha256>,
    state: Sha256,
}

impl SpanDigests {
    /// Takes the next compressed bytes.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        let Some(&last) = bytes.last() else {
            return;
        };
        self.last_byte = last;
        if let Some(current) = &mut self.current {
            current.update(bytes);
        }
        if let Some(pending) = &mut self.pending {
            pending.state.update(bytes);
        }
    }

    /// Notes what happens between the bytes given so far and the next.
    pub(crate) fn mark(&mut self, mark: Mark) {
        match mark {
            Mark::Begin { shared } => {
                let mut state = Sha256::new();
                if shared {
                    state.update([self.last_byte]);
                }
                self.pending = Some(Pending {
                    before: self.current.clone(),
                    state,
                });
            }
            Mark::Commit => {
                if let Some(Pending { before, state }) = self.pending.take() {
                    self.finished.extend(before.map(digest));
                    self.current = Some(state);
                }
            }
        }
    }

    /// The digests, the last one up to the end of what was given. A begin that was not committed
    /// does not count.
    pub(crate) fn finish(mut self) -> Vec<Digest> {
        self.finished.extend(self.current.map(digest));
        self.finished
    }
}

fn digest(state: Sha256) -> Digest {
    Digest::from_sha256(state.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

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
            [Digest::of("one"), Digest::of("etwo"), Digest::of("three")]
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
            [Digest::of("yonemore"), Digest::of("etwoendtail")]
        );
        assert_eq!(SpanDigests::default().finish(), []);
    }
}
