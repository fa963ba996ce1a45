//! Which entries of a tree are sent: include and exclude patterns together.

use std::path::Path;

use super::follow;
use super::pattern::{DirectoryMatches, PatternError, PatternList};
use super::{SendError, SendRequest};

/// The patterns of one request.
#[derive(Debug)]
pub(super) struct Filter {
    /// `None` includes everything; an empty list includes nothing.
    include: Option<PatternList>,
    exclude: Option<PatternList>,
}

/// The answers for a directory that those for its entries depend on.
#[derive(Debug, Default)]
pub(super) struct Inherited {
    include: DirectoryMatches,
    exclude: DirectoryMatches,
}

/// What to do with an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Send it, and look inside if it is a directory.
    Send,
    /// Do not send this directory for its own sake, but something inside may have to be sent.
    LookInside,
    /// Neither.
    Skip,
}

impl Filter {
    /// Compiles the patterns of `request`; `followpaths` are resolved by looking at `root`.
    pub(super) fn new(root: &Path, request: &SendRequest) -> Result<Self, SendError> {
        let mut include = request.include.clone();
        if let Some(targets) = follow::resolve(root, &request.follow)? {
            include.extend(targets);
            include = follow::without_children(include).unwrap_or_default();
        }
        let compile = |which: &'static str, patterns: &[String]| {
            if patterns.is_empty() {
                return Ok(None);
            }
            let bad = |source: PatternError| SendError::Pattern { which, source };
            PatternList::new(patterns).map(Some).map_err(bad)
        };
        Ok(Self {
            include: compile("include", &include)?,
            exclude: compile("exclude", &request.exclude)?,
        })
    }

    /// Judges a directory, whose answers for its entries go into `own`.
    pub(super) fn directory(&self, path: &str, parent: &Inherited, own: &mut Inherited) -> Verdict {
        let mut verdict = Verdict::Send;
        if let Some(include) = &self.include
            && !include.matches(path, &parent.include, Some(&mut own.include))
        {
            if !include.may_match_below(path) {
                return Verdict::Skip;
            }
            verdict = Verdict::LookInside;
        }
        if let Some(exclude) = &self.exclude
            && exclude.matches(path, &parent.exclude, Some(&mut own.exclude))
        {
            if !exclude.may_take_back_below(path) {
                return Verdict::Skip;
            }
            verdict = Verdict::LookInside;
        }
        verdict
    }

    /// Judges anything but a directory.
    pub(super) fn file(&self, path: &str, parent: &Inherited) -> Verdict {
        let included = self
            .include
            .as_ref()
            .is_none_or(|list| list.matches(path, &parent.include, None));
        let excluded = || {
            self.exclude
                .as_ref()
                .is_some_and(|list| list.matches(path, &parent.exclude, None))
        };
        if included && !excluded() {
            Verdict::Send
        } else {
            Verdict::Skip
        }
    }
}
