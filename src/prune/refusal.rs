//! Why prune does not delete somewhere, and which such cases the user allowed by name.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{EcrRepository, NamePattern};

/// A case in which nothing is deleted, unless it was allowed by name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Refusal {
    /// Which case.
    pub code: RefusalCode,
    /// What it is about, as an allowance names it: a repository's name, a list (`ecs:ListServices`),
    /// a section (`cluster "prod-*"`).
    pub name: String,
    /// Where nothing is deleted because of it.
    #[serde(skip)]
    pub subject: RefusalSubject,
    /// What happened, for people: a sentence without its full stop.
    pub detail: String,
    /// Allowed by name: it is told, and does not hold.
    pub allowed: bool,
    /// The same run may not meet it again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub temporary: bool,
}

/// Where nothing is deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum RefusalSubject {
    /// Everywhere: what did not load could be about any repository.
    #[default]
    Everything,
    /// In this repository.
    Repository(EcrRepository),
    /// Nowhere else: the case itself has nothing to delete, and the run still fails.
    Nothing,
}

/// The cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RefusalCode {
    /// A list did not load.
    ListFailed,
    /// Something that is in use names an image in a way that cannot be read.
    BadReference,
    /// A section of the configuration matches nothing.
    MatchesNothing,
    /// A manifest that could have parts could not be read.
    UnreadableManifest,
    /// An archived index cannot be read, and so its parts are not known.
    UnreadableArchived,
    /// The repository has images, and nothing uses any of them.
    NothingInUse,
    /// More would go than `max_deletions` allows.
    TooMany,
    /// A larger share would go than `max_share` allows.
    TooLargeShare,
}

impl RefusalCode {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::ListFailed,
        Self::BadReference,
        Self::MatchesNothing,
        Self::UnreadableManifest,
        Self::UnreadableArchived,
        Self::NothingInUse,
        Self::TooMany,
        Self::TooLargeShare,
    ];

    /// The word of an allowance: `nothing-in-use`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ListFailed => "list-failed",
            Self::BadReference => "bad-reference",
            Self::MatchesNothing => "matches-nothing",
            Self::UnreadableManifest => "unreadable-manifest",
            Self::UnreadableArchived => "unreadable-archived",
            Self::NothingInUse => "nothing-in-use",
            Self::TooMany => "too-many",
            Self::TooLargeShare => "too-large-share",
        }
    }
}

impl fmt::Display for RefusalCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// `CODE` or `CODE:NAME`: a case that must not hold the run. `NAME` may be a pattern, in which `*` also
/// stands for slashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowance {
    code: RefusalCode,
    name: Option<NamePattern>,
}

impl Allowance {
    /// Whether it speaks of this case.
    pub fn covers(&self, refusal: &Refusal) -> bool {
        self.code == refusal.code
            && self
                .name
                .as_ref()
                .is_none_or(|wanted| wanted.covers(&refusal.name))
    }
}

impl FromStr for Allowance {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (code, name) = match text.split_once(':') {
            Some((code, name)) => (code, Some(name)),
            None => (text, None),
        };
        let known = RefusalCode::ALL.into_iter();
        let Some(code) = known.clone().find(|known| known.as_str() == code) else {
            let known: Vec<&str> = known.map(RefusalCode::as_str).collect();
            return Err(format!(
                "there is no case {code:?}; there are {}",
                known.join(", ")
            ));
        };
        match name {
            Some("") => Err(format!("the name after {code}: is empty")),
            Some(name) => Ok(Self {
                code,
                name: Some(name.parse()?),
            }),
            None => Ok(Self { code, name: None }),
        }
    }
}

impl Refusal {
    /// A case that is not allowed so far.
    pub fn new(
        code: RefusalCode,
        name: impl Into<String>,
        subject: RefusalSubject,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            code,
            name: name.into(),
            subject,
            detail: detail.into(),
            allowed: false,
            temporary: false,
        }
    }

    /// With [`Self::temporary`] as it is said.
    #[must_use]
    pub fn temporary(self, temporary: bool) -> Self {
        Self { temporary, ..self }
    }

    /// With [`Self::allowed`] as these say.
    #[must_use]
    pub fn judged(mut self, allowances: &[Allowance]) -> Self {
        self.allowed = allowances.iter().any(|one| one.covers(&self));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(code: RefusalCode, name: &str) -> Refusal {
        Refusal::new(code, name, RefusalSubject::Everything, "x")
    }

    #[test]
    fn an_allowance_is_for_its_case_alone() {
        let allowed = |text: &str, code, name: &str| {
            let allowance: Allowance = text.parse().unwrap();
            refusal(code, name).judged(&[allowance]).allowed
        };
        assert!(allowed("nothing-in-use", RefusalCode::NothingInUse, "a/b"));
        assert!(allowed(
            "nothing-in-use:a/b",
            RefusalCode::NothingInUse,
            "a/b"
        ));
        assert!(allowed(
            "nothing-in-use:a*",
            RefusalCode::NothingInUse,
            "a/b"
        ));
        assert!(!allowed(
            "nothing-in-use:c*",
            RefusalCode::NothingInUse,
            "a/b"
        ));
        assert!(!allowed("nothing-in-use", RefusalCode::ListFailed, "a/b"));
        assert!(allowed(
            "list-failed:lambda:ListFunctions",
            RefusalCode::ListFailed,
            "lambda:ListFunctions"
        ));
    }

    #[test]
    fn an_unknown_case_is_an_error() {
        let error = "nothing".parse::<Allowance>().unwrap_err();
        assert!(error.contains("there is no case \"nothing\""), "{error}");
        assert!("too-many:".parse::<Allowance>().is_err());
    }
}
