//! Lists of include or exclude patterns, as the daemon sends them.
//!
//! The rules are those that moby/patternmatcher documents for .dockerignore: patterns are anchored
//! at the root, later ones win, `!` takes matches back, and a pattern that fits a directory covers
//! what is below. A tree is judged from the top: the answers for a directory are needed for its
//! entries (patternmatcher's `MatchesUsingParentResults`).

use super::glob::{DoubleStar, Glob, GlobError};

/// A list of patterns in order.
#[derive(Debug)]
pub(super) struct PatternList {
    patterns: Vec<Pattern>,
}

#[derive(Debug)]
struct Pattern {
    glob: Glob,
    /// Written with a leading `!`.
    negated: bool,
}

/// Which patterns of a list fit a directory, and so everything below it. Empty at the root.
#[derive(Debug, Default, Clone)]
pub(super) struct DirectoryMatches(Vec<bool>);

/// A pattern that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("bad pattern {pattern:?}")]
pub(crate) struct PatternError {
    /// As it was given.
    pub(crate) pattern: String,
    /// What is wrong with it.
    #[source]
    pub(crate) source: BadPattern,
}

/// What is wrong with a pattern.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadPattern {
    /// Only `!`.
    #[error("an exclamation mark alone takes nothing back")]
    LoneNegation,
    /// The rest of it.
    #[error(transparent)]
    Glob(#[from] GlobError),
}

impl PatternList {
    /// Compiles the patterns. Blank ones are dropped, the others trimmed and cleaned (`a//b/./c/`
    /// is `a/b/c`).
    pub(super) fn new(patterns: &[String]) -> Result<Self, PatternError> {
        let compiled = patterns.iter().filter_map(|pattern| {
            let text = pattern.trim();
            (!text.is_empty()).then(|| {
                Pattern::new(&clean(text)).map_err(|source| PatternError {
                    pattern: pattern.clone(),
                    source,
                })
            })
        });
        Ok(Self {
            patterns: compiled.collect::<Result<_, _>>()?,
        })
    }

    /// Whether `path` matches, given its directory's answers. The answers of the path itself,
    /// for its entries if it is a directory, go into `own`.
    pub(super) fn matches(
        &self,
        path: &str,
        parent: &DirectoryMatches,
        mut own: Option<&mut DirectoryMatches>,
    ) -> bool {
        if let Some(own) = own.as_deref_mut() {
            own.0.clear();
            own.0.resize(self.patterns.len(), false);
        }
        let mut matched = false;
        for (index, pattern) in self.patterns.iter().enumerate() {
            let inherited = parent.0.get(index).copied().unwrap_or(false);
            // A pattern that could not change the answer is not tried, nor remembered for what
            // is below: that is part of the rules.
            let fits = inherited || (pattern.negated == matched && pattern.glob.matches(path));
            if fits {
                matched = !pattern.negated;
                if let Some(own) = own.as_deref_mut() {
                    own.0[index] = true;
                }
            }
        }
        matched
    }

    /// Whether anything below `directory`, which does not match itself, may match.
    pub(super) fn may_match_below(&self, directory: &str) -> bool {
        self.any_below(directory, false)
    }

    /// Whether anything below `directory`, which matches itself, may be taken back.
    pub(super) fn may_take_back_below(&self, directory: &str) -> bool {
        self.any_below(directory, true)
    }

    fn any_below(&self, directory: &str, negated: bool) -> bool {
        let mut candidates = self
            .patterns
            .iter()
            .filter(|pattern| pattern.negated == negated)
            .peekable();
        if candidates.peek().is_none() {
            return false;
        }
        let prefix = format!("{directory}/");
        candidates.any(|pattern| pattern.glob.may_match_after(&prefix))
    }
}

impl Pattern {
    fn new(cleaned: &str) -> Result<Self, BadPattern> {
        let (negated, text) = match cleaned.strip_prefix('!') {
            Some("") => return Err(BadPattern::LoneNegation),
            Some(text) => (true, text),
            None => (false, cleaned),
        };
        Ok(Self {
            glob: Glob::new(text, DoubleStar::CrossesComponents)?,
            negated,
        })
    }
}

/// The shortest path with the same meaning, without looking at any file: no empty or `.`
/// components, and `..` takes its predecessor away. `.` when nothing is left.
pub(super) fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if rooted => {}
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    match (rooted, joined.as_str()) {
        (true, _) => format!("/{joined}"),
        (false, "") => ".".to_owned(),
        (false, _) => joined,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(patterns: &[&str]) -> PatternList {
        let owned: Vec<String> = patterns.iter().map(ToString::to_string).collect();
        PatternList::new(&owned).unwrap()
    }

    /// Judges `path` as a walk does: every directory above it first.
    fn judge(list: &PatternList, path: &str) -> bool {
        let mut parent = DirectoryMatches::default();
        for (end, _) in path.match_indices('/') {
            let mut own = DirectoryMatches::default();
            list.matches(&path[..end], &parent, Some(&mut own));
            parent = own;
        }
        list.matches(path, &parent, None)
    }

    #[test]
    fn lists() {
        #[rustfmt::skip]
        let table: &[(&[&str], &[&str], &[&str])] = &[
            // patterns                    match                        do not
            (&[],                          &[],                         &["a"]),
            (&["", "  "],                  &[],                         &["a"]),
            (&["a"],                       &["a", "a/b", "a/b/c"],      &["b/a", "ab"]),
            (&[" a "],                     &["a"],                      &[" a"]),
            (&["./a//b/"],                 &["a/b", "a/b/c"],           &["a"]),
            (&["a/../b"],                  &["b"],                      &["a"]),
            (&["/a"],                      &[],                         &["a"]),
            (&["*.log"],                   &["x.log", "x.log/y"],       &["a/x.log"]),
            (&["**/*.log"],                &["x.log", "a/b/x.log"],     &["x.logs"]),
            (&["*", "!src"],               &["a", "a/src"],             &["src", "src/x/y"]),
            (&["*", "!src", "src/x"],      &["src/x", "src/x/y"],       &["src", "src/y"]),
            (&["!src", "*"],               &["src", "a"],               &[]),
            (&["a", "!a/b"],               &["a", "a/c"],               &["a/b", "a/b/c"]),
            (&["a/**", "!a/b"],            &["a/c", "a/c/d"],           &["a", "a/b", "a/b/c"]),
            (&["a", "!a/**/k"],            &["a/b", "a/b/c"],           &["a/k", "a/b/k"]),
            (&["a", "!**/*.md", "a/x.md"], &["a", "a/x.md", "a/y"],     &["a/y.md", "b.md"]),
            (&["**", "!a/b/c"],            &["a", "a/b", "a/b/d"],      &["a/b/c", "a/b/c/d"]),
            // `!a` was never tried for `a` itself, so it covers nothing below.
            (&["a/b", "!a"],               &["a/b", "a/b/c"],           &["a", "a/c"]),
        ];
        for (patterns, matching, others) in table {
            let list = list(patterns);
            for path in *matching {
                assert!(judge(&list, path), "{patterns:?} should match {path}");
            }
            for path in *others {
                assert!(!judge(&list, path), "{patterns:?} must not match {path}");
            }
        }
    }

    #[test]
    fn what_may_lie_below() {
        let list = list(&["a/b", "c/**", "!d/*/e", "!f"]);
        assert!(list.may_match_below("a"));
        assert!(list.may_match_below("c/x"));
        assert!(!list.may_match_below("a/b"));
        assert!(!list.may_match_below("d"));
        assert!(list.may_take_back_below("d"));
        assert!(list.may_take_back_below("d/x"));
        assert!(!list.may_take_back_below("d/x/e"));
        assert!(!list.may_take_back_below("f"));
    }

    #[test]
    fn bad_patterns_are_named() {
        let bad = |pattern: &str| PatternList::new(&["ok".to_owned(), pattern.to_owned()]);
        let error = bad(" ! ").unwrap_err();
        assert_eq!(error.pattern, " ! ");
        assert_eq!(error.source, BadPattern::LoneNegation);
        let error = bad("src/[a").unwrap_err();
        assert_eq!(error.to_string(), "bad pattern \"src/[a\"");
        assert_eq!(error.source, BadPattern::Glob(GlobError::UnclosedClass));
    }

    #[test]
    fn cleaning() {
        #[rustfmt::skip]
        let table = [
            ("a", "a"), ("a/", "a"), ("./a", "a"), ("a//b", "a/b"), ("a/./b", "a/b"),
            ("a/../b", "b"), ("a/..", "."), (".", "."), ("..", ".."), ("../a", "../a"),
            ("a/../../b", "../b"), ("/", "/"), ("/..", "/"), ("/../a", "/a"), ("/a/", "/a"),
        ];
        for (path, expected) in table {
            assert_eq!(clean(path), expected, "{path}");
        }
    }
}
