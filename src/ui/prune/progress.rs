//! How far prune is: one line that is redrawn on a terminal, a line for every tenth of the way elsewhere.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::prune::{Event, Observer};
use crate::ui::measure;
use crate::ui::printer::{Printer, Stream};
use crate::ui::progress::{CLEAR_LINE, Mode, terminal_columns};

use super::amounts::{count, number};

/// Time between two pictures.
const FRAME: Duration = Duration::from_millis(100);
/// Lines of a whole way, where they are not redrawn.
const PARTS: u64 = 10;

/// Shows how far prune is until it is finished or dropped. Events may come from any thread.
pub struct PruneProgress {
    mode: Mode,
    printer: Printer,
    err: Stream,
    /// How many requests were sent so far.
    calls: Box<dyn Fn() -> u64 + Send + Sync>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    phase: Phase,
    /// Uses that were found.
    found: u64,
    /// Repositories, or manifests and tags to be removed.
    all: u64,
    done: u64,
    manifests: u64,
    /// When the line was last drawn.
    drawn: Option<Instant>,
    finished: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Uses,
    Reading,
    Removing,
}

impl PruneProgress {
    /// Starts with nothing to show. `calls` tells how many requests were sent so far.
    pub fn start(
        mode: Mode,
        printer: &Printer,
        calls: impl Fn() -> u64 + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            mode,
            printer: printer.clone(),
            err: printer.err(),
            calls: Box::new(calls),
            state: Mutex::default(),
        })
    }

    /// From now on so many manifests and tags are removed.
    pub fn removing(&self, all: u64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        *state = State {
            phase: Phase::Removing,
            all,
            ..State::default()
        };
        if self.mode == Mode::Plain && all > 0 {
            let all = number(all);
            self.printer
                .note(&format!("removing {all} manifests and tags"));
        }
        self.draw(&mut state);
    }

    /// Takes the line away. Dropping does the same.
    pub fn finish(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        self.clear(&mut state);
        // An event that comes late draws nothing.
        state.finished = true;
    }

    /// Draws the line on a terminal, unless it was drawn just now.
    fn draw(&self, state: &mut State) {
        if self.mode != Mode::Tty || state.finished {
            return;
        }
        let now = Instant::now();
        if state.drawn.is_some_and(|last| now - last < FRAME) {
            return;
        }
        state.drawn = Some(now);
        let line = line(state, (self.calls)());
        let line = measure::truncate(&line, terminal_columns().saturating_sub(1));
        self.write(&format!("\r{line}{CLEAR_LINE}"));
    }

    fn clear(&self, state: &mut State) {
        if state.drawn.take().is_some() {
            self.write(&format!("\r{CLEAR_LINE}"));
        }
    }

    fn write(&self, text: &str) {
        let mut err = self.err.lock().unwrap_or_else(PoisonError::into_inner);
        // A display that cannot be written changes nothing.
        let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
    }

    /// A step forward; every tenth of the way is told where nothing is redrawn.
    fn step(&self, state: &mut State, by: u64) {
        let part = |done: u64| (done * PARTS).checked_div(state.all).unwrap_or(PARTS);
        let before = part(state.done);
        let after = part(state.done + by);
        state.done += by;
        if self.mode == Mode::Plain && after > before && !state.finished {
            self.printer.note(&line(state, (self.calls)()));
        }
        self.draw(state);
    }
}

impl Observer for PruneProgress {
    fn tell(&self, event: &Event<'_>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            // While images are removed, both are asked again.
            Event::Used { .. } | Event::Repositories { .. } | Event::Listed { .. }
                if state.phase == Phase::Removing => {}
            Event::Used { what } => {
                state.found += what.found as u64;
                self.draw(&mut state);
            }
            Event::Repositories { count } => {
                state.phase = Phase::Reading;
                state.all = *count as u64;
                if self.mode == Mode::Plain && !state.finished {
                    let all = super::amounts::count(state.all, "repository");
                    self.printer.note(&format!("reading {all}"));
                }
                self.draw(&mut state);
            }
            Event::Listed { manifests } => {
                state.manifests += *manifests as u64;
                self.draw(&mut state);
            }
            Event::Planned { .. } => {
                if state.phase == Phase::Reading {
                    self.step(&mut state, 1);
                }
            }
            Event::Removed { count, .. } => self.step(&mut state, *count as u64),
            Event::Note { text } => {
                self.clear(&mut state);
                if !state.finished {
                    self.printer.note(&measure::printable(text));
                }
                self.draw(&mut state);
            }
        }
    }
}

impl Drop for PruneProgress {
    fn drop(&mut self) {
        self.finish();
    }
}

impl fmt::Debug for PruneProgress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PruneProgress").finish_non_exhaustive()
    }
}

/// `read 12 of 50 repositories, 120,394 manifests, 1,204 calls`.
fn line(state: &State, calls: u64) -> String {
    let calls = count(calls, "call");
    match state.phase {
        Phase::Uses => format!(
            "looking for what is in use: {} places, {calls}",
            number(state.found)
        ),
        Phase::Reading => format!(
            "read {} of {}, {}, {calls}",
            number(state.done),
            count(state.all, "repository"),
            count(state.manifests, "manifest"),
        ),
        Phase::Removing => format!(
            "removed {} of {}, {calls}",
            number(state.done),
            number(state.all)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prune::samples::{idle, repository};
    use crate::ui::{Style, Talk};

    fn shown(mode: Mode, repositories: usize) -> String {
        let (out, err) = (
            Arc::new(Mutex::new(Vec::new())),
            Arc::new(Mutex::new(Vec::<u8>::new())),
        );
        let printer = Printer::to(out, err.clone(), Style::PLAIN, Style::PLAIN, Talk::Text);
        let progress = PruneProgress::start(mode, &printer, || 7);
        progress.tell(&Event::Repositories {
            count: repositories,
        });
        let plan = idle("a");
        for _ in 0..repositories {
            progress.tell(&Event::Listed { manifests: 1000 });
            progress.tell(&Event::Planned { plan: &plan });
        }
        progress.tell(&Event::Note {
            text: "ECR asks to wait\x1b[2J",
        });
        progress.removing(200);
        let id = repository("a");
        for _ in 0..2 {
            progress.tell(&Event::Listed { manifests: 1000 });
            progress.tell(&Event::Removed {
                repository: &id,
                count: 100,
            });
        }
        drop(progress);
        let text = err.lock().unwrap().clone();
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn without_a_terminal_every_tenth_has_a_line() {
        insta::assert_snapshot!(shown(Mode::Plain, 2), @"
    reading 2 repositories
    read 1 of 2 repositories, 1,000 manifests, 7 calls
    read 2 of 2 repositories, 2,000 manifests, 7 calls
    ECR asks to wait
    removing 200 manifests and tags
    removed 100 of 200, 7 calls
    removed 200 of 200, 7 calls
    ");
        let long = shown(Mode::Plain, 300);
        assert_eq!(long.matches("of 300 repositories").count(), 10, "{long}");
    }

    #[test]
    fn on_a_terminal_a_line_is_drawn_and_taken_away() {
        let text = shown(Mode::Tty, 2);
        assert!(text.starts_with("\rread 0 of 2 repositories, 0 manifests, 7 calls"));
        assert!(text.ends_with(&format!("\r{CLEAR_LINE}")), "{text:?}");
        assert_eq!(shown(Mode::None, 0).lines().count(), 1);
    }
}
