//! The few things that a terminal is told and asked: cursor, size, synchronized frames.

use std::io::{self, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

/// Hides the cursor.
pub(crate) const HIDE_CURSOR: &str = "\x1b[?25l";
/// Shows it again.
pub(crate) const SHOW_CURSOR: &str = "\x1b[?25h";
/// Holds back what follows until [`END_FRAME`], on terminals that can; others ignore it.
pub(crate) const BEGIN_FRAME: &str = "\x1b[?2026h";
/// Shows what was held back.
pub(crate) const END_FRAME: &str = "\x1b[?2026l";
/// Clears from the cursor to the end of the line.
pub(crate) const CLEAR_LINE: &str = "\x1b[K";
/// Clears from the cursor to the end of the screen.
pub(crate) const CLEAR_BELOW: &str = "\x1b[J";

/// A picture is on the screen, and the cursor is hidden.
static DRAWING: AtomicBool = AtomicBool::new(false);

/// Rows and columns of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) columns: usize,
    pub(crate) rows: usize,
}

/// The size of the terminal on stderr; 80 × 24 when it does not say.
pub(crate) fn size() -> Size {
    let reported = rustix::termios::tcgetwinsize(io::stderr()).ok();
    let reported = reported.filter(|size| size.ws_col > 0 && size.ws_row > 0);
    reported.map_or(
        Size {
            columns: 80,
            rows: 24,
        },
        |size| Size {
            columns: usize::from(size.ws_col),
            rows: usize::from(size.ws_row),
        },
    )
}

/// Notes whether a picture is being drawn.
pub(crate) fn set_drawing(drawing: bool) {
    DRAWING.store(drawing, Ordering::SeqCst);
}

/// Shows the cursor again if a picture had hidden it. For panics and forced exits, where the
/// display has no time to end by itself.
pub fn restore() {
    if DRAWING.swap(false, Ordering::SeqCst) {
        let _ = io::stderr().write_all(format!("{END_FRAME}{SHOW_CURSOR}\n").as_bytes());
    }
}
