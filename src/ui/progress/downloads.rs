//! Progress of layers that are downloaded and indexed or verified: one line that is redrawn on a
//! terminal, one line per finished layer elsewhere.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::image::Digest;
use crate::soci::attach::{AttachEvent, LayerFate};
use crate::soci::verify::VerifyEvent;
use crate::ui::measure;
use crate::ui::printer::{Printer, Stream};

use super::mode::Mode;
use super::terminal::{self, CLEAR_LINE};

/// Time between two pictures.
const FRAME: Duration = Duration::from_millis(100);
/// Columns of the bar.
const BAR: usize = 24;

/// Shows downloads until it is finished or dropped. Events may come from any thread.
pub struct Downloads {
    /// What is done with the layers: `indexing`.
    doing: &'static str,
    mode: Mode,
    unicode: bool,
    printer: Printer,
    err: Stream,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    layers: usize,
    done: usize,
    bytes: u64,
    received: u64,
    /// When the line was last drawn.
    drawn: Option<Instant>,
}

impl Downloads {
    /// Starts with nothing to show. `doing` is what is done with the layers: `indexing`.
    pub fn start(doing: &'static str, mode: Mode, printer: &Printer, unicode: bool) -> Arc<Self> {
        Arc::new(Self {
            doing,
            mode,
            unicode,
            printer: printer.clone(),
            err: printer.err(),
            state: Mutex::new(State::default()),
        })
    }

    /// Takes an event of attaching.
    pub fn event(&self, event: &AttachEvent) {
        match event {
            AttachEvent::Planned { layers, bytes } => self.planned(*layers, *bytes),
            AttachEvent::Started { .. } => {}
            AttachEvent::Received { bytes } => self.received(*bytes),
            AttachEvent::Finished { layer, fate } => self.finished(*layer, &plain(fate)),
        }
    }

    /// Takes an event of verifying.
    pub fn verify_event(&self, event: &VerifyEvent) {
        match event {
            VerifyEvent::Planned { layers, bytes } => self.planned(*layers, *bytes),
            VerifyEvent::Received { bytes } => self.received(*bytes),
            VerifyEvent::Finished { layer, problem } => {
                self.finished(*layer, problem.as_deref().unwrap_or("ok"));
            }
        }
    }

    fn planned(&self, layers: usize, bytes: u64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.layers = layers;
        state.bytes = bytes;
        if self.mode == Mode::Plain && layers > 0 {
            let doing = self.doing;
            let (layers, bytes) = (measure::count(layers, "layer"), measure::bytes(bytes));
            self.printer.note(&format!("{doing} {layers} ({bytes})"));
        }
        self.draw(&mut state);
    }

    fn received(&self, bytes: u64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.received += bytes;
        self.draw(&mut state);
    }

    fn finished(&self, layer: Digest, outcome: &str) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.done += 1;
        if self.mode == Mode::Plain {
            let (done, layers) = (state.done, state.layers);
            let layer = layer.short();
            self.printer
                .note(&format!("layer {done}/{layers} {layer}: {outcome}"));
        }
        self.draw(&mut state);
    }

    /// Draws the line on a terminal, unless it was drawn just now.
    fn draw(&self, state: &mut State) {
        if self.mode != Mode::Tty || state.layers == 0 {
            return;
        }
        let now = Instant::now();
        if state.drawn.is_some_and(|last| now - last < FRAME) {
            return;
        }
        state.drawn = Some(now);
        let line = line(self.doing, state, self.unicode);
        let line = measure::truncate(&line, terminal::size().columns.saturating_sub(1));
        self.write(&format!("\r{line}{CLEAR_LINE}"));
    }

    /// Takes the line away. Dropping does the same.
    pub fn finish(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.drawn.take().is_some() {
            self.write(&format!("\r{CLEAR_LINE}"));
        }
        // An event that comes late draws nothing.
        state.layers = 0;
    }

    fn write(&self, text: &str) {
        let mut err = self.err.lock().unwrap_or_else(PoisonError::into_inner);
        // A display that cannot be written changes nothing.
        let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
    }
}

impl Drop for Downloads {
    fn drop(&mut self) {
        self.finish();
    }
}

impl fmt::Debug for Downloads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Downloads").finish_non_exhaustive()
    }
}

fn plain(fate: &LayerFate) -> String {
    match fate {
        LayerFate::Indexed {
            spans, ztoc_size, ..
        } => format!(
            "indexed, {spans} spans, zTOC {}",
            measure::bytes(*ztoc_size)
        ),
        LayerFate::Reused { .. } => "reused".to_owned(),
        LayerFate::TooSmall => "small".to_owned(),
        LayerFate::LeftOut { reason } => format!("left out: {reason}"),
    }
}

/// `indexing ━━━━━━────  57.0 MB of 120.0 MB  1 of 3 layers`.
fn line(doing: &str, state: &State, unicode: bool) -> String {
    let (full, empty) = if unicode { ("━", "─") } else { ("#", ".") };
    let width = BAR as u64;
    let filled = state.received.min(state.bytes) * width;
    let filled = filled.checked_div(state.bytes).unwrap_or_default();
    let filled = usize::try_from(filled).unwrap_or(BAR);
    format!(
        "{doing} {}{}  {} of {}  {} of {} done",
        full.repeat(filled),
        empty.repeat(BAR - filled),
        measure::bytes(state.received),
        measure::bytes(state.bytes),
        state.done,
        measure::count(state.layers, "layer"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::{Style, Talk};

    fn shown(mode: Mode) -> String {
        let (out, err) = (
            Arc::new(Mutex::new(Vec::new())),
            Arc::new(Mutex::new(Vec::<u8>::new())),
        );
        let printer = Printer::to(out, err.clone(), Style::PLAIN, Style::PLAIN, Talk::Text);
        let downloads = Downloads::start("indexing", mode, &printer, true);
        let (layer, size) = (Digest::of("layer"), 1000);
        for event in [
            AttachEvent::Planned {
                layers: 1,
                bytes: size,
            },
            AttachEvent::Started { layer, size },
            AttachEvent::Received { bytes: 250 },
            AttachEvent::Finished {
                layer,
                fate: LayerFate::LeftOut {
                    reason: "it is odd".to_owned(),
                },
            },
        ] {
            downloads.event(&event);
        }
        drop(downloads);
        let text = err.lock().unwrap().clone();
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn without_a_terminal_every_layer_has_a_line() {
        let layer = Digest::of("layer").short();
        assert_eq!(
            shown(Mode::Plain),
            format!("indexing 1 layer (1.0 kB)\nlayer 1/1 {layer}: left out: it is odd\n")
        );
        assert_eq!(shown(Mode::Quiet), "");
    }

    #[test]
    fn on_a_terminal_one_line_comes_and_goes() {
        let text = shown(Mode::Tty);
        assert!(text.starts_with("\rindexing ─"), "{text:?}");
        assert!(text.ends_with(&format!("\r{CLEAR_LINE}")), "{text:?}");
        assert!(!text.contains('\n'));
    }

    #[test]
    fn the_bar_fills() {
        let state = State {
            layers: 3,
            done: 1,
            bytes: 1000,
            received: 500,
            drawn: None,
        };
        let text = line("indexing", &state, false);
        assert_eq!(
            text,
            "indexing ############............  500 B of 1.0 kB  1 of 3 layers done"
        );
    }
}
