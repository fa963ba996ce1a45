//! The verbs that a policy is made for, and what each of them does with AWS.

/// A verb, or an action of one, that asks AWS something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    /// `release`.
    Release,
    /// `bake`.
    Bake,
    /// `build`.
    Build,
    /// `plan`, which asks nothing.
    Plan,
    /// `soci attach`.
    SociAttach,
    /// `soci inspect`, `verify` and `explain`.
    SociRead,
    /// `scan`.
    Scan,
    /// `handoff pull`.
    HandoffPull,
    /// `handoff write`, which asks with `--compare-running`.
    HandoffWrite,
    /// `parameter set`.
    ParameterSet,
    /// `parameter get`.
    ParameterGet,
    /// `parameter history`.
    ParameterHistory,
    /// `approve`.
    Approve,
    /// `notify`.
    Notify,
    /// `prune`, `prune explain` and `prune init`, which remove nothing.
    Prune,
    /// `prune --apply`.
    PruneApply,
}

/// Verbs by what is typed.
/// Of two that begin alike, the longer one comes first.
const NAMES: [(&[&str], Verb); 18] = [
    (&["release"], Verb::Release),
    (&["bake"], Verb::Bake),
    (&["build"], Verb::Build),
    (&["plan"], Verb::Plan),
    (&["soci", "attach"], Verb::SociAttach),
    (&["soci", "inspect"], Verb::SociRead),
    (&["soci", "verify"], Verb::SociRead),
    (&["soci", "explain"], Verb::SociRead),
    (&["scan"], Verb::Scan),
    (&["handoff", "pull"], Verb::HandoffPull),
    (&["handoff", "write"], Verb::HandoffWrite),
    (&["parameter", "set"], Verb::ParameterSet),
    (&["parameter", "get"], Verb::ParameterGet),
    (&["parameter", "history"], Verb::ParameterHistory),
    (&["approve"], Verb::Approve),
    (&["notify"], Verb::Notify),
    (&["prune", "apply"], Verb::PruneApply),
    (&["prune"], Verb::Prune),
];

/// Verbs that a later version has.
const LATER: [&str; 3] = ["deploy", "rollback", "status"];

/// Verbs that ask AWS nothing and have no policy.
const WITHOUT: [&[&str]; 8] = [
    &["handoff", "init"],
    &["environment"],
    &["iam"],
    &["index"],
    &["engine"],
    &["doctor"],
    &["completions"],
    &["version"],
];

/// No policy can be made of what was typed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnknownVerb {
    /// A verb of a later version.
    #[error("{0} is not available in this version of Launchway, so what it needs is not known")]
    Later(String),
    /// A verb that does nothing with AWS.
    #[error("launchway {0} asks AWS for nothing, so it needs no policy")]
    Without(String),
    /// A verb whose actions need different things.
    #[error("launchway {verb} needs an action: {}", actions.join(", "))]
    NoAction {
        /// The verb.
        verb: String,
        /// Its actions.
        actions: Vec<String>,
    },
    /// There is no such verb.
    #[error("there is no verb {0:?}")]
    Unknown(String),
}

impl Verb {
    /// Everything that can be asked for, as it is typed.
    pub fn names() -> impl Iterator<Item = String> {
        NAMES.iter().map(|(words, _)| words.join(" "))
    }

    /// Reads `release`, `soci attach`, or several of them: `release parameter get`.
    pub fn parse(words: &[String]) -> Result<Vec<Self>, UnknownVerb> {
        let mut verbs = Vec::new();
        let mut rest = words;
        while let Some(first) = rest.first() {
            let fits = |(names, _): &&(&[&str], Self)| {
                names.len() <= rest.len() && names.iter().zip(rest).all(|(name, word)| name == word)
            };
            let Some((names, verb)) = NAMES.iter().find(fits) else {
                return Err(Self::unknown(first, rest));
            };
            verbs.push(*verb);
            rest = &rest[names.len()..];
        }
        verbs.sort_unstable();
        verbs.dedup();
        Ok(verbs)
    }

    fn unknown(word: &str, words: &[String]) -> UnknownVerb {
        let word = word.to_owned();
        if LATER.contains(&word.as_str()) {
            return UnknownVerb::Later(word);
        }
        let typed = |names: &&&[&str]| {
            names.len() <= words.len() && names.iter().zip(words).all(|(name, word)| name == word)
        };
        if let Some(names) = WITHOUT.iter().find(typed) {
            return UnknownVerb::Without(names.join(" "));
        }
        let actions = NAMES.iter().filter_map(|(names, _)| match names {
            [verb, action] if *verb == word => Some((*action).to_owned()),
            _ => None,
        });
        let actions: Vec<String> = actions.collect();
        if actions.is_empty() {
            UnknownVerb::Unknown(word)
        } else {
            UnknownVerb::NoAction {
                verb: word,
                actions,
            }
        }
    }

    /// Whether it builds images, and so reads those that Dockerfiles name.
    pub fn builds(self) -> bool {
        matches!(self, Self::Release | Self::Bake | Self::Build)
    }

    /// Whether what it needs depends on the configuration. An approval names its pipeline itself.
    pub fn is_configured(self) -> bool {
        self != Self::Approve
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Vec<Verb>, UnknownVerb> {
        let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
        Verb::parse(&words)
    }

    #[test]
    fn several_verbs_make_one_policy() {
        assert_eq!(parse("release"), Ok(vec![Verb::Release]));
        assert_eq!(
            parse("parameter get soci attach release release"),
            Ok(vec![Verb::Release, Verb::SociAttach, Verb::ParameterGet])
        );
        assert_eq!(parse("prune"), Ok(vec![Verb::Prune]));
        assert_eq!(
            parse("prune apply scan"),
            Ok(vec![Verb::Scan, Verb::PruneApply])
        );
    }

    #[test]
    fn what_has_no_policy_is_refused_by_name() {
        let error = parse("release deploy").unwrap_err();
        assert_eq!(error, UnknownVerb::Later("deploy".to_owned()));
        let error = parse("soci").unwrap_err().to_string();
        assert_eq!(
            error,
            "launchway soci needs an action: attach, inspect, verify, explain"
        );
        let error = parse("engine").unwrap_err();
        assert_eq!(error, UnknownVerb::Without("engine".to_owned()));
        let error = parse("handoff init").unwrap_err();
        assert_eq!(error, UnknownVerb::Without("handoff init".to_owned()));
        let error = parse("handoff").unwrap_err().to_string();
        assert_eq!(error, "launchway handoff needs an action: pull, write");
        let error = parse("relase").unwrap_err();
        assert_eq!(error, UnknownVerb::Unknown("relase".to_owned()));
    }
}
