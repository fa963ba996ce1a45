//! Progress for programs: BuildKit's status messages, one JSON object per line, as
//! `docker buildx build --progress rawjson` writes them.
//!
//! Keys and shapes are those of `SolveStatus` in BuildKit's `client/graph.go`: `vertexes`,
//! `statuses`, `logs` (data in base64) and `warnings`; times are RFC 3339. The key `launchway`,
//! which readers of that skip, says which solve a line comes from and when (`at`, seconds since the
//! run began); lines with that key alone are our own events. A vertex that several solves share is
//! told about by each of them, its output by one; work that only looks the same (every export has
//! the same digest) gets a digest of its own.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use launchway_buildkit::{StatusUpdate, Vertex, VertexLog, VertexStatus, VertexWarning};
use serde_json::{Map, Value, json};

use crate::image::Digest;
use crate::release::{Event, SolveName, SolveStep};

use super::layers;
use super::model::Model;
use super::scans;
use super::step::Stream;

/// Turns events into JSON lines.
#[derive(Debug, Default)]
pub(super) struct Json {
    model: Model,
}

impl Json {
    /// The line for one event, or nothing.
    pub(super) fn event(&mut self, event: &Event, now: Duration) -> String {
        self.model.apply(event, now);
        let (mut line, mut about) = match event {
            Event::SolveProgress {
                solve,
                step,
                update,
            } => {
                let stream = (self.model.solve(solve), *step);
                let line = self.status(stream, update);
                if line.is_empty() {
                    return String::new();
                }
                (
                    line,
                    json!({ "solve": solve_name(solve), "step": step_name(*step) }),
                )
            }
            other => (
                Map::new(),
                layers::json(other)
                    .or_else(|| scans::json(other))
                    .unwrap_or_else(|| own_event(other)),
            ),
        };
        about["at"] = json!(now.as_secs_f64());
        line.insert("launchway".to_owned(), about);
        format!("{}\n", Value::Object(line))
    }

    fn status(&self, stream: Stream, update: &StatusUpdate) -> Map<String, Value> {
        let owned = |vertex: &str| {
            self.model
                .route(stream, vertex)
                .is_some_and(|(_, owns)| owns)
        };
        let mut line = Map::new();
        let mut member = |key: &str, values: Vec<Value>| {
            if !values.is_empty() {
                line.insert(key.to_owned(), Value::Array(values));
            }
        };
        let vertexes = update.vertexes.iter();
        member(
            "vertexes",
            vertexes.map(|vertex| self.vertex(stream, vertex)).collect(),
        );
        let statuses = update
            .statuses
            .iter()
            .filter(|status| owned(&status.vertex));
        member(
            "statuses",
            statuses
                .map(|status| self.transfer(stream, status))
                .collect(),
        );
        let logs = update.logs.iter().filter(|log| owned(&log.vertex));
        member("logs", logs.map(|log| self.log(stream, log)).collect());
        let warnings = update
            .warnings
            .iter()
            .filter(|warning| owned(&warning.vertex));
        member(
            "warnings",
            warnings
                .map(|warning| self.warning(stream, warning))
                .collect(),
        );
        line
    }

    fn vertex(&self, stream: Stream, vertex: &Vertex) -> Value {
        let mut value = Map::new();
        value.insert(
            "digest".to_owned(),
            json!(self.digest(stream, &vertex.digest)),
        );
        if !vertex.inputs.is_empty() {
            value.insert("inputs".to_owned(), json!(vertex.inputs));
        }
        let solve = &self.model.solves[stream.0].name;
        value.insert(
            "name".to_owned(),
            json!(prefixed(&solve.to_string(), &vertex.name)),
        );
        insert_time(&mut value, "started", vertex.started);
        insert_time(&mut value, "completed", vertex.completed);
        if vertex.cached {
            value.insert("cached".to_owned(), json!(true));
        }
        if let Some(error) = &vertex.error {
            value.insert("error".to_owned(), json!(error));
        }
        if let Some(group) = &vertex.progress_group {
            let mut member = json!({ "id": group.id, "name": group.name });
            if group.weak {
                member["weak"] = json!(true);
            }
            value.insert("progressGroup".to_owned(), member);
        }
        Value::Object(value)
    }

    fn transfer(&self, stream: Stream, status: &VertexStatus) -> Value {
        let mut value = Map::new();
        value.insert("id".to_owned(), json!(status.id));
        value.insert(
            "vertex".to_owned(),
            json!(self.digest(stream, &status.vertex)),
        );
        if !status.name.is_empty() {
            value.insert("name".to_owned(), json!(status.name));
        }
        if status.total != 0 {
            value.insert("total".to_owned(), json!(status.total));
        }
        value.insert("current".to_owned(), json!(status.current));
        insert_time(&mut value, "timestamp", status.completed.or(status.started));
        insert_time(&mut value, "started", status.started);
        insert_time(&mut value, "completed", status.completed);
        Value::Object(value)
    }

    fn log(&self, stream: Stream, log: &VertexLog) -> Value {
        let mut value = Map::new();
        value.insert("vertex".to_owned(), json!(self.digest(stream, &log.vertex)));
        value.insert("stream".to_owned(), json!(log.stream));
        value.insert("data".to_owned(), json!(STANDARD.encode(&log.message)));
        insert_time(&mut value, "timestamp", log.timestamp);
        Value::Object(value)
    }

    fn warning(&self, stream: Stream, warning: &VertexWarning) -> Value {
        let mut value = Map::new();
        value.insert(
            "vertex".to_owned(),
            json!(self.digest(stream, &warning.vertex)),
        );
        value.insert("level".to_owned(), json!(warning.level));
        value.insert("short".to_owned(), json!(STANDARD.encode(&warning.short)));
        let detail: Vec<String> = warning
            .detail
            .iter()
            .map(|line| STANDARD.encode(line))
            .collect();
        if !detail.is_empty() {
            value.insert("detail".to_owned(), json!(detail));
        }
        if !warning.url.is_empty() {
            value.insert("url".to_owned(), json!(warning.url));
        }
        if let Some(source) = &warning.source {
            let info = json!({
                "filename": source.filename,
                "data": STANDARD.encode(&source.data),
                "language": source.language,
            });
            value.insert("sourceInfo".to_owned(), info);
            let ranges = source.ranges.iter().map(|range| {
                json!({
                    "start": { "line": range.start_line, "character": range.start_character },
                    "end": { "line": range.end_line, "character": range.end_character },
                })
            });
            value.insert("range".to_owned(), Value::Array(ranges.collect()));
        }
        Value::Object(value)
    }

    /// The digest that stands for a vertex: its own, unless it is work of one stream alone.
    fn digest(&self, stream: Stream, vertex: &str) -> String {
        if self.model.is_shared(vertex) {
            return vertex.to_owned();
        }
        let (solve, step) = stream;
        let name = &self.model.solves[solve].name;
        Digest::of(format!("{name}\0{}\0{vertex}", step_name(step))).to_string()
    }
}

/// The solve's name where BuildKit's clients put it: inside the brackets of a step's name.
fn prefixed(solve: &str, name: &str) -> String {
    match name.strip_prefix('[') {
        Some(rest) => format!("[{solve} {rest}"),
        None => format!("[{solve}] {name}"),
    }
}

fn insert_time(value: &mut Map<String, Value>, key: &str, time: Option<SystemTime>) {
    if let Some(time) = time.and_then(|time| jiff::Timestamp::try_from(time).ok()) {
        value.insert(key.to_owned(), json!(time.to_string()));
    }
}

fn step_name(step: SolveStep) -> &'static str {
    match step {
        SolveStep::Evaluate => "evaluate",
        SolveStep::Publish => "publish",
        SolveStep::CacheExport => "cache-export",
    }
}

fn solve_name(name: &SolveName) -> Value {
    json!({ "target": name.target, "platform": name.platform })
}

/// `{"event":"tagged",…}`.
fn own_event(event: &Event) -> Value {
    match event {
        Event::Planned { solves } => {
            let solves: Vec<Value> = solves.iter().map(solve_name).collect();
            json!({ "event": "planned", "solves": solves })
        }
        Event::EngineReady {
            address,
            version,
            started,
        } => {
            json!({ "event": "engineReady", "address": address, "version": version, "started": started })
        }
        Event::CacheChecked { found, missing } => {
            json!({ "event": "cacheChecked", "found": found, "missing": missing })
        }
        Event::SolveStarted { solve, step } => {
            json!({ "event": "solveStarted", "solve": solve_name(solve), "step": step_name(*step) })
        }
        Event::SolveCompleted {
            solve,
            step,
            manifest,
        } => json!({
            "event": "solveCompleted", "solve": solve_name(solve), "step": step_name(*step),
            "manifest": manifest,
        }),
        Event::SolveFailed {
            solve,
            step,
            cancelled,
        } => json!({
            "event": "solveFailed", "solve": solve_name(solve), "step": step_name(*step),
            "cancelled": cancelled,
        }),
        Event::Compared {
            target,
            changed,
            reason,
        } => {
            json!({ "event": "compared", "target": target, "changed": changed, "reason": reason })
        }
        Event::ImagePublished {
            target,
            repository,
            digest,
        } => json!({
            "event": "imagePublished", "target": target, "repository": repository, "digest": digest,
        }),
        Event::Tagged {
            reference,
            digest,
            unchanged,
        } => json!({
            "event": "tagged", "reference": reference, "digest": digest, "unchanged": unchanged,
        }),
        Event::CacheExported { reference, error } => {
            json!({ "event": "cacheExported", "reference": reference, "error": error })
        }
        Event::Warning { message } => json!({ "event": "warning", "message": message }),
        // Told elsewhere.
        Event::SolveProgress { .. }
        | Event::LayerIndexing { .. }
        | Event::LayerProgress { .. }
        | Event::LayerIndexed { .. }
        | Event::SociPublished { .. }
        | Event::ScanStarted { .. }
        | Event::ScanCompleted { .. } => Value::Null,
    }
}
