//! Progress as lines, for logs: each begins with the solve it is about, `web/arm64 | `.
//!
//! A step gets a number when it is first told about, and its lines carry it, so that the lines of
//! steps that run at the same time can be told apart. A step that several solves share is told
//! about once, by the solve that ran it. Housekeeping is left out unless it fails.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::Duration;

use crate::release::{Event, SolveName, SolveStep};
use crate::ui::measure;
use crate::ui::printer::warning_text;
use crate::ui::style::Style;

use super::model::{Change, Model};
use super::scans;
use super::step::{Kind, Progress, Step};
use super::transfer::Flow;

/// A transfer is told about again after this time …
const TRANSFER_EVERY: Duration = Duration::from_secs(5);
/// … if it moved by this part of its total (percent), where the total is known.
const TRANSFER_PERCENT: u64 = 5;
/// A step that starts again (a base image that is fetched after it was looked up) is told about
/// again when that took this long.
const WORTH_TELLING: Duration = Duration::from_secs(1);

/// Turns events into lines.
#[derive(Debug)]
pub(super) struct Plain {
    model: Model,
    title: String,
    style: Style,
    /// Numbers given so far.
    numbered: usize,
    /// Columns of the longest solve's name.
    margin: usize,
    /// What was last told about a transfer, by step and transfer.
    told: HashMap<(usize, usize), Told>,
}

#[derive(Clone, Copy, Debug)]
struct Told {
    at: Duration,
    current: u64,
    completed: bool,
}

impl Plain {
    /// `title` is the name that lines about no single solve begin with.
    pub(super) fn new(title: &str, style: Style) -> Self {
        Self {
            model: Model::default(),
            style,
            numbered: 0,
            margin: measure::width(title),
            title: title.to_owned(),
            told: HashMap::new(),
        }
    }

    /// The lines for one event.
    pub(super) fn event(&mut self, event: &Event, now: Duration) -> String {
        let mut text = String::new();
        let changes = self.model.apply(event, now);
        let names = self.model.solves.iter().map(|solve| solve.name.to_string());
        self.margin = names
            .map(|name| measure::width(&name))
            .fold(self.margin, usize::max);
        for change in changes {
            self.change(change, now, &mut text);
        }
        if let Some((who, what)) = self.milestone(event, now) {
            self.line(&mut text, &who, &what);
        }
        if let Some((who, what)) = scans::line(event, self.style) {
            self.line(&mut text, &who, &what);
        }
        if let Some((who, what)) = self.model.layers.line(event, now) {
            self.line(&mut text, who.as_deref().unwrap_or(&self.title), &what);
        }
        text
    }

    /// Nothing is held back but unfinished lines of solves that never ended.
    pub(super) fn finish(&mut self) -> String {
        let mut text = String::new();
        for index in 0..self.model.steps.len() {
            for line in self.model.steps[index].flush() {
                self.output(&mut text, index, &line);
            }
        }
        text
    }

    /// What the events that are no status messages say, and about whom.
    fn milestone(&self, event: &Event, now: Duration) -> Option<(String, String)> {
        let run = || self.title.clone();
        let style = self.style;
        Some(match event {
            Event::Planned { solves } => (
                run(),
                format!("{} planned", measure::count(solves.len(), "solve")),
            ),
            Event::EngineReady {
                address,
                version,
                started,
            } => {
                let how = if *started { "started" } else { "connected to" };
                (run(), format!("{how} BuildKit {version} at {address}"))
            }
            Event::CacheChecked { found, missing } => {
                let found = measure::count(found.len(), "cache");
                (
                    run(),
                    format!("{found} to import, {} not there yet", missing.len()),
                )
            }
            Event::SolveStarted { solve, step } => (
                solve.to_string(),
                match step {
                    SolveStep::Evaluate => "building".to_owned(),
                    SolveStep::Publish => "publishing".to_owned(),
                    SolveStep::CacheExport => "exporting the cache".to_owned(),
                },
            ),
            Event::SolveCompleted {
                solve,
                step,
                manifest,
            } => {
                let what = match step {
                    SolveStep::Evaluate => "built",
                    SolveStep::Publish => "published",
                    SolveStep::CacheExport => "cache exported",
                };
                let mut text = style.green(what);
                if let Some(manifest) = manifest {
                    let _ = write!(text, " {}", manifest.short());
                }
                if *step != SolveStep::CacheExport {
                    text.push_str(&self.totals(solve, now));
                }
                (solve.to_string(), text)
            }
            Event::SolveFailed {
                solve,
                step,
                cancelled,
            } => {
                let what = match (step, cancelled) {
                    (_, true) => style.yellow("cancelled"),
                    (SolveStep::CacheExport, false) => style.yellow("the cache was not exported"),
                    (_, false) => style.red("failed"),
                };
                (solve.to_string(), what)
            }
            Event::Compared {
                target,
                changed,
                reason,
            } => {
                let verdict = if *changed { "changed" } else { "unchanged" };
                (target.clone(), format!("{verdict}: {reason}"))
            }
            Event::ImagePublished {
                target,
                repository,
                digest,
            } => (target.clone(), format!("published {repository}@{digest}")),
            Event::Tagged {
                reference,
                digest,
                unchanged,
            } => {
                let already = if *unchanged { " already" } else { "" };
                (
                    run(),
                    format!("{reference}{already} points at {}", digest.short()),
                )
            }
            Event::CacheExported { reference, error } => match error {
                Some(error) => (
                    run(),
                    format!("cache {reference} was not exported: {error}"),
                ),
                None => (run(), format!("cache {reference} exported")),
            },
            // Told elsewhere.
            Event::SolveProgress { .. }
            | Event::Warning { .. }
            | Event::LayerIndexing { .. }
            | Event::LayerProgress { .. }
            | Event::LayerIndexed { .. }
            | Event::SociPublished { .. }
            | Event::ScanStarted { .. }
            | Event::ScanCompleted { .. } => return None,
        })
    }

    /// ` in 12.3s, 7 of 9 steps cached`.
    fn totals(&self, name: &SolveName, now: Duration) -> String {
        let Some(solve) = self.model.solves.iter().find(|solve| solve.name == *name) else {
            return String::new();
        };
        let since = now.saturating_sub(solve.started.unwrap_or(now));
        let counts = self.model.counts(solve);
        let steps = measure::count(counts.ended, "step");
        format!(
            " in {}, {} of {steps} cached",
            measure::duration(since),
            counts.cached
        )
    }

    fn change(&mut self, change: Change, now: Duration, text: &mut String) {
        match change {
            Change::Started(step) => {
                if self.is_told(step) && self.model.steps[step].number == 0 {
                    self.announce(text, step);
                }
            }
            Change::Ended(step) => self.ended(text, step),
            Change::Output(step, line) => self.output(text, step, &line),
            Change::Moved(step, transfer) => self.moved(text, step, transfer, now),
            Change::Warning(message) => text.push_str(&warning_text(&message, self.style)),
        }
    }

    /// A step is told about when it is one of a Dockerfile's, or an export.
    fn is_told(&self, step: usize) -> bool {
        let step = &self.model.steps[step];
        step.kind != Kind::Housekeeping && !step.is_hidden()
    }

    /// Gives the step a number and tells its name.
    fn announce(&mut self, text: &mut String, step: usize) {
        self.number(step);
        let name = measure::printable(&self.model.steps[step].name);
        self.step_line(text, step, &self.style.bold(name));
    }

    fn number(&mut self, step: usize) {
        if self.model.steps[step].number == 0 {
            self.numbered += 1;
            self.model.steps[step].number = self.numbered;
        }
    }

    fn ended(&mut self, text: &mut String, index: usize) {
        let step = &self.model.steps[index];
        let progress = step.progress();
        let again = std::mem::replace(&mut self.model.steps[index].ended, true);
        let step = &self.model.steps[index];
        let took = step.duration();
        let failed = progress == Progress::Failed;
        let idle = again && took < WORTH_TELLING
            || progress == Progress::Cached && self.model.is_stand_in(index);
        if !failed && (idle || !self.is_told(index)) {
            return;
        }
        let name = measure::printable(&step.name);
        let is_new = step.number == 0;
        let error = step.error().unwrap_or_default().to_owned();
        let took = measure::duration(took);
        let outcome = match progress {
            Progress::Cached => self.style.green("cached"),
            Progress::Failed => format!("{} {took}: {error}", self.style.red("failed")),
            Progress::Cancelled => self.style.yellow("cancelled"),
            Progress::Done | Progress::Waiting | Progress::Running => format!("done {took}"),
        };
        self.number(index);
        if is_new {
            // One line says all about a step that is over before it was told about.
            self.step_line(text, index, &format!("{} {outcome}", self.style.bold(name)));
        } else {
            self.step_line(text, index, &outcome);
        }
    }

    fn output(&mut self, text: &mut String, step: usize, line: &str) {
        if self.model.steps[step].number == 0 {
            self.announce(text, step);
        }
        self.step_line(text, step, &measure::printable(line));
    }

    fn moved(&mut self, text: &mut String, index: usize, moved: usize, now: Duration) {
        let step = &self.model.steps[index];
        let transfer = &step.transfers[moved];
        if transfer.flow == Flow::Other || step.is_hidden() {
            return;
        }
        let told = self.told.get(&(index, moved)).copied();
        // What is over at once is not worth a line; the first one comes after a while.
        let told = told.unwrap_or_else(|| {
            let told = Told {
                at: now,
                current: 0,
                completed: transfer.completed,
            };
            self.told.insert((index, moved), told);
            told
        });
        let step_size = transfer.total * TRANSFER_PERCENT / 100;
        let far = transfer.current.saturating_sub(told.current) >= step_size.max(1);
        let due = now.saturating_sub(told.at) >= TRANSFER_EVERY && far;
        let over = transfer.completed && !told.completed && told.current > 0;
        if told.completed || !(due || over) {
            return;
        }
        let label = transfer.label();
        let amount = match (transfer.current, transfer.total) {
            (0, 0) => String::new(),
            (current, 0) => format!(" {}", measure::bytes(current)),
            (current, total) => format!(" {} / {}", measure::bytes(current), measure::bytes(total)),
        };
        let end = if transfer.completed { " done" } else { "" };
        let told = Told {
            at: now,
            current: transfer.current,
            completed: transfer.completed,
        };
        self.told.insert((index, moved), told);
        if step.number == 0 {
            self.announce(text, index);
        }
        self.step_line(text, index, &format!("{label}{amount}{end}"));
    }

    fn step_line(&self, text: &mut String, step: usize, what: &str) {
        let step: &Step = &self.model.steps[step];
        let owner = self.model.solves[step.owner.0].name.to_string();
        let number = self.style.dim(format!("#{}", step.number));
        self.line(text, &owner, &format!("{number} {what}"));
    }

    fn line(&self, text: &mut String, who: &str, what: &str) {
        let who = self.style.cyan(measure::pad(who, self.margin));
        text.push_str(format!("{who} | {what}").trim_end());
        text.push('\n');
    }
}

#[cfg(test)]
mod tests;
