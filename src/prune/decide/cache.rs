//! Whether a tag is of a cache whose branch lives.
//!
//! Launchway tags caches `<target>-<arch>[-<branch>]` (`plan`). Other tools name theirs as they like: of those it is
//! not known which branch they belong to, so no branch keeps them and their age alone lets them go.

use std::collections::BTreeSet;

use crate::plan::{LONGEST_TAG, tag_text};

/// The architectures that `BuildKit` builds for, in Go's names.
const ARCHITECTURES: [&str; 15] = [
    "386", "amd64", "arm", "arm64", "loong64", "mips", "mips64", "mips64le", "mipsle", "ppc64",
    "ppc64le", "riscv64", "s390x", "sparc64", "wasm",
];

/// The branches that live, as their caches' tags end.
#[derive(Debug)]
pub(super) struct Branches(BTreeSet<String>);

impl Branches {
    pub(super) fn new(names: &[String]) -> Self {
        Self(names.iter().map(|name| tag_text(name)).collect())
    }

    /// Whether a cache of this tag is kept whatever its age: its branch lives, or it is of none. An ending is enough to
    /// live: a branch `main` lets the cache of a branch `feature-main` live, for a tag does not tell where the
    /// branch begins.
    pub(super) fn keeps(&self, tag: &str) -> bool {
        let mut endings = tag.match_indices('-').map(|(at, _)| &tag[at + 1..]);
        if endings.any(|ending| self.0.contains(ending)) || tag.len() >= LONGEST_TAG {
            return true;
        }
        let parts: Vec<&str> = tag.split('-').collect();
        // The first part is the target's name.
        let platform = (1..parts.len()).find(|&at| ARCHITECTURES.contains(&parts[at]));
        match platform.map(|platform| &parts[platform + 1..]) {
            Some([]) => true,
            Some([variant]) => is_variant(variant),
            // Of a branch that is gone, or another tool's.
            Some(_) | None => false,
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
            ("web-arm64-main", true),
            ("web-arm64-feature-x", true),
            ("web-arm64-other-feature-x", true),
            ("web-arm64-gone", false),
            ("web-arm64-mainline", false),
            ("web-arm-v7-gone", false),
            ("web-windows-amd64-gone", false),
            ("web-arm64", true),
            ("web-arm-v7", true),
            ("a-b-c-amd64", true),
            ("buildcache", false),
            ("cache-gone", false),
            ("cache-main", true),
            ("arm64-main2", false),
            (&long, true),
            (&long[..127], false),
        ] {
            assert_eq!(branches.keeps(tag), expected, "{tag}");
        }
    }
}
