//! One step as it is shown: a vertex, or a group of vertices that belong together.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, SystemTime};

use launchway_buildkit::{Vertex, VertexStatus};

use crate::release::SolveStep;

use super::transfer::{Transfer, shorten_digests};

/// Output lines kept per step, for the log window and for error reports.
const TAIL: usize = 50;
/// Bytes of an unfinished line that are kept before it is cut into lines.
const LONGEST_LINE: usize = 64 * 1024;

/// One run of one solve, by the solve's index: what a stream of status messages belongs to.
pub(crate) type Stream = (usize, SolveStep);

/// What kind of work a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A step of a Dockerfile; counted.
    Build,
    /// A base image or another source; shown, not counted.
    Source,
    /// What BuildKit does to get there: loading definitions, metadata, caches.
    Housekeeping,
    /// Makes the image, and pushes it.
    Export,
    /// Exports the build cache.
    CacheExport,
}

/// How far a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Announced.
    Waiting,
    /// Going on.
    Running,
    /// Ended well.
    Done,
    /// Its result came from a cache.
    Cached,
    /// Failed.
    Failed,
    /// Ended because something else failed.
    Cancelled,
}

impl Progress {
    /// Of two steps with one name the heavier one says what happened.
    pub(crate) fn weight(self) -> u8 {
        match self {
            Self::Waiting => 0,
            Self::Cached => 1,
            Self::Cancelled => 2,
            Self::Done => 3,
            Self::Running => 4,
            Self::Failed => 5,
        }
    }
}

/// A step.
#[derive(Debug)]
pub(crate) struct Step {
    /// For people: `[build 2/4] RUN make`.
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// The stream that reported it running first, else the one that announced it.
    pub(crate) owner: Stream,
    /// The number that the plain log gives it, from 1; 0 as long as it was not printed.
    pub(crate) number: usize,
    /// Its end was told about.
    pub(crate) ended: bool,
    /// When it began to run last, by our clock; `None` while it does not.
    pub(crate) running_since: Option<Duration>,
    /// By status id, in the order of appearance.
    pub(crate) transfers: Vec<Transfer>,
    /// The last complete lines of output.
    pub(crate) tail: VecDeque<String>,
    /// Unfinished lines by stream.
    partial: BTreeMap<i64, Vec<u8>>,
    members: BTreeMap<String, Member>,
    claimed: bool,
}

/// One vertex of a step.
#[derive(Debug, Default)]
struct Member {
    intervals: BTreeMap<SystemTime, Option<SystemTime>>,
    has_run: bool,
    error: Option<String>,
    weak: bool,
}

impl Step {
    pub(crate) fn new(name: &str, owner: Stream) -> Self {
        Self {
            name: name.to_owned(),
            kind: Kind::of(name),
            owner,
            number: 0,
            ended: false,
            running_since: None,
            transfers: Vec::new(),
            tail: VecDeque::new(),
            partial: BTreeMap::new(),
            members: BTreeMap::new(),
            claimed: false,
        }
    }

    /// Takes what one stream says about a vertex of this step.
    ///
    /// Messages repeat, and a later stream calls a step cached that ran in an earlier one: what
    /// has run stays so. A vertex without inputs (a base image, a context) is first looked up,
    /// which is not called cached, and then perhaps cached after all; there the last word counts.
    pub(crate) fn update(&mut self, vertex: &Vertex, stream: Stream, now: Duration) {
        let member = self.members.entry(vertex.digest.clone()).or_default();
        member.weak = vertex
            .progress_group
            .as_ref()
            .is_some_and(|group| group.weak);
        if let Some(started) = vertex.started {
            if !self.claimed {
                self.claimed = true;
                self.owner = stream;
            }
            let interval = member.intervals.entry(started).or_default();
            if vertex.completed.is_some() {
                *interval = vertex.completed;
            }
            if !vertex.inputs.is_empty() {
                member.has_run |= !vertex.cached;
            } else if self.owner == stream {
                member.has_run = !vertex.cached;
            }
        }
        if vertex.error.is_some() {
            member.error.clone_from(&vertex.error);
        }
        self.running_since = match self.progress() {
            Progress::Running => self.running_since.or(Some(now)),
            _ => None,
        };
    }

    /// How far it is, all its vertices taken together.
    pub(crate) fn progress(&self) -> Progress {
        let members = || self.members.values();
        let error = members().find_map(|member| member.error.as_deref());
        if let Some(error) = error {
            return if is_cancellation(error) {
                Progress::Cancelled
            } else {
                Progress::Failed
            };
        }
        if !self.members.is_empty() && members().all(Member::is_completed) {
            if members().any(|member| member.has_run) {
                Progress::Done
            } else {
                Progress::Cached
            }
        } else if members().any(|member| !member.intervals.is_empty()) {
            Progress::Running
        } else {
            Progress::Waiting
        }
    }

    /// Not to be shown: all its vertices belong to a group weakly.
    pub(crate) fn is_hidden(&self) -> bool {
        self.members.values().all(|member| member.weak)
    }

    /// Why it failed.
    pub(crate) fn error(&self) -> Option<&str> {
        self.members
            .values()
            .find_map(|member| member.error.as_deref())
    }

    /// How long it ran by the daemon's clock: the time during which any of its vertices did.
    pub(crate) fn duration(&self) -> Duration {
        let mut intervals: Vec<(SystemTime, SystemTime)> = self
            .members
            .values()
            .flat_map(|member| &member.intervals)
            .filter_map(|(start, end)| Some((*start, (*end)?)))
            .collect();
        intervals.sort_unstable();
        let mut total = Duration::ZERO;
        let mut reached: Option<SystemTime> = None;
        for (start, end) in intervals {
            let start = reached.map_or(start, |reached| reached.max(start));
            total += end.duration_since(start).unwrap_or_default();
            reached = Some(reached.map_or(end, |reached| reached.max(end)));
        }
        total
    }

    /// Its name without what takes much room and tells little: options of `RUN` that prepare its
    /// surroundings, and the second half of digests.
    pub(crate) fn short_name(&self) -> String {
        const OPTIONS: [&str; 4] = ["--mount=", "--network=", "--security=", "--link"];
        let words = self.name.split(' ');
        let kept = words.filter(|word| !OPTIONS.iter().any(|option| word.starts_with(option)));
        shorten_digests(&kept.collect::<Vec<_>>().join(" "))
    }

    /// Takes a status message; the index of the transfer that it is about.
    pub(crate) fn transfer(&mut self, status: &VertexStatus) -> usize {
        let known = self
            .transfers
            .iter()
            .position(|transfer| transfer.id == status.id);
        let index = known.unwrap_or_else(|| {
            self.transfers.push(Transfer::new(&status.id));
            self.transfers.len() - 1
        });
        self.transfers[index].update(status);
        index
    }

    /// Takes a piece of output; the lines that it completes.
    pub(crate) fn output(&mut self, stream: i64, bytes: &[u8]) -> Vec<String> {
        let partial = self.partial.entry(stream).or_default();
        partial.extend_from_slice(bytes);
        let mut lines = Vec::new();
        let mut rest = 0;
        while let Some(length) = partial[rest..].iter().position(|&byte| byte == b'\n') {
            lines.push(line(&partial[rest..rest + length]));
            rest += length + 1;
        }
        partial.drain(..rest);
        if partial.len() > LONGEST_LINE {
            lines.push(line(partial));
            partial.clear();
        }
        self.keep(&lines);
        lines
    }

    /// The last lines, the unfinished ones among them.
    pub(crate) fn last_lines(&self, count: usize) -> Vec<String> {
        let unfinished = self.partial.values().filter(|bytes| !bytes.is_empty());
        let unfinished = unfinished.map(|bytes| line(bytes));
        let lines: Vec<String> = self.tail.iter().cloned().chain(unfinished).collect();
        lines[lines.len().saturating_sub(count)..].to_vec()
    }

    /// The lines that never got their end, once the step is over.
    pub(crate) fn flush(&mut self) -> Vec<String> {
        let partial = std::mem::take(&mut self.partial);
        let unfinished = partial.values().filter(|bytes| !bytes.is_empty());
        let lines: Vec<String> = unfinished.map(|bytes| line(bytes)).collect();
        self.keep(&lines);
        lines
    }

    fn keep(&mut self, lines: &[String]) {
        self.tail.extend(lines.iter().cloned());
        let surplus = self.tail.len().saturating_sub(TAIL);
        self.tail.drain(..surplus);
    }
}

impl Member {
    fn is_completed(&self) -> bool {
        !self.intervals.is_empty() && self.intervals.values().all(Option::is_some)
    }
}

impl Kind {
    pub(crate) fn of(name: &str) -> Self {
        const HOUSEKEEPING: [&str; 5] = [
            "[internal]",
            "[auth]",
            "docker-image://",
            "resolve image config for ",
            "importing cache manifest from ",
        ];
        let starts = |prefix: &str| name.starts_with(prefix);
        if HOUSEKEEPING.into_iter().any(starts) {
            Self::Housekeeping
        } else if starts("exporting cache") || starts("exporting content cache") {
            Self::CacheExport
        } else if starts("exporting ") {
            Self::Export
        } else if starts("[") && !name.contains("] FROM ") {
            Self::Build
        } else {
            Self::Source
        }
    }
}

/// BuildKit marks what it stopped by the end of the error's text.
fn is_cancellation(error: &str) -> bool {
    error.trim_end().ends_with("context canceled")
}

/// Text of a line of output: a carriage return starts the line again, as on a terminal.
fn line(bytes: &[u8]) -> String {
    let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
    let last = bytes.rsplit(|&byte| byte == b'\r').next().unwrap_or(bytes);
    String::from_utf8_lossy(last).into_owned()
}

#[cfg(test)]
mod tests;
