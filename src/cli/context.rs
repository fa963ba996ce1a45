//! What the process was given by its surroundings, read once: environment, working directory and
//! terminal. Everything else gets it from here, as values.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};

use crate::exit;
use crate::ui::Failure;

/// The surroundings of the process.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// Environment variables by name.
    pub environment: Environment,
    /// The working directory, absolute.
    pub directory: PathBuf,
    /// What stdout and stderr are.
    pub terminal: Terminal,
}

/// Environment variables. Those that are not UTF-8 are left out; nothing that we read can be.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Environment {
    variables: BTreeMap<String, String>,
}

/// What the standard streams are connected to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Terminal {
    /// Stdin is a terminal: there is somebody to ask.
    pub input: bool,
    /// Stdout is a terminal.
    pub out: bool,
    /// Stderr is a terminal.
    pub err: bool,
    /// The terminal can move its cursor (`TERM` is set and not `dumb`).
    pub capable: bool,
    /// The locale's characters are UTF-8.
    pub unicode: bool,
    /// `NO_COLOR` is set.
    pub no_colour: bool,
    /// A CI system runs us (`CI` or `CODEBUILD_BUILD_ID` is set).
    pub ci: bool,
}

impl Context {
    /// Reads everything. Fails when the working directory is gone.
    pub fn read() -> Result<Self, Failure> {
        let environment = Environment::read();
        let terminal = Terminal {
            input: io::stdin().is_terminal(),
            ..Terminal::new(
                &environment,
                io::stdout().is_terminal(),
                io::stderr().is_terminal(),
            )
        };
        #[expect(clippy::disallowed_methods, reason = "the one place that reads it")]
        let directory = std::env::current_dir().map_err(|error| {
            Failure::with_cause(
                exit::UNEXPECTED,
                "cannot find the working directory",
                &error,
            )
        })?;
        Ok(Self {
            environment,
            directory,
            terminal,
        })
    }

    /// The user's home directory, from `HOME`.
    pub fn home(&self) -> Option<PathBuf> {
        self.environment.get("HOME").map(PathBuf::from)
    }

    /// `path` as an absolute path: relative ones start at the working directory.
    pub fn resolve(&self, path: &Path) -> PathBuf {
        self.directory.join(path)
    }
}

impl Environment {
    fn read() -> Self {
        #[expect(clippy::disallowed_methods, reason = "the one place that reads it")]
        let variables = std::env::vars_os();
        variables
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect()
    }

    /// A variable that is set and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// Whether a variable is set and neither empty, `0` nor `false`.
    pub fn is_on(&self, name: &str) -> bool {
        self.get(name)
            .is_some_and(|value| value != "0" && !value.eq_ignore_ascii_case("false"))
    }

    /// All variables, empty ones too.
    pub fn variables(&self) -> &BTreeMap<String, String> {
        &self.variables
    }
}

impl FromIterator<(String, String)> for Environment {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(variables: I) -> Self {
        Self {
            variables: variables.into_iter().collect(),
        }
    }
}

/// Names only: values can be secrets.
impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.variables.keys()).finish()
    }
}

impl Terminal {
    fn new(environment: &Environment, out: bool, err: bool) -> Self {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
            .iter()
            .find_map(|name| environment.get(name))
            .unwrap_or_default()
            .to_ascii_lowercase();
        Self {
            input: false,
            out,
            err,
            capable: environment.get("TERM").is_some_and(|term| term != "dumb"),
            unicode: locale.contains("utf-8") || locale.contains("utf8"),
            no_colour: environment.get("NO_COLOR").is_some(),
            ci: environment.is_on("CI") || environment.get("CODEBUILD_BUILD_ID").is_some(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        variables
            .iter()
            .map(|&(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    #[test]
    fn reads_the_terminal_from_the_environment() {
        let terminal = Terminal::new(
            &environment(&[("TERM", "xterm"), ("LANG", "en_US.UTF-8"), ("CI", "false")]),
            true,
            true,
        );
        assert!(terminal.capable && terminal.unicode && !terminal.ci && !terminal.no_colour);
        let terminal = Terminal::new(
            &environment(&[
                ("TERM", "dumb"),
                ("LANG", "en_US.UTF-8"),
                ("LC_ALL", "C"),
                ("CODEBUILD_BUILD_ID", "project:1"),
                ("NO_COLOR", "1"),
            ]),
            false,
            false,
        );
        assert!(!terminal.capable && !terminal.unicode && terminal.ci && terminal.no_colour);
    }

    #[test]
    fn empty_variables_count_as_not_set() {
        let environment = environment(&[("BUILDKIT_HOST", ""), ("NO_COLOR", "")]);
        assert_eq!(environment.get("BUILDKIT_HOST"), None);
        assert!(!Terminal::new(&environment, true, true).no_colour);
    }

    #[test]
    fn debug_shows_no_values() {
        let shown = format!("{:?}", environment(&[("TOKEN", "hunter2")]));
        assert!(shown.contains("TOKEN") && !shown.contains("hunter2"));
    }
}
