//! Whether a tag is of a cache whose branch lives.
//!
//! Launchway tags caches `<target>-<arch>[-<branch>]` (`plan`). Other tools name theirs as they like: of those it is
//! not known which branch they belong to, so branches say nothing of them.

use std::collections::BTreeSet;

use crate::plan::{LONGEST_TAG, tag_text};

/// The architectures that `BuildKit` builds for, in Go's names.
const ARCHITECTURES: [&str; 15] = [
    "386", "amd64", "arm", "arm64", "loong64", "mips", "mips64", "mips64le", "mipsle", "ppc64",
    "ppc64le", "riscv64", "s390x", "sparc64", "wasm",
];

/// What the branches say of a cache's tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BranchState {
    /// Its branch lives, or it is of no branch.
    Lives,
    /// It was of a branch that is gone.
    Gone,
    /// It cannot be told from the tag.
    NotTold,
}

/// The branches that live, as their caches' tags end.
#[derive(Debug)]
pub(super) struct Branches(BTreeSet<String>);

impl Branches {
    pub(super) fn new(names: &[String]) -> Self {
        Self(names.iter().map(|name| tag_text(name)).collect())
    }

    /// What they say of a tag. An ending is enough to live: a branch `main` lets the cache of a branch
    /// `feature-main` live, for a tag does not tell where the branch begins.
    pub(super) fn state(&self, tag: &str) -> BranchState {
        let mut endings = tag.match_indices('-').map(|(at, _)| &tag[at + 1..]);
        if endings.any(|ending| self.0.contains(ending)) || tag.len() >= LONGEST_TAG {
            return BranchState::Lives;
        }
        let parts: Vec<&str> = tag.split('-').collect();
        // The first part is the target's name.
        let platform = (1..parts.len()).find(|&at| ARCHITECTURES.contains(&parts[at]));
        let Some(platform) = platform else {
            return BranchState::NotTold;
        };
        match &parts[platform + 1..] {
            [] => BranchState::Lives,
            [variant] if is_variant(variant) => BranchState::Lives,
            _ => BranchState::Gone,
        }
    }
}

/// `v7` of `arm-v7`.
fn is_variant(text: &str) -> bool {
    text.strip_prefix('v')
        .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cache_lives_with_its_branch() {
        let branches = ["main".to_owned(), "feature/x".to_owned(), "v8".to_owned()];
        let branches = Branches::new(&branches);
        let long = format!("web-arm64-{}", "x".repeat(118));
        for (tag, expected) in [
            ("web-arm64-main", BranchState::Lives),
            ("web-arm64-feature-x", BranchState::Lives),
            ("web-arm64-other-feature-x", BranchState::Lives),
            ("web-arm64-gone", BranchState::Gone),
            ("web-arm64-mainline", BranchState::Gone),
            ("web-arm-v7-gone", BranchState::Gone),
            ("web-windows-amd64-gone", BranchState::Gone),
            ("web-arm64", BranchState::Lives),
            ("web-arm-v7", BranchState::Lives),
            ("a-b-c-amd64", BranchState::Lives),
            ("buildcache", BranchState::NotTold),
            ("cache-gone", BranchState::NotTold),
            ("cache-main", BranchState::Lives),
            ("arm64-main2", BranchState::NotTold),
            (&long, BranchState::Lives),
            (&long[..127], BranchState::Gone),
        ] {
            assert_eq!(branches.state(tag), expected, "{tag}");
        }
    }
}
