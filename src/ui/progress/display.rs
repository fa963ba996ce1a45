//! The thread that shows progress: takes events, keeps the model, writes at most ten times a
//! second.

use std::fmt;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::release::{Event, Observer};
use crate::ui::printer::{Printer, Stream};
use crate::ui::{LogTail, StepLogs};

use super::json::Json;
use super::mode::Mode;
use super::plain::Plain;
use super::terminal;
use super::tty::Tty;
use super::warnings::Warnings;

/// Time between two pictures.
const FRAME: Duration = Duration::from_millis(100);

/// Shows the events of one run until it is finished or dropped.
pub struct Progress {
    began: Instant,
    logs: StepLogs,
    sender: Sender<Message>,
    thread: Option<JoinHandle<()>>,
}

enum Message {
    Happened(Box<Event>, Duration),
    Finished,
}

/// What turns events into text.
trait Form: Send {
    /// Text for one event.
    fn event(&mut self, event: &Event, now: Duration) -> String;

    /// Text for the passing of time; asked about every [`FRAME`].
    fn tick(&mut self, _now: Duration) -> String {
        String::new()
    }

    /// Text for the end of the run.
    fn finish(&mut self, _now: Duration) -> String {
        String::new()
    }
}

impl Progress {
    /// Starts to show a run. `unicode`: more than ASCII may be drawn.
    pub fn start(mode: Mode, title: &str, printer: &Printer, unicode: bool) -> Self {
        let style = printer.talk_style();
        let mut form: Box<dyn Form> = match mode {
            Mode::Tty => Box::new(Tty::new(title, style, unicode, terminal::size)),
            Mode::Plain => Box::new(Plain::new(title, style)),
            Mode::Json => Box::new(Json::default()),
            Mode::Quiet | Mode::None => Box::new(Warnings::new(style)),
        };
        let began = Instant::now();
        let (sender, receiver) = channel();
        let err = printer.err();
        let thread = std::thread::Builder::new()
            .name("progress".to_owned())
            .spawn(move || show(&mut *form, &receiver, &err, began))
            .ok();
        Self {
            began,
            logs: StepLogs::default(),
            sender,
            thread,
        }
    }

    /// What a run is given to tell its events to.
    pub fn observer(&self) -> Observer {
        let sender = self.sender.clone();
        let began = self.began;
        self.logs.observe(Arc::new(move |event| {
            // Without its thread nobody receives; a run goes on without a display.
            let _ = sender.send(Message::Happened(Box::new(event), began.elapsed()));
        }))
    }

    /// Ends the display; what it shows stays. Dropping it does the same.
    ///
    /// Returns the last output of the step that failed, if one did, whatever was displayed.
    pub fn finish(self) -> Option<LogTail> {
        self.logs.tail(None)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        let _ = self.sender.send(Message::Finished);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Progress").finish_non_exhaustive()
    }
}

fn show(form: &mut dyn Form, messages: &Receiver<Message>, err: &Stream, began: Instant) {
    let mut next_frame = began + FRAME;
    loop {
        // Looked at before waiting: a storm of events must not keep the picture from moving.
        let wait = next_frame.saturating_duration_since(Instant::now());
        if wait.is_zero() {
            write(err, &form.tick(began.elapsed()));
            next_frame = Instant::now() + FRAME;
            continue;
        }
        match messages.recv_timeout(wait) {
            Ok(Message::Happened(event, at)) => write(err, &form.event(&event, at)),
            Ok(Message::Finished) | Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
    write(err, &form.finish(began.elapsed()));
}

fn write(err: &Stream, text: &str) {
    if !text.is_empty() {
        let mut err = err.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
    }
}

impl Form for Plain {
    fn event(&mut self, event: &Event, now: Duration) -> String {
        Plain::event(self, event, now)
    }

    fn finish(&mut self, _now: Duration) -> String {
        Plain::finish(self)
    }
}

impl Form for Tty {
    fn event(&mut self, event: &Event, now: Duration) -> String {
        Tty::event(self, event, now);
        String::new()
    }

    fn tick(&mut self, now: Duration) -> String {
        Tty::tick(self, now)
    }

    fn finish(&mut self, now: Duration) -> String {
        Tty::finish(self, now)
    }
}

impl Form for Json {
    fn event(&mut self, event: &Event, now: Duration) -> String {
        Json::event(self, event, now)
    }
}

impl Form for Warnings {
    fn event(&mut self, event: &Event, _now: Duration) -> String {
        Warnings::event(self, event)
    }
}
