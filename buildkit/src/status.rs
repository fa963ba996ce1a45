//! What a build reports while it runs, as plain values.
//!
//! The shapes follow `StatusResponse` of BuildKit's control API. Nothing is interpreted here:
//! events for one vertex repeat, and whoever draws them keeps the state.

use std::time::SystemTime;

use bytes::Bytes;

/// One message of the status stream.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StatusUpdate {
    /// Steps announced, started, completed or failed.
    pub vertexes: Vec<Vertex>,
    /// Progress inside steps: downloads, extractions, pushes.
    pub statuses: Vec<VertexStatus>,
    /// Output of steps.
    pub logs: Vec<VertexLog>,
    /// Lint and other warnings.
    pub warnings: Vec<VertexWarning>,
}

/// A step of a build. The same step of two solves has the same digest and runs once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Vertex {
    /// `sha256:…` of the operation; the key of everything else about the step.
    pub digest: String,
    /// Digests of the steps it depends on.
    pub inputs: Vec<String>,
    /// For people: `[extensions 2/4] RUN make`, `[internal] load build context`, …
    pub name: String,
    /// The result came from a cache.
    pub cached: bool,
    /// When it began, by the daemon's clock.
    pub started: Option<SystemTime>,
    /// When it ended.
    pub completed: Option<SystemTime>,
    /// Why it failed; ends in `context canceled` when it was cancelled.
    pub error: Option<String>,
    /// Steps of one group are shown as one.
    pub progress_group: Option<ProgressGroup>,
}

/// A group that several vertexes belong to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProgressGroup {
    /// The key.
    pub id: String,
    /// For people.
    pub name: String,
    /// Not worth showing as long as all its members say so.
    pub weak: bool,
}

/// Progress of one part of a step. The key is `(vertex, id)`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VertexStatus {
    /// What is moving: `transferring context:`, a layer's digest, `pushing layers`, …
    pub id: String,
    /// The step's digest.
    pub vertex: String,
    /// For people; often empty.
    pub name: String,
    /// Bytes (or items) done.
    pub current: i64,
    /// Bytes in all; 0 when unknown.
    pub total: i64,
    /// When it began.
    pub started: Option<SystemTime>,
    /// When it ended.
    pub completed: Option<SystemTime>,
}

/// A piece of a step's output; not necessarily whole lines.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VertexLog {
    /// The step's digest.
    pub vertex: String,
    /// 1 is stdout, 2 is stderr.
    pub stream: i64,
    /// The bytes as the step wrote them.
    pub message: Bytes,
    /// When the daemon saw it.
    pub timestamp: Option<SystemTime>,
}

/// A warning about the Dockerfile or the build.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VertexWarning {
    /// The step's digest.
    pub vertex: String,
    /// Severity, higher is worse.
    pub level: i64,
    /// One line.
    pub short: String,
    /// Further lines.
    pub detail: Vec<String>,
    /// Where it is explained.
    pub url: String,
    /// The place in the file that it is about.
    pub source: Option<SourceLocation>,
}

/// A file with the ranges that an error or warning points at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceLocation {
    /// The name as the frontend knows it, for example `Dockerfile_web`.
    pub filename: String,
    /// The whole file.
    pub data: Vec<u8>,
    /// Its language, for example `Dockerfile`.
    pub language: String,
    /// The lines that matter.
    pub ranges: Vec<SourceRange>,
}

/// A range of a source file. Lines count from 1, characters from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SourceRange {
    /// First line.
    pub start_line: u32,
    /// First character of the first line.
    pub start_character: u32,
    /// Last line, inclusive.
    pub end_line: u32,
    /// Where the last line's range ends.
    pub end_character: u32,
}
