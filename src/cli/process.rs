//! The life of the process: parse, run, and end on a signal.
//!
//! The first SIGINT or SIGTERM drops the run, which cancels its solves and restores the terminal;
//! the second one exits at once.

use std::ffi::OsString;
use std::time::Duration;

use clap::Parser as _;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

use crate::exit;
use crate::ui::progress::restore_terminal;
use crate::ui::{Failure, Printer, Style, Talk};

use super::{Cli, Context, Invocation};

/// How long blocking work may go on after the run has ended.
const GRACE: Duration = Duration::from_secs(2);

/// Runs the command line `arguments` (the program's name first) and returns the exit code.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    restore_terminal_on_panic();
    let plain = Printer::standard(Style::PLAIN, Style::PLAIN, Talk::Text);
    let context = match Context::read() {
        Ok(context) => context,
        Err(failure) => return report(&plain, &failure),
    };
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => return usage(&error, &context),
    };
    let invocation = match Invocation::new(context, &cli.global) {
        Ok(invocation) => invocation,
        Err(failure) => return report(&plain, &failure),
    };
    match cli
        .verb
        .refuse_later_flags()
        .and_then(|()| run(cli, &invocation))
    {
        Ok(code) => code,
        Err(failure) => {
            if let (true, Some(detail)) = (invocation.debug, &failure.detail) {
                invocation.printer.note(detail);
            }
            report(&invocation.printer, &failure)
        }
    }
}

/// Runs the verb on a runtime of its own until it ends or a signal comes.
fn run(cli: Cli, invocation: &Invocation) -> Result<u8, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| {
            Failure::with_cause(exit::UNEXPECTED, "cannot start the runtime", &error)
        })?;
    let outcome = runtime.block_on(async {
        let signals = Signals::listen()?;
        let (interrupt, interrupted) = oneshot::channel();
        tokio::spawn(watch(signals, interrupt));
        // Whichever comes first, the other is dropped: a run that is dropped cancels its solves
        // and restores the terminal.
        let outcome = tokio::select! {
            outcome = cli.verb.run(invocation) => Some(outcome),
            _ = interrupted => None,
        };
        if let Some(outcome) = outcome {
            return outcome;
        }
        invocation.last_words.say().await;
        Err(Failure::new(exit::CANCELLED, "cancelled"))
    });
    runtime.shutdown_timeout(GRACE);
    outcome
}

/// The signals that end us.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn listen() -> Result<Self, Failure> {
        let listen = |kind| {
            signal(kind).map_err(|error| {
                Failure::with_cause(exit::UNEXPECTED, "cannot listen to signals", &error)
            })
        };
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[expect(
    clippy::exit,
    reason = "a second signal means: now, whatever is still open"
)]
async fn watch(mut signals: Signals, interrupt: oneshot::Sender<()>) {
    signals.next().await;
    // The run may just have ended; then nobody is interrupted.
    let _ = interrupt.send(());
    signals.next().await;
    restore_terminal();
    std::process::exit(i32::from(exit::CANCELLED));
}

/// Prints what the parser has to say: help and version as answers, errors as talk.
fn usage(error: &clap::Error, context: &Context) -> u8 {
    let terminal = context.terminal;
    let permitted = terminal.capable && !terminal.no_colour;
    let asked_for = !error.use_stderr();
    let coloured = permitted
        && if asked_for {
            terminal.out
        } else {
            terminal.err
        };
    let printer = Printer::standard(Style::PLAIN, Style::PLAIN, Talk::Text);
    let rendered = error.render();
    let text = if coloured {
        rendered.ansi().to_string()
    } else {
        rendered.to_string()
    };
    if !asked_for {
        printer.note(&text);
        return exit::USAGE;
    }
    match printer.answer(&text) {
        Ok(()) => exit::OK,
        Err(failure) => report(&printer, &failure),
    }
}

fn report(printer: &Printer, failure: &Failure) -> u8 {
    printer.failure(failure);
    failure.exit_code()
}

/// A panic's message must not end up inside a picture, nor leave the cursor hidden.
fn restore_terminal_on_panic() {
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        restore_terminal();
        tell(panic);
    }));
}
