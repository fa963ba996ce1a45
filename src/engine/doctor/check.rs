//! The result of one check.

use serde::Serialize;

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was looked at, for example `runc` or `platform linux/arm64`.
    pub name: String,
    /// How it is.
    pub state: CheckState,
    /// What was found; a fragment.
    pub detail: String,
    /// What to do, one step each: a sentence, or a command to type as it is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<String>,
}

/// How a thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckState {
    /// As it should be.
    Ok,
    /// It works, but worse than it could, or only for some uses.
    Warning,
    /// Builds fail without it.
    Missing,
}

impl Check {
    pub(super) fn ok(name: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(name, CheckState::Ok, detail)
    }

    pub(super) fn warning(name: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(name, CheckState::Warning, detail)
    }

    pub(super) fn missing(name: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(name, CheckState::Missing, detail)
    }

    fn new(name: impl Into<String>, state: CheckState, detail: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            state,
            detail: detail.into(),
            hints: Vec::new(),
        }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}
