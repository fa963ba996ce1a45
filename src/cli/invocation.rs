//! One call of the binary, settled: surroundings and global flags, put together.

use crate::registry::EndpointMap;
use crate::ui::progress::{Mode, Progress, Wish};
use crate::ui::{Failure, Printer, Style, Talk};

use super::args::GlobalArgs;
use super::context::Context;
use super::last_words::LastWords;

/// What every verb is given.
#[derive(Debug)]
pub struct Invocation {
    /// The surroundings of the process.
    pub context: Context,
    /// Where answers and talk go.
    pub printer: Printer,
    /// How progress is shown.
    pub progress: Mode,
    /// The BuildKit daemon that was asked for, by `--engine` or `BUILDKIT_HOST`.
    pub engine: Option<String>,
    /// Registries that are elsewhere than their names say: `LAUNCHWAY_REGISTRY_ENDPOINTS`.
    pub endpoints: EndpointMap,
    /// `--debug`.
    pub debug: bool,
    /// What is done when a signal ends the run.
    pub last_words: LastWords,
}

impl Invocation {
    /// Flags before environment variables before defaults.
    pub(crate) fn new(context: Context, global: &GlobalArgs) -> Result<Self, Failure> {
        let terminal = context.terminal;
        let wish = match (global.quiet, global.progress) {
            (true, None) => Wish::Quiet,
            (_, Some(wish)) => wish,
            (false, None) => match context.environment.get("BUILDKIT_PROGRESS") {
                Some(name) => name
                    .parse()
                    .map_err(|error: crate::ui::progress::UnknownWish| {
                        Failure::from_error(crate::exit::USAGE, &error)
                            .hint("It comes from the environment variable BUILDKIT_PROGRESS.")
                    })?,
                None => Wish::Auto,
            },
        };
        let progress = Mode::choose(wish, terminal.err && terminal.capable, terminal.ci);
        let talk = match progress {
            Mode::Json => Talk::Json,
            _ if global.quiet || progress == Mode::Quiet => Talk::Quiet,
            _ => Talk::Text,
        };
        let permitted = terminal.capable && !terminal.no_colour;
        let printer = Printer::standard(
            Style::choose(global.color, permitted && terminal.out),
            Style::choose(global.color, permitted && terminal.err),
            talk,
        );
        let engine = global.engine.clone().filter(|address| !address.is_empty());
        let engine = engine.or_else(|| context.environment.get("BUILDKIT_HOST").map(str::to_owned));
        Ok(Self {
            printer,
            progress,
            engine,
            endpoints: super::registry::endpoints(&context.environment)?,
            context,
            debug: global.debug,
            last_words: LastWords::default(),
        })
    }

    /// A progress display for one run; `title` names it, for example `release`.
    pub fn progress(&self, title: &str) -> Progress {
        Progress::start(
            self.progress,
            title,
            &self.printer,
            self.context.terminal.unicode,
        )
    }
}
