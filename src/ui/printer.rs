//! The only place that writes to stdout and stderr: answers to stdout, talk to stderr.
//!
//! A closed stdout (`launchway plan | head`) is not an error: [`Printer::answer`] fails with a
//! silent failure, and the process exits 0. A closed stderr is ignored.

use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::json;

use crate::exit;

use super::failure::Failure;
use super::report;
use super::style::Style;

/// How stderr is spoken to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Talk {
    /// Text for people.
    #[default]
    Text,
    /// Warnings and errors only.
    Quiet,
    /// One JSON object per line; text for people is left out.
    Json,
}

/// A stream that several parts of the process write to.
pub(crate) type Stream = Arc<Mutex<dyn Write + Send>>;

/// Writes answers and talk. Clones share the streams.
#[derive(Clone)]
pub struct Printer {
    out: Stream,
    err: Stream,
    out_style: Style,
    err_style: Style,
    talk: Talk,
}

impl fmt::Debug for Printer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Printer")
            .field("out_style", &self.out_style)
            .field("err_style", &self.err_style)
            .field("talk", &self.talk)
            .finish_non_exhaustive()
    }
}

impl Printer {
    /// Writes to the process's own streams.
    pub fn standard(out_style: Style, err_style: Style, talk: Talk) -> Self {
        Self::to(
            Arc::new(Mutex::new(io::stdout())),
            Arc::new(Mutex::new(io::stderr())),
            out_style,
            err_style,
            talk,
        )
    }

    /// Writes to the given streams.
    pub fn to(out: Stream, err: Stream, out_style: Style, err_style: Style, talk: Talk) -> Self {
        Self {
            out,
            err,
            out_style,
            err_style,
            talk,
        }
    }

    /// The style of answers.
    pub fn answer_style(&self) -> Style {
        self.out_style
    }

    /// The style of talk.
    pub fn talk_style(&self) -> Style {
        self.err_style
    }

    /// How stderr is spoken to.
    pub fn talk(&self) -> Talk {
        self.talk
    }

    /// Where talk goes, for a progress display.
    pub fn err(&self) -> Stream {
        Arc::clone(&self.err)
    }

    /// Prints what the user asked for; a newline is added when the text does not end in one.
    pub fn answer(&self, text: &str) -> Result<(), Failure> {
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        write_whole(&mut *out, text).map_err(|error| unanswered(&error))
    }

    /// Prints an answer that is too long to be a text in memory. `write` ends it with a newline.
    pub fn answer_with(
        &self,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), Failure> {
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        let mut out = io::BufWriter::new(&mut *out);
        write(&mut out)
            .and_then(|()| out.flush())
            .map_err(|error| unanswered(&error))
    }

    /// Says something that is good to know, on stderr. Left out when quiet or in JSON.
    pub fn note(&self, text: &str) {
        if self.talk == Talk::Text {
            self.say(text);
        }
    }

    /// Asks on stderr; the answer is typed on the same line.
    pub fn ask(&self, question: &str) {
        let mut err = self.err.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = write!(err, "{question} ").and_then(|()| err.flush());
    }

    /// Warns on stderr, whatever the form of talk.
    pub fn warn(&self, message: &str) {
        match self.talk {
            Talk::Text | Talk::Quiet => self.say(&warning_text(message, self.err_style)),
            Talk::Json => self.say(&json!({ "warning": { "message": message } }).to_string()),
        }
    }

    /// Reports why the command failed; meant to be the last thing that is said.
    pub fn failure(&self, failure: &Failure) {
        match self.talk {
            Talk::Text | Talk::Quiet => self.say(&report::text(failure, self.err_style)),
            Talk::Json => self.say(&report::json(failure)),
        }
    }

    /// Writes to stderr. What cannot be told cannot be reported either: errors are ignored.
    fn say(&self, text: &str) {
        let mut err = self.err.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = write_whole(&mut *err, text);
    }
}

/// A warning for people; further lines are indented.
pub(crate) fn warning_text(message: &str, style: Style) -> String {
    let message = message.trim_end().replace('\n', "\n  ");
    format!("{} {message}\n", style.yellow("warning:"))
}

fn unanswered(error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::reader_gone(),
        _ => Failure::with_cause(exit::UNEXPECTED, "cannot write to standard output", error),
    }
}

fn write_whole(stream: &mut dyn Write, text: &str) -> io::Result<()> {
    if text.is_empty() {
        return Ok(());
    }
    stream.write_all(text.as_bytes())?;
    if !text.ends_with('\n') {
        stream.write_all(b"\n")?;
    }
    stream.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Closed(io::ErrorKind);

    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn printer(out: Stream, talk: Talk) -> (Printer, Arc<Mutex<Vec<u8>>>) {
        let err = Arc::new(Mutex::new(Vec::new()));
        let printer = Printer::to(out, err.clone(), Style::PLAIN, Style::PLAIN, talk);
        (printer, err)
    }

    fn text(stream: &Mutex<Vec<u8>>) -> String {
        String::from_utf8(stream.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn answers_and_talk_go_to_their_own_streams() {
        let out = Arc::new(Mutex::new(Vec::new()));
        let (printer, err) = printer(out.clone(), Talk::Text);
        printer.answer("{}").unwrap();
        printer.note("working");
        printer.ask("go on? [y/N]");
        printer.warn("first\nsecond");
        assert_eq!(text(&out), "{}\n");
        assert_eq!(
            text(&err),
            "working\ngo on? [y/N] warning: first\n  second\n"
        );
    }

    #[test]
    fn a_closed_pipe_is_silent_and_other_errors_are_not() {
        let (gone, _) = printer(
            Arc::new(Mutex::new(Closed(io::ErrorKind::BrokenPipe))),
            Talk::Text,
        );
        let failure = gone.answer("x").unwrap_err();
        assert_eq!((failure.exit_code(), failure.is_silent()), (exit::OK, true));
        let failure = gone.answer_with(|out| out.write_all(b"x")).unwrap_err();
        assert!(failure.is_silent());
        let (full, _) = printer(
            Arc::new(Mutex::new(Closed(io::ErrorKind::StorageFull))),
            Talk::Text,
        );
        assert_eq!(full.answer("x").unwrap_err().exit_code(), exit::UNEXPECTED);
    }

    #[test]
    fn quiet_keeps_warnings_and_json_keeps_to_json() {
        let sink: Stream = Arc::new(Mutex::new(io::sink()));
        let (quiet, err) = printer(sink.clone(), Talk::Quiet);
        quiet.note("not shown");
        quiet.warn("shown");
        assert_eq!(text(&err), "warning: shown\n");
        let (json, err) = printer(sink, Talk::Json);
        json.note("not shown");
        json.warn("shown");
        json.failure(&Failure::usage("bad"));
        for line in text(&err).lines() {
            serde_json::from_str::<serde_json::Value>(line).unwrap();
        }
        assert_eq!(text(&err).lines().count(), 2);
    }
}
