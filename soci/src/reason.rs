//! Why a layer is left out of a SOCI index.
//!
//! Leaving one out is always safe: it is then downloaded and unpacked as without SOCI, while the
//! others stay lazy. Indexing one wrongly gives I/O errors inside a running container.

/// A layer that cannot be indexed safely, and why. Displays as the end of a sentence that begins
/// with the layer: "… is not indexed: it is compressed with zstd".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unindexable {
    /// zTOCs know gzip and no compression only.
    #[error("it is compressed with zstd, which SOCI cannot index")]
    Zstd,
    /// Neither gzip nor a tar archive.
    #[error("it is neither gzip nor a tar archive")]
    UnknownFormat,
    /// The gzip stream is damaged: bad header, bad block, wrong checksum, wrong length.
    #[error("its gzip stream is damaged at byte {offset}: {problem}")]
    Gzip {
        /// Position in the compressed layer.
        offset: u64,
        /// What is wrong.
        problem: String,
    },
    /// The layer ends inside of a gzip member.
    #[error("it ends in the middle, after {offset} bytes")]
    Truncated {
        /// Position in the compressed layer.
        offset: u64,
    },
    /// The tar archive ends inside of a member.
    #[error("its tar archive ends in the middle, after {offset} bytes")]
    TruncatedArchive {
        /// Position in the uncompressed stream.
        offset: u64,
    },
    /// Many small gzip members (eStargz): older snapshotters read them wrongly unless each has a
    /// checkpoint, which would make the zTOC larger than the layer.
    #[error(
        "it is made of {members} gzip members (as eStargz is), which older snapshotters read wrongly"
    )]
    ManyMembers {
        /// Members found so far.
        members: u64,
    },
    /// A deflate block so long that a span would not fit into memory.
    #[error("it has a span of {bytes} bytes, which no snapshotter should have to hold in memory")]
    HugeSpan {
        /// Bytes of the span, compressed or not, whichever is too large.
        bytes: u64,
    },
    /// The tar archive is damaged.
    #[error("its tar archive is damaged at byte {offset}: {problem}")]
    Tar {
        /// Position in the uncompressed stream.
        offset: u64,
        /// What is wrong.
        problem: String,
    },
    /// A member that a zTOC cannot describe, or that a snapshotter cannot read back.
    #[error("its member `{name}` {problem}")]
    Member {
        /// The member's name; bytes that are not UTF-8 are replaced.
        name: String,
        /// What is wrong with it, as a predicate: "is a sparse file".
        problem: String,
    },
    /// More members or checkpoints than a zTOC should hold, or spans of an impossible size.
    #[error("its zTOC would be too large: {problem}")]
    TooLarge {
        /// What there is too much of.
        problem: String,
    },
    /// The self-check failed: what the zTOC says does not give back what the layer holds. A bug.
    #[error("its zTOC did not pass the self-check ({problem}); please report this")]
    SelfCheck {
        /// What differs.
        problem: String,
    },
}
