//! Why prune does not delete somewhere, and which such cases the user allowed by name.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use super::{EcrRepository, NamePattern};

/// A case in which nothing is deleted, unless it was allowed by name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Refusal {
    /// Which case.
    pub code: RefusalCode,
    /// What it is about, as an allowance names it: a repository's name, a section (`cluster "prod-*"`),
    /// and of [`RefusalCode::ListFailed`] always `[ACCOUNT ]SERVICE:OPERATION[ THING] in REGION`: the
    /// account where it has a name, the thing where the call is about one
    /// (`prod ecs:DescribeTaskDefinition web:12 in eu-west-1`). What is no call of AWS is named by its
    /// kind and name: `command cluster`.
    pub name: String,
    /// Where nothing is deleted because of it.
    #[serde(skip)]
    pub subject: RefusalSubject,
    /// What happened, for people: a sentence without its full stop.
    pub detail: String,
    /// Allowed by name: it is told, and does not hold.
    pub allowed: bool,
    /// It may be gone when it is tried again, and says nothing of what is there: never allowed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub temporary: bool,
}

/// Where nothing is deleted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RefusalSubject {
    /// Everywhere: what did not load could be about any repository.
    Everything,
    /// In this repository.
    Repository(EcrRepository),
    /// Nowhere else: the case itself has nothing to delete, and the run still fails.
    Nothing,
}

/// The cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
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

impl RefusalCode {
    /// Whether such a case may be about what is in use, and so hold every repository.
    pub fn holds_everything(self) -> bool {
        matches!(
            self,
            Self::ListFailed | Self::BadReference | Self::MatchesNothing
        )
    }
}

impl fmt::Display for RefusalCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// `CODE:NAME`: a case that must not hold the run. `NAME` may be a pattern, in which `*` also stands for slashes. Of
/// cases of one repository `CODE` alone stands for all of them; what would hold everything has to be named.
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
            None if code.holds_everything() => Err(format!(
                "{code} needs a name: {code}:NAME, as the report has it"
            )),
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

    /// With [`Self::temporary`] as said.
    #[must_use]
    pub fn temporary(mut self, temporary: bool) -> Self {
        self.temporary = temporary;
        self
    }

    /// With [`Self::allowed`] as these say; never where it is temporary.
    #[must_use]
    pub fn judged(mut self, allowances: &[Allowance]) -> Self {
        self.allowed = !self.temporary && allowances.iter().any(|one| one.covers(&self));
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
        let lists = "list-failed:*lambda:ListFunctions*";
        for name in [
            "lambda:ListFunctions in eu-west-1",
            "prod lambda:ListFunctions in eu-west-1",
        ] {
            assert!(allowed(lists, RefusalCode::ListFailed, name), "{name}");
            let exact = format!("list-failed:{name}");
            assert!(allowed(&exact, RefusalCode::ListFailed, name), "{name}");
        }
        let one = "list-failed:ecs:DescribeTaskDefinition web:12 in eu-west-1";
        for (name, expected) in [
            ("ecs:DescribeTaskDefinition web:12 in eu-west-1", true),
            ("ecs:DescribeTaskDefinition web:13 in eu-west-1", false),
            ("ecs:DescribeTaskDefinition web:12 in us-east-1", false),
        ] {
            assert_eq!(
                allowed(one, RefusalCode::ListFailed, name),
                expected,
                "{name}"
            );
        }
    }

    #[test]
    fn what_is_temporary_is_never_allowed() {
        let allowance: Allowance = "list-failed:*".parse().unwrap();
        let case = refusal(RefusalCode::ListFailed, "ecs:ListTasks prod in eu-west-1");
        let allowances = [allowance];
        assert!(case.clone().judged(&allowances).allowed);
        let lasting = serde_json::to_value(&case).unwrap();
        assert_eq!(lasting.get("temporary"), None);
        let case = case.temporary(true);
        assert!(!case.clone().judged(&allowances).allowed);
        assert_eq!(serde_json::to_value(&case).unwrap()["temporary"], true);
    }

    #[test]
    fn an_unknown_case_is_an_error() {
        let error = "nothing".parse::<Allowance>().unwrap_err();
        assert!(error.contains("there is no case \"nothing\""), "{error}");
        assert!("too-many:".parse::<Allowance>().is_err());
        assert!("too-many".parse::<Allowance>().is_ok());
        let error = "list-failed".parse::<Allowance>().unwrap_err();
        assert!(error.contains("needs a name: list-failed:NAME"), "{error}");
    }
}
