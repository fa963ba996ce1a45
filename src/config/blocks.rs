//! The names of our own blocks.

/// Blocks that this version reads.
pub(crate) const KNOWN: [&str; 4] = ["release", "cache", "soci", "service"];

/// Blocks that a later version reads: an error now, so that nobody believes them to work.
const LATER: [&str; 5] = ["scan", "prune", "notify", "environment", "deploy"];

/// Whether this version reads the block.
pub(crate) fn is_known(kind: &str) -> bool {
    KNOWN.contains(&kind)
}

/// Whether the block is planned.
pub(crate) fn is_later(kind: &str) -> bool {
    LATER.contains(&kind)
}

/// Which of our own blocks are evaluated. All are checked for unknown names; `bake` and `build` use
/// few of them, and a release tag from an unknown commit must not stop a plain build.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Blocks {
    /// All.
    #[default]
    All,
    /// `soci` alone.
    Soci,
    /// None.
    None,
}

impl Blocks {
    /// Whether a block is evaluated.
    pub(crate) fn has(self, kind: &str) -> bool {
        match self {
            Self::All => true,
            Self::Soci => kind == "soci",
            Self::None => false,
        }
    }
}
