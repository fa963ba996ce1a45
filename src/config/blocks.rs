//! The names of our own blocks.

/// Blocks that this version reads.
pub(crate) const KNOWN: [&str; 3] = ["release", "cache", "service"];

/// Blocks that a later version reads: an error now, so that nobody believes them to work.
const LATER: [&str; 6] = ["soci", "scan", "prune", "notify", "environment", "deploy"];

/// Whether this version reads the block.
pub(crate) fn is_known(kind: &str) -> bool {
    KNOWN.contains(&kind)
}

/// Whether the block is planned.
pub(crate) fn is_later(kind: &str) -> bool {
    LATER.contains(&kind)
}
