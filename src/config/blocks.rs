//! The names of our own blocks.

/// Blocks that this version reads.
pub(crate) const KNOWN: [&str; 10] = [
    "release",
    "cache",
    "soci",
    "service",
    "scan",
    "notify",
    "parameter",
    "base_images",
    "prune",
    "environment",
];

/// Blocks that a later version reads: an error now, so that nobody believes them to work.
const LATER: [&str; 1] = ["deploy"];

/// Blocks that have a name and may be there more than once.
pub(crate) fn is_named(kind: &str) -> bool {
    matches!(kind, "service" | "notify" | "parameter" | "environment")
}

/// The kinds of blocks that a block of ours can have in it. Each has a name and may be there more than once.
pub(crate) fn nested(kind: &str) -> &'static [&'static str] {
    match kind {
        "prune" => &[
            "account",
            "repository",
            "cluster",
            "family",
            "function",
            "job",
            "command",
        ],
        _ => &[],
    }
}

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
    /// These alone.
    Only(&'static [&'static str]),
    /// None.
    None,
}

impl Blocks {
    /// Whether a block is evaluated.
    pub(crate) fn has(self, kind: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(kinds) => kinds.contains(&kind),
            Self::None => false,
        }
    }
}
