//! What is known about the source tree that is built: the facts behind `source.*` in
//! expressions. Finding them out (git, CI variables) is somebody else's work.

/// Facts about the source tree. `None` is "not known".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// The full commit id.
    pub commit: Option<String>,
    /// The branch's short name.
    pub branch: Option<String>,
    /// The git tag at this commit.
    pub tag: Option<String>,
    /// Whether the work tree differs from the commit.
    pub dirty: Option<bool>,
    /// When the commit was made, in seconds since 1970.
    pub time: Option<i64>,
    /// Why the commit is not known and what to set, for the error: a fragment. Empty when it is.
    pub missing: String,
}
