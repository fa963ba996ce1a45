//! The state of a run as its progress shows it: solves with their steps, made from events alone.
//!
//! Pure: time comes in as an argument (our clock, since the run began). The daemon tells every
//! solve about every vertex that the solve uses, so a shared step arrives several times; here it
//! is one step, and its output is taken from one solve only.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use launchway_buildkit::{StatusUpdate, Vertex};

use crate::image::Digest;
use crate::release::{Event, SolveName, SolveStep};

use super::layers::Layers;
use super::scans::Scan;
use super::step::{Kind, Progress, Step, Stream};

/// Everything that is known about a run.
#[derive(Debug, Default)]
pub(crate) struct Model {
    /// In the order of the plan.
    pub(crate) solves: Vec<Solve>,
    /// In the order of appearance.
    pub(crate) steps: Vec<Step>,
    /// The daemon answers.
    pub(crate) engine_ready: bool,
    /// Tags that were set.
    pub(crate) tagged: usize,
    /// Layers that are or were indexed.
    pub(crate) layers: Layers,
    /// Messages of the daemon's linter and our own, each once.
    warnings: HashSet<String>,
    shared: HashMap<String, usize>,
    groups: HashMap<String, usize>,
    /// Which step a vertex is, for one stream of status messages.
    routes: HashMap<(Stream, String), usize>,
}

/// A target on a platform.
#[derive(Debug)]
pub(crate) struct Solve {
    pub(crate) name: SolveName,
    pub(crate) phase: Phase,
    /// When its first run began, by our clock.
    pub(crate) started: Option<Duration>,
    /// When its last run ended.
    pub(crate) ended: Option<Duration>,
    /// Whether the image differs from the baseline, once that is known.
    pub(crate) changed: Option<bool>,
    /// The image is in the registry.
    pub(crate) published: bool,
    /// The image manifest, once it is known.
    pub(crate) manifest: Option<Digest>,
    /// Its scan, where there is one.
    pub(crate) scan: Option<Scan>,
    /// Its steps, in the order of appearance.
    steps: Vec<usize>,
}

impl Solve {
    /// Its image is made.
    pub(crate) fn is_built(&self) -> bool {
        self.manifest.is_some() || matches!(self.phase, Phase::Done(_))
    }
}

/// How far a solve is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Waiting,
    Running(SolveStep),
    Done(SolveStep),
    Failed,
    Cancelled,
}

/// What a log tells about one event.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// A step began.
    Started(usize),
    /// A step ended: well, from a cache, or not. It may not have been told that it began.
    Ended(usize),
    /// A step wrote a line.
    Output(usize, String),
    /// A transfer (by index) of a step moved or ended.
    Moved(usize, usize),
    /// A warning that was not given before.
    Warning(String),
}

impl Model {
    /// Takes an event; what a log would tell about it.
    pub(crate) fn apply(&mut self, event: &Event, now: Duration) -> Vec<Change> {
        match event {
            Event::Planned { solves } => {
                for name in solves {
                    self.solve(name);
                }
            }
            Event::SolveStarted { solve, step } => {
                let index = self.solve(solve);
                let solve = &mut self.solves[index];
                solve.phase = Phase::Running(*step);
                solve.started.get_or_insert(now);
            }
            Event::SolveProgress {
                solve,
                step,
                update,
            } => {
                let stream = (self.solve(solve), *step);
                return self.update(stream, update, now);
            }
            Event::SolveCompleted {
                solve,
                step,
                manifest,
            } => {
                let index = self.solve(solve);
                let solve = &mut self.solves[index];
                solve.phase = Phase::Done(*step);
                solve.ended = Some(now);
                solve.manifest = manifest.or(solve.manifest);
                solve.published |= *step == SolveStep::Publish;
                return self.flush((index, *step));
            }
            Event::SolveFailed {
                solve,
                step,
                cancelled,
            } => {
                let index = self.solve(solve);
                let solve = &mut self.solves[index];
                solve.ended = Some(now);
                solve.phase = match (step, cancelled) {
                    // The images are there; the export says itself that it failed.
                    (SolveStep::CacheExport, _) => Phase::Done(*step),
                    (_, true) => Phase::Cancelled,
                    (_, false) => Phase::Failed,
                };
                return self.flush((index, *step));
            }
            Event::Compared {
                target, changed, ..
            } => {
                let same = self
                    .solves
                    .iter_mut()
                    .filter(|solve| solve.name.target == *target);
                same.for_each(|solve| solve.changed = Some(*changed));
            }
            Event::Tagged { .. } => self.tagged += 1,
            Event::Warning { message } => return self.warn(message).into_iter().collect(),
            Event::EngineReady { .. } => self.engine_ready = true,
            Event::LayerIndexing { .. }
            | Event::LayerProgress { .. }
            | Event::LayerIndexed { .. } => self.layers.apply(event, now),
            Event::ScanStarted { .. } | Event::ScanCompleted { .. } => {
                if let Some((name, scan)) = Scan::of(event, now) {
                    let index = self.solve(&name);
                    let before = self.solves[index].scan.take();
                    self.solves[index].scan = Some(scan.after(before.as_ref(), now));
                }
            }
            Event::CacheChecked { .. }
            | Event::SociPublished { .. }
            | Event::ImagePublished { .. }
            | Event::CacheExported { .. } => {}
        }
        Vec::new()
    }

    /// The index of a solve; one that was not planned joins at the end.
    pub(crate) fn solve(&mut self, name: &SolveName) -> usize {
        if let Some(index) = self.solves.iter().position(|solve| solve.name == *name) {
            return index;
        }
        self.solves.push(Solve {
            name: name.clone(),
            phase: Phase::Waiting,
            started: None,
            ended: None,
            changed: None,
            published: false,
            manifest: None,
            scan: None,
            steps: Vec::new(),
        });
        self.solves.len() - 1
    }

    /// The step that a vertex of a stream is shown as, and whether the stream is the one that its
    /// output is taken from.
    pub(crate) fn route(&self, stream: Stream, vertex: &str) -> Option<(usize, bool)> {
        let step = *self.routes.get(&(stream, vertex.to_owned()))?;
        Some((step, self.steps[step].owner == stream))
    }

    /// Whether a vertex is one of the build graph, which solves share.
    pub(crate) fn is_shared(&self, vertex: &str) -> bool {
        self.shared.contains_key(vertex)
    }

    /// The step that a solve is at: the running one that began last, housekeeping only when there
    /// is nothing else.
    pub(crate) fn current(&self, solve: &Solve) -> Option<&Step> {
        let running = solve.steps.iter().map(|&step| &self.steps[step]);
        running
            .filter(|step| step.progress() == Progress::Running && !step.is_hidden())
            .max_by_key(|step| (step.kind != Kind::Housekeeping, step.running_since))
    }

    /// The step that failed a solve.
    pub(crate) fn failed(&self, solve: &Solve) -> Option<&Step> {
        let mut steps = solve.steps.iter().map(|&step| &self.steps[step]);
        steps.find(|step| step.progress() == Progress::Failed)
    }

    /// Steps of a solve that count: those that ended, those of them from a cache, and all.
    pub(crate) fn counts(&self, solve: &Solve) -> Counts {
        let stand_ins = self.stand_ins(solve);
        let steps = solve.steps.iter().filter(|step| !stand_ins.contains(step));
        Self::count(steps.map(|&step| &self.steps[step]))
    }

    /// Steps of the whole run, shared ones once.
    pub(crate) fn total_counts(&self) -> Counts {
        let solves = self.solves.iter();
        let stand_ins: HashSet<usize> = solves.flat_map(|solve| self.stand_ins(solve)).collect();
        let steps = self
            .steps
            .iter()
            .enumerate()
            .filter(|(step, _)| !stand_ins.contains(step));
        Self::count(steps.map(|(_, step)| step))
    }

    /// Steps of a solve that only stand in for another one of the same name.
    ///
    /// Where two solves do the same work on different definitions (another selection of the same
    /// context), BuildKit runs it once: the second solve reports the first one's step as well as
    /// its own, which then comes from the cache.
    fn stand_ins(&self, solve: &Solve) -> HashSet<usize> {
        let mut by_name: HashMap<&str, usize> = HashMap::new();
        let mut stand_ins = HashSet::new();
        for &step in &solve.steps {
            let name = self.steps[step].name.as_str();
            let Some(&other) = by_name.get(name) else {
                by_name.insert(name, step);
                continue;
            };
            if self.steps[step].progress().weight() > self.steps[other].progress().weight() {
                by_name.insert(name, step);
                stand_ins.insert(other);
            } else {
                stand_ins.insert(step);
            }
        }
        stand_ins
    }

    /// Whether a step only stands in for another one, seen from the solve that it belongs to.
    pub(crate) fn is_stand_in(&self, step: usize) -> bool {
        self.stand_ins(&self.solves[self.steps[step].owner.0])
            .contains(&step)
    }

    fn count<'a>(steps: impl Iterator<Item = &'a Step>) -> Counts {
        let mut counts = Counts::default();
        for step in steps.filter(|step| step.kind == Kind::Build && !step.is_hidden()) {
            counts.all += 1;
            match step.progress() {
                Progress::Cached => {
                    counts.cached += 1;
                    counts.ended += 1;
                }
                Progress::Done => counts.ended += 1,
                _ => {}
            }
        }
        counts
    }

    /// The running step with output that has run longest: what somebody waits for.
    pub(crate) fn longest_running(&self) -> Option<&Step> {
        let talking = self.steps.iter().filter(|step| {
            step.progress() == Progress::Running && !step.is_hidden() && !step.tail.is_empty()
        });
        talking.min_by_key(|step| step.running_since)
    }

    fn update(&mut self, stream: Stream, update: &StatusUpdate, now: Duration) -> Vec<Change> {
        let mut changes = Vec::new();
        for vertex in &update.vertexes {
            self.update_vertex(stream, vertex, now, &mut changes);
        }
        for status in &update.statuses {
            if let Some((step, true)) = self.route(stream, &status.vertex) {
                let transfer = self.steps[step].transfer(status);
                changes.push(Change::Moved(step, transfer));
            }
        }
        for log in &update.logs {
            if let Some((step, true)) = self.route(stream, &log.vertex) {
                let lines = self.steps[step].output(log.stream, &log.message);
                changes.extend(lines.into_iter().map(|line| Change::Output(step, line)));
            }
        }
        for warning in &update.warnings {
            changes.extend(self.warn(&super::warning_text(warning)));
        }
        // A step's end comes after what it still had to say in the same message.
        let (ends, mut others): (Vec<_>, Vec<_>) = changes
            .into_iter()
            .partition(|change| matches!(change, Change::Ended(_)));
        for end in ends {
            if let Change::Ended(step) = end {
                let rest = self.steps[step].flush();
                others.extend(rest.into_iter().map(|line| Change::Output(step, line)));
            }
            others.push(end);
        }
        others
    }

    fn update_vertex(
        &mut self,
        stream: Stream,
        vertex: &Vertex,
        now: Duration,
        changes: &mut Vec<Change>,
    ) {
        let index = self.step(stream, vertex);
        let solve = &mut self.solves[stream.0];
        if !solve.steps.contains(&index) {
            solve.steps.push(index);
        }
        let step = &mut self.steps[index];
        let before = step.progress();
        step.update(vertex, stream, now);
        let after = step.progress();
        if before == after {
            return;
        }
        match after {
            Progress::Waiting => {}
            Progress::Running => changes.push(Change::Started(index)),
            _ => changes.push(Change::Ended(index)),
        }
    }

    /// Finds or makes the step of a vertex.
    ///
    /// Vertices of the build graph are shared by all solves. Work outside the graph has a digest
    /// made of its name or its number: the same digest in two solves is not the same work, and a
    /// later run of the same solve does it again, too.
    fn step(&mut self, stream: Stream, vertex: &Vertex) -> usize {
        let route = (stream, vertex.digest.clone());
        if let Some(&step) = self.routes.get(&route) {
            return step;
        }
        let group = vertex.progress_group.as_ref();
        let is_own = matches!(Kind::of(&vertex.name), Kind::Export | Kind::CacheExport)
            || vertex.digest == Digest::of(&vertex.name).to_string();
        let known = if is_own {
            None
        } else {
            let shared = self.shared.get(&vertex.digest);
            shared.or_else(|| self.groups.get(&group?.id)).copied()
        };
        let index = known.unwrap_or_else(|| {
            let name = group.map_or(&vertex.name, |group| &group.name);
            self.steps.push(Step::new(name, stream));
            self.steps.len() - 1
        });
        if !is_own {
            self.shared.insert(vertex.digest.clone(), index);
            if let Some(group) = group {
                self.groups.entry(group.id.clone()).or_insert(index);
            }
        }
        self.routes.insert(route, index);
        index
    }

    /// Unfinished lines of a solve that is over.
    fn flush(&mut self, stream: Stream) -> Vec<Change> {
        let mut changes = Vec::new();
        for &step in &self.solves[stream.0].steps {
            if self.steps[step].owner == stream {
                let lines = self.steps[step].flush();
                changes.extend(lines.into_iter().map(|line| Change::Output(step, line)));
            }
        }
        changes
    }

    fn warn(&mut self, message: &str) -> Option<Change> {
        let new = self.warnings.insert(message.to_owned());
        new.then(|| Change::Warning(message.to_owned()))
    }
}

/// How many steps there are, so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) ended: usize,
    pub(crate) cached: usize,
    pub(crate) all: usize,
}

#[cfg(test)]
mod tests;
