//! A question on the terminal before something that cannot be taken back.

use std::io::{self, BufRead as _};

use crate::exit;
use crate::ui::{Failure, Talk};

use super::Invocation;

/// Whether there is a person to ask: both ends are a terminal, and talk is not left out.
pub(super) fn can_ask(invocation: &Invocation) -> bool {
    let terminal = invocation.context.terminal;
    terminal.input && terminal.err && invocation.printer.talk() == Talk::Text
}

/// Asks on the terminal; anything but yes is no.
pub(super) async fn confirmed(invocation: &Invocation, question: &str) -> Result<bool, Failure> {
    let printer = &invocation.printer;
    printer.ask(&format!("\n{question} [y/N]"));
    let read = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line).map(|_| line)
    });
    let line = read.await.map_err(io::Error::other).and_then(|line| line);
    let line = line
        .map_err(|error| Failure::with_cause(exit::UNEXPECTED, "cannot read the answer", &error))?;
    if !line.ends_with('\n') {
        // The end of the input (Ctrl-D) leaves the cursor behind the question.
        printer.note("\n");
    }
    let word = line.trim();
    Ok(word.eq_ignore_ascii_case("y") || word.eq_ignore_ascii_case("yes"))
}
