//! Why an ecrm.yaml cannot be converted.

use std::path::PathBuf;

use crate::bake::suggest::did_you_mean;

/// A problem and its place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}:{line}:{column}: {problem}", path.display())]
pub struct EcrmError {
    /// The file as it was named.
    pub path: PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub problem: EcrmProblem,
}

/// What is wrong with an ecrm.yaml.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EcrmProblem {
    /// It is not YAML.
    #[error("this is no YAML: {0}")]
    Syntax(String),
    /// A key that ecrm does not have.
    #[error("{section} has no key {key:?}")]
    UnknownKey {
        /// Where it stands: `repositories`, or `ecrm.yaml`.
        section: &'static str,
        /// The key.
        key: String,
        /// Those that there are.
        known: &'static [&'static str],
    },
    /// A value of another kind.
    #[error("{key}: {wanted} is required, and this is {found}")]
    Kind {
        /// Its key.
        key: String,
        /// `a list`.
        wanted: &'static str,
        /// `an object`.
        found: &'static str,
    },
    /// Nothing is named.
    #[error("an entry of {0} has neither name nor name_pattern")]
    NoName(&'static str),
    /// Both are there where ecrm takes one.
    #[error("an entry of {0} has both name and name_pattern")]
    TwoNames(&'static str),
    /// A name or pattern that nothing matches.
    #[error("{name:?} matches nothing: no {kind} has a {character:?} in its name")]
    Name {
        /// What was written.
        name: String,
        /// `repository`, or `tag`.
        kind: &'static str,
        /// What cannot be.
        character: char,
    },
    /// `expires` is missing.
    #[error("this entry of repositories has no expires")]
    NoExpires,
    /// A duration that cannot be.
    #[error("{key}: {message}")]
    Duration {
        /// Its key.
        key: &'static str,
        /// Why not.
        message: String,
    },
    /// A count that cannot be.
    #[error("keep_count: a whole number from 0 to {most} is required, and this is {found}")]
    Count {
        /// What was written.
        found: String,
        /// The largest.
        most: u64,
    },
    /// A command without a program.
    #[error("this entry of external_commands has no command")]
    NoCommand,
    /// There is nothing to prune.
    #[error("no repositories are named")]
    NoRepositories,
}

impl EcrmError {
    /// What to do about it, if there is something to say.
    pub fn help(&self) -> Option<String> {
        match &self.problem {
            EcrmProblem::UnknownKey { key, known, .. } => {
                let known = known.iter().copied();
                let all = || format!("it has {}", known.clone().collect::<Vec<_>>().join(", "));
                Some(did_you_mean(key, known.clone()).unwrap_or_else(all))
            }
            EcrmProblem::Duration { key, .. } if *key == "expires" => {
                Some("write it as in \"30d\", \"2 weeks\" or \"36h\"".to_owned())
            }
            EcrmProblem::Duration { .. } => Some("write it as in \"30s\" or \"1m30s\"".to_owned()),
            EcrmProblem::NoRepositories => Some(
                "ecrm deletes nothing with this file; name the repositories that are pruned"
                    .to_owned(),
            ),
            _ => None,
        }
    }
}
