//! Why a command failed, ready to be shown: the value that error reports and the exit code are
//! made of.
//!
//! Library errors stay typed; the `From` impls in `cli::failure` turn each area's errors into this,
//! choosing exit code, excerpt and hints. How it looks is decided in `report`.

use std::error::Error;

use crate::exit;

use super::excerpt::Excerpt;

/// A command's failure.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failure {
    /// What kind of failure it is: one of [`exit`]'s constants. The process exits with
    /// [`Failure::exit_code`], which is 75 for a temporary one.
    pub exit: u8,
    /// What was tried, and on what; a lower-case fragment.
    pub message: String,
    /// Why it failed, from the outermost cause to the innermost. None repeats what stands before.
    pub causes: Vec<String>,
    /// The place in a file that it is about.
    pub excerpt: Option<Excerpt>,
    /// A table that says more, as it is printed; left out in JSON, where events have said it.
    pub table: Option<String>,
    /// The last output of the step that failed.
    pub log_tail: Option<LogTail>,
    /// What to do about it, each a sentence.
    pub hints: Vec<String>,
    /// The same command may succeed when run again.
    pub temporary: bool,
    /// Nothing went wrong: the scan refused an image.
    pub refused: bool,
    /// The typed error behind it, for `--debug`.
    pub detail: Option<String>,
}

/// The last lines that a failing step wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogTail {
    /// The step: `web/arm64 [build 3/5] RUN make`.
    pub step: String,
    /// Its last lines.
    pub lines: Vec<String>,
}

impl Failure {
    /// A failure without a cause of its own.
    pub fn new(exit: u8, message: impl Into<String>) -> Self {
        Self {
            exit,
            message: message.into(),
            ..Self::default()
        }
    }

    /// A failure from a typed error: its text is the message, its sources are the causes.
    pub fn from_error(exit: u8, error: &dyn Error) -> Self {
        Self::new(exit, error.to_string()).caused_by_sources(error)
    }

    /// A failure of `message`, caused by `error` and its sources.
    pub fn with_cause(exit: u8, message: impl Into<String>, error: &dyn Error) -> Self {
        let mut failure = Self::new(exit, message);
        failure.push_cause(error.to_string());
        failure.caused_by_sources(error)
    }

    /// The command line is wrong in a way that the parser cannot see.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(exit::USAGE, message)
    }

    /// Whoever read our standard output has gone. Not an error: nothing is said, exit 0.
    pub fn reader_gone() -> Self {
        Self::new(exit::OK, "")
    }

    /// Whether there is nothing to tell.
    pub fn is_silent(&self) -> bool {
        self.exit == exit::OK
    }

    /// Adds something to do about it; a sentence.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Adds the place in a file.
    #[must_use]
    pub fn at(mut self, excerpt: Excerpt) -> Self {
        self.excerpt = Some(excerpt);
        self
    }

    /// Adds a table that says more.
    #[must_use]
    pub fn with_table(mut self, table: String) -> Self {
        self.table = Some(table);
        self
    }

    /// Adds the failing step's last lines.
    #[must_use]
    pub fn with_log(mut self, log: LogTail) -> Self {
        if !log.lines.is_empty() {
            self.log_tail = Some(log);
        }
        self
    }

    /// Marks it as worth another try.
    #[must_use]
    pub fn temporary(mut self, temporary: bool) -> Self {
        self.temporary = temporary;
        self
    }

    /// The exit code of the process.
    pub fn exit_code(&self) -> u8 {
        if self.temporary {
            exit::TEMPORARY
        } else {
            self.exit
        }
    }

    fn caused_by_sources(mut self, error: &dyn Error) -> Self {
        self.detail = Some(format!("{error:#?}"));
        let mut next = error.source();
        while let Some(cause) = next {
            self.push_cause(cause.to_string());
            next = cause.source();
        }
        self
    }

    /// Adds a cause unless what stands already says it. Many error types put their source's text
    /// into their own.
    fn push_cause(&mut self, cause: String) {
        let said = cause.trim().is_empty()
            || self.message.contains(&cause)
            || self.causes.iter().any(|earlier| earlier.contains(&cause));
        if !said {
            self.causes.push(cause);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("cannot read {path}")]
    struct Read {
        path: &'static str,
        #[source]
        source: Wrapped,
    }

    #[derive(Debug, thiserror::Error)]
    #[error("open: {0}")]
    struct Wrapped(#[source] io::Error);

    fn read() -> Read {
        Read {
            path: "a.hcl",
            source: Wrapped(io::Error::new(io::ErrorKind::NotFound, "no such file")),
        }
    }

    #[test]
    fn no_cause_is_said_twice() {
        let failure = Failure::from_error(exit::CONFIGURATION, &read());
        assert_eq!(failure.message, "cannot read a.hcl");
        assert_eq!(failure.causes, ["open: no such file"]);
    }

    #[test]
    fn a_message_of_our_own_keeps_the_error_as_its_cause() {
        let failure = Failure::with_cause(exit::REGISTRY, "nothing was published", &read());
        assert_eq!(failure.causes, ["cannot read a.hcl", "open: no such file"]);
        assert!(failure.detail.unwrap().contains("Wrapped("));
    }

    #[test]
    fn temporary_failures_exit_with_their_own_code() {
        let failure = Failure::new(exit::REGISTRY, "x");
        assert_eq!(failure.exit_code(), exit::REGISTRY);
        assert_eq!(failure.temporary(true).exit_code(), exit::TEMPORARY);
    }
}
