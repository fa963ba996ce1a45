//! What a terminal shows of a run at one moment: a pure function of the model, the time and the
//! room.
//!
//! A header, one line per target and platform, below them what is on the move, below that the last
//! lines of the step that has run longest. Lines of solves never move while the run goes on; what
//! comes and goes does so at the bottom.

use std::time::Duration;

use crate::release::SolveStep;
use crate::ui::measure;

use super::flows;
use super::line::{Line, Tone};
use super::model::{Model, Phase, Solve};
use super::scans::Scan;
use super::step::{Kind, Step};
use super::terminal::Size;

/// The picture is not wider than this: eyes follow a line only so far.
const WIDEST: usize = 120;
/// Lines of output in the log window.
const LOG_LINES: usize = 5;
/// A step gets a log window when it has run this long.
const LOG_AFTER: Duration = Duration::from_secs(1);
/// Columns for durations at the right edge.
const CLOCK: usize = 8;

/// The characters of the picture.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Glyphs {
    waiting: &'static str,
    running: &'static str,
    done: &'static str,
    same: &'static str,
    failed: &'static str,
    cancelled: &'static str,
    pub(super) full: &'static str,
    pub(super) empty: &'static str,
    gutter: &'static str,
    separator: &'static str,
    ellipsis: &'static str,
}

impl Glyphs {
    /// For terminals whose characters are UTF-8.
    pub(crate) const UNICODE: Self = Self {
        waiting: "○",
        running: "●",
        done: "✓",
        same: "=",
        failed: "✗",
        cancelled: "–",
        full: "█",
        empty: "░",
        gutter: "│",
        separator: "·",
        ellipsis: "…",
    };
    /// For all others.
    pub(crate) const ASCII: Self = Self {
        waiting: ".",
        running: "*",
        done: "+",
        same: "=",
        failed: "x",
        cancelled: "-",
        full: "#",
        empty: ".",
        gutter: "|",
        separator: "-",
        ellipsis: "...",
    };
}

/// What a picture is made of besides the model.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View<'a> {
    pub(crate) title: &'a str,
    pub(crate) glyphs: Glyphs,
    pub(crate) size: Size,
    pub(crate) now: Duration,
    /// The run is over: nothing moves any more, and this picture stays.
    pub(crate) last: bool,
}

/// The lines of the picture, none wider than the terminal, fewer than its rows.
pub(crate) fn picture(model: &Model, view: &View<'_>) -> Vec<Line> {
    let columns = view.size.columns.saturating_sub(1).min(WIDEST);
    let mut lines = vec![header(model, view)];
    let solves = solve_lines(model, view, columns);
    if !solves.is_empty() {
        lines.push(Line::default());
    }
    // One row stays free for the cursor.
    let room = view.size.rows.saturating_sub(1 + lines.len()).max(1);
    let flows = if view.last {
        Vec::new()
    } else {
        flows::lines(model, view.glyphs)
    };
    let window = if view.last {
        Vec::new()
    } else {
        log_window(model, view, columns)
    };
    let mut below = Vec::new();
    for part in [flows, window] {
        if !part.is_empty() && solves.len() + below.len() + 1 + part.len() <= room {
            below.push(Line::default());
            below.extend(part);
        }
    }
    // The picture that stays may be longer than the screen: it is only written once.
    let room = if view.last { usize::MAX } else { room };
    lines.extend(shortened(solves, room, view));
    lines.extend(below);
    lines
        .into_iter()
        .map(|line| line.fitted(columns, view.glyphs.ellipsis))
        .collect()
}

fn header(model: &Model, view: &View<'_>) -> Line {
    let all = model.solves.len();
    let built = model.solves.iter().filter(|solve| solve.is_built()).count();
    let mut facts = Vec::new();
    if !model.engine_ready && all == 0 {
        facts.push("looking for BuildKit".to_owned());
    } else if all > 0
        && model
            .solves
            .iter()
            .any(|solve| solve.phase != Phase::Waiting)
    {
        facts.push(format!("{built} of {all} built"));
    }
    let counts = model.total_counts();
    if counts.all > 0 {
        let steps = measure::count(counts.ended, "step");
        facts.push(format!("{steps} done, {} cached", counts.cached));
    }
    let indexed = model.layers.indexed();
    let scans: Vec<&Scan> = model
        .solves
        .iter()
        .filter_map(|solve| solve.scan.as_ref())
        .collect();
    let scanned = scans.iter().filter(|scan| !scan.is_running()).count();
    // All do not fit into 80 columns, and the later one is the news.
    if model.tagged == 0 && !scans.is_empty() {
        facts.push(format!("{scanned} of {} scanned", scans.len()));
    } else if indexed > 0 && model.tagged == 0 {
        facts.push(format!("{} indexed", measure::count(indexed, "layer")));
    }
    if model.tagged > 0 {
        facts.push(format!("{} set", measure::count(model.tagged, "tag")));
    }
    let mut line = Line::default()
        .with(Tone::Strong, view.title)
        .with(Tone::Normal, format!("  {}", measure::duration(view.now)));
    for fact in facts {
        line = line.with(Tone::Quiet, format!("  {}  {fact}", view.glyphs.separator));
    }
    line
}

/// A line for each solve, and whether it can be left out when there is no room.
fn solve_lines(model: &Model, view: &View<'_>, columns: usize) -> Vec<(Phase, Line)> {
    let targets = model
        .solves
        .iter()
        .map(|solve| measure::width(&solve.name.target));
    let targets = targets.max().unwrap_or_default().min(columns / 3);
    let platform = |solve: &Solve| {
        let platform = solve.name.platform.as_ref();
        platform
            .map(crate::image::Platform::tag_suffix)
            .unwrap_or_default()
    };
    let platforms = model
        .solves
        .iter()
        .map(|solve| measure::width(&platform(solve)));
    let platforms = platforms.max().unwrap_or_default();
    let mut previous = None;
    let mut lines = Vec::new();
    for (index, solve) in model.solves.iter().enumerate() {
        let again = previous.replace(&solve.name.target) == Some(&solve.name.target);
        let target = if again { "" } else { &solve.name.target };
        let target = measure::truncate_with(target, targets, view.glyphs.ellipsis);
        let (glyph, tone) = glyph(solve, view.glyphs);
        let (text, clock) = activity(model, solve, view);
        let shared = sharer(model, index, solve);
        let left = Line::default()
            .with(
                Tone::Strong,
                format!("  {}  ", measure::pad(&target, targets)),
            )
            .with(
                Tone::Normal,
                format!("{}  ", measure::pad(&platform(solve), platforms)),
            )
            .with(tone, format!("{glyph} "));
        let room = columns.saturating_sub(left.width() + CLOCK);
        let text = text.and_fitted(shared, room, view.glyphs.ellipsis);
        let clock = clock.map(measure::duration).unwrap_or_default();
        let line = left.and(text).with(Tone::Quiet, format!("{clock:>CLOCK$}"));
        lines.push((solve.phase, line));
    }
    lines
}

fn glyph(solve: &Solve, glyphs: Glyphs) -> (&'static str, Tone) {
    match (&solve.scan, solve.phase) {
        (_, Phase::Failed | Phase::Cancelled) | (None, _) => {}
        (Some(Scan::Running { .. }), _) => return (glyphs.running, Tone::Active),
        (Some(Scan::Done { known: false, .. }), _) => return (glyphs.failed, Tone::Odd),
        // A scan of something that was not built here.
        (Some(Scan::Done { .. }), Phase::Waiting) => return (glyphs.done, Tone::Good),
        (Some(Scan::Done { .. }), _) => {}
    }
    match solve.phase {
        Phase::Waiting => (glyphs.waiting, Tone::Quiet),
        Phase::Running(_) => (glyphs.running, Tone::Active),
        Phase::Done(_) if solve.changed == Some(false) => (glyphs.same, Tone::Good),
        Phase::Done(_) => (glyphs.done, Tone::Good),
        Phase::Failed => (glyphs.failed, Tone::Bad),
        Phase::Cancelled => (glyphs.cancelled, Tone::Odd),
    }
}

/// What a solve is doing or has done, and for how long.
fn activity(model: &Model, solve: &Solve, view: &View<'_>) -> (Line, Option<Duration>) {
    let line = Line::default();
    let took = solve.started.map(|started| {
        let ended = solve.ended.unwrap_or(view.now);
        ended.saturating_sub(started)
    });
    match (&solve.scan, solve.phase) {
        (Some(scan), Phase::Waiting) => {
            let (line, took) = scan.line(view.now);
            return (line, Some(took));
        }
        // Whatever else is done for it, this is what tags wait for.
        (Some(scan), Phase::Running(_) | Phase::Done(_)) if scan.is_running() => {
            let (line, took) = scan.line(view.now);
            return (line, Some(took));
        }
        _ => {}
    }
    match solve.phase {
        Phase::Waiting => (line.with(Tone::Quiet, "waiting"), None),
        Phase::Cancelled => (line.with(Tone::Odd, "cancelled"), took),
        Phase::Failed => {
            let line = line.with(Tone::Bad, "failed");
            match model.failed(solve) {
                Some(step) => (
                    line.with(Tone::Normal, format!(": {}", step.short_name())),
                    took,
                ),
                None => (line, took),
            }
        }
        Phase::Done(_) => (outcome(model, solve), took),
        Phase::Running(step) => {
            if let Some(current) = model.current(solve) {
                let since = current.running_since.unwrap_or(view.now);
                let elapsed = view.now.saturating_sub(since);
                (doing(current), Some(elapsed))
            } else {
                let text = match step {
                    SolveStep::Evaluate => "building",
                    SolveStep::Publish => "publishing",
                    SolveStep::CacheExport => "exporting the cache",
                };
                (line.with(Tone::Quiet, text), took)
            }
        }
    }
}

fn outcome(model: &Model, solve: &Solve) -> Line {
    let mut text = match (solve.published, solve.changed) {
        (true, _) => "published".to_owned(),
        (false, Some(false)) => "unchanged".to_owned(),
        (false, Some(true)) => "built, changed".to_owned(),
        (false, None) => "built".to_owned(),
    };
    if let Some(manifest) = solve.manifest {
        text.push_str(&format!(" {}", manifest.short()));
    }
    if let Some(scan) = &solve.scan {
        let (found, _) = scan.line(Duration::ZERO);
        return Line::default()
            .with(Tone::Normal, text)
            .with(Tone::Quiet, "  ")
            .and(found);
    }
    let counts = model.counts(solve);
    let steps = measure::count(counts.all, "step");
    Line::default().with(Tone::Normal, text).with(
        Tone::Quiet,
        format!("  {} of {steps} cached", counts.cached),
    )
}

/// A running step, by what it does right now where its name does not say it.
fn doing(step: &Step) -> Line {
    match step.kind {
        Kind::Housekeeping => {
            let name = step.name.trim_start_matches("[internal] ");
            Line::default().with(Tone::Quiet, name)
        }
        Kind::Export | Kind::CacheExport => {
            let open = step
                .transfers
                .iter()
                .rev()
                .find(|transfer| !transfer.completed);
            let text = open.map_or_else(|| step.name.clone(), super::transfer::Transfer::label);
            Line::default().with(Tone::Normal, text)
        }
        Kind::Build | Kind::Source => Line::default().with(Tone::Normal, step.short_name()),
    }
}

/// Which other solve runs the step that this one waits for.
fn sharer(model: &Model, index: usize, solve: &Solve) -> Line {
    let running = matches!(solve.phase, Phase::Running(_));
    let told = |step: &&Step| running && step.kind == Kind::Build && step.owner.0 != index;
    let step = model.current(solve).filter(told);
    step.map_or_else(Line::default, |step| {
        let owner = &model.solves[step.owner.0].name;
        Line::default().with(Tone::Quiet, format!("  with {owner}"))
    })
}

/// The last lines of the step that somebody waits for.
fn log_window(model: &Model, view: &View<'_>, columns: usize) -> Vec<Line> {
    let Some(step) = model.longest_running() else {
        return Vec::new();
    };
    let since = step.running_since.unwrap_or(view.now);
    if view.now.saturating_sub(since) < LOG_AFTER {
        return Vec::new();
    }
    let owner = &model.solves[step.owner.0].name;
    let mut lines = vec![
        Line::default()
            .with(Tone::Quiet, format!("  {owner}  {}", step.short_name()))
            .fitted(columns, view.glyphs.ellipsis),
    ];
    for text in step.last_lines(LOG_LINES) {
        let gutter = format!("  {} ", view.glyphs.gutter);
        lines.push(
            Line::default()
                .with(Tone::Quiet, gutter)
                .with(Tone::Normal, text),
        );
    }
    // A window of one height: its lines come and go, what is above stays where it is.
    lines.resize(1 + LOG_LINES, Line::default());
    lines
}

/// As many lines of solves as there is room for: first waiting ones are left out, then those that
/// are over; what was left out is counted.
fn shortened(solves: Vec<(Phase, Line)>, room: usize, view: &View<'_>) -> Vec<Line> {
    let mut surplus = solves.len().saturating_sub(room);
    if surplus == 0 {
        return solves.into_iter().map(|(_, line)| line).collect();
    }
    surplus += 1;
    let mut keep = vec![true; solves.len()];
    let is_over = |phase: Phase| matches!(phase, Phase::Done(_) | Phase::Cancelled);
    let order: [&dyn Fn(Phase) -> bool; 3] =
        [&|phase| phase == Phase::Waiting, &is_over, &|_| true];
    for droppable in order {
        for index in (0..solves.len()).rev() {
            if surplus > 0 && keep[index] && droppable(solves[index].0) {
                keep[index] = false;
                surplus -= 1;
            }
        }
    }
    let hidden = keep.iter().filter(|kept| !**kept).count();
    let lines = solves.into_iter().zip(keep).filter(|(_, kept)| *kept);
    let mut lines: Vec<Line> = lines.map(|((_, line), _)| line).collect();
    let note = format!("  {} {hidden} more", view.glyphs.ellipsis);
    lines.push(Line::default().with(Tone::Quiet, note));
    lines
}
