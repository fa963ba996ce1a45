//! The last output of every step, kept so that a failure can end with what the failing step said.
//!
//! Independent of how progress is shown: quiet runs fail with the same report.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use launchway_buildkit::StatusUpdate;

use super::LogTail;
use crate::release::{Event, Observer};

/// Lines kept for each step.
const LINES: usize = 20;
/// Bytes kept of a line; progress meters that never end one would fill memory.
const LINE_BYTES: usize = 2000;

/// Collects the output of steps from the events of a run.
#[derive(Clone, Debug, Default)]
pub struct StepLogs(Arc<Mutex<BTreeMap<String, StepLog>>>);

#[derive(Clone, Debug, Default)]
struct StepLog {
    /// `web/arm64 [build 3/5] RUN make`.
    name: String,
    failed: bool,
    /// The solve whose stream is kept: every solve that shares the step repeats its output.
    source: Option<String>,
    lines: VecDeque<String>,
    partial: Vec<u8>,
}

impl StepLogs {
    /// An observer that keeps the logs and passes every event on.
    pub fn observe(&self, next: Observer) -> Observer {
        let logs = self.clone();
        Arc::new(move |event| {
            if let Event::SolveProgress { solve, update, .. } = &event {
                logs.update(&solve.to_string(), update);
            }
            next(event);
        })
    }

    /// The end of the output of the step with this digest, or of the step that failed.
    pub fn tail(&self, vertex: Option<&str>) -> Option<LogTail> {
        let steps = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let step = vertex
            .and_then(|digest| steps.get(digest))
            .or_else(|| steps.values().find(|step| step.failed))?;
        let mut lines: Vec<String> = step.lines.iter().cloned().collect();
        if !step.partial.is_empty() {
            lines.push(String::from_utf8_lossy(&step.partial).into_owned());
        }
        Some(LogTail {
            step: step.name.clone(),
            lines,
        })
    }

    fn update(&self, solve: &str, update: &StatusUpdate) {
        let mut steps = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for vertex in &update.vertexes {
            let step = steps.entry(vertex.digest.clone()).or_default();
            if step.name.is_empty() {
                step.name = format!("{solve} {}", vertex.name);
            }
            let cancelled = |error: &String| error.ends_with("context canceled");
            step.failed |= vertex.error.as_ref().is_some_and(|error| !cancelled(error));
        }
        for log in &update.logs {
            let step = steps.entry(log.vertex.clone()).or_default();
            if step.source.get_or_insert_with(|| solve.to_owned()) == solve {
                step.write(&log.message);
            }
        }
    }
}

impl StepLog {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match byte {
                b'\n' => {
                    let line = String::from_utf8_lossy(&self.partial);
                    self.lines.push_back(line.trim_end_matches('\r').to_owned());
                    self.partial.clear();
                    if self.lines.len() > LINES {
                        self.lines.pop_front();
                    }
                }
                _ if self.partial.len() < LINE_BYTES => self.partial.push(*byte),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use launchway_buildkit::{Vertex, VertexLog};

    use super::*;

    fn log(vertex: &str, text: &str) -> VertexLog {
        VertexLog {
            vertex: vertex.to_owned(),
            message: text.to_owned().into(),
            ..VertexLog::default()
        }
    }

    #[test]
    fn keeps_the_end_of_what_the_failing_step_said() {
        let logs = StepLogs::default();
        let vertex = |digest: &str, error: Option<&str>| Vertex {
            digest: digest.to_owned(),
            name: format!("[{digest}] RUN"),
            error: error.map(str::to_owned),
            ..Vertex::default()
        };
        let numbered: String = (0..30).map(|number| format!("line {number}\r\n")).collect();
        logs.update(
            "web/amd64",
            &StatusUpdate {
                vertexes: vec![
                    vertex("a", Some("context canceled")),
                    vertex("b", Some("exit")),
                ],
                logs: vec![log("a", "other\n"), log("b", &numbered), log("b", "no end")],
                ..StatusUpdate::default()
            },
        );
        let tail = logs.tail(None).unwrap();
        assert_eq!(tail.step, "web/amd64 [b] RUN");
        assert_eq!(tail.lines.len(), LINES + 1);
        assert_eq!(tail.lines.first().unwrap(), "line 10");
        assert_eq!(tail.lines.last().unwrap(), "no end");
        assert_eq!(logs.tail(Some("a")).unwrap().lines, ["other"]);

        // The same step, as another solve reports it.
        let again = StatusUpdate {
            logs: vec![log("a", "other\n")],
            ..StatusUpdate::default()
        };
        logs.update("api/amd64", &again);
        assert_eq!(logs.tail(Some("a")).unwrap().lines, ["other"]);
    }
}
