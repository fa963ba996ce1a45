//! A signal while it removes: the run ends between two batches and reports what it did, what it leaves is whole, and
//! the next run finishes. A second signal ends it at once.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Stdio};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::stage::{Ground, Stage, assert_same, expected};
use super::whole::assert_whole;

const PATIENCE: Duration = Duration::from_mins(1);
/// What the run says when it has heard the first signal.
const HEARD: &str = "stopping after what is under way";

/// A removal under way.
struct Running {
    process: Child,
    /// The lines of its standard error.
    said: mpsc::Receiver<String>,
}

impl Running {
    fn start(stage: &Stage, arguments: &[&str]) -> Self {
        let mut command = stage
            .ground
            .command(&stage.mirror.ecr, &stage.proxy, arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let stderr = BufReader::new(process.stderr.take().unwrap());
        let (tell, said) = mpsc::channel();
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                let _ = tell.send(line);
            }
        });
        Self { process, said }
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.process.id()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// Waits until it says this.
    #[track_caller]
    fn hear(&self, text: &str) {
        let patience = Instant::now() + PATIENCE;
        loop {
            let left = patience.saturating_duration_since(Instant::now());
            match self.said.recv_timeout(left) {
                Ok(line) if line.contains(text) => return,
                Ok(_) => {}
                Err(error) => panic!("`{text}` was never said: {error}"),
            }
        }
    }

    /// How it ended, with what it answered and what it said last.
    #[track_caller]
    fn end(mut self) -> (Option<i32>, String, String) {
        let patience = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                break status;
            }
            if Instant::now() > patience {
                self.process.kill().unwrap();
                panic!("it does not end");
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        let mut answer = String::new();
        let mut stdout = self.process.stdout.take().unwrap();
        stdout.read_to_string(&mut answer).unwrap();
        let said: Vec<String> = self.said.iter().collect();
        (status.code(), answer, said.join("\n"))
    }
}

#[test]
fn the_first_signal_ends_it_between_two_batches() {
    let ground = Arc::new(Ground::new());
    for (signal, number) in [(Signal::INT, 2), (Signal::TERM, 1)] {
        let mut stage = Stage::on(&ground);
        let before = stage.mirror.images();
        let gone = expected(ground.released);
        let left: BTreeSet<String> = before.difference(&gone).cloned().collect();

        let gate = stage.mirror.ecr.hold("BatchDeleteImage", number);
        let run = Running::start(&stage, &["--apply", "--format", "json"]);
        assert!(gate.wait(1, PATIENCE), "batch {number} never came");
        run.signal(signal);
        run.hear(HEARD);
        gate.open();
        let (code, answer, said) = run.end();
        assert_eq!(code, Some(130), "{said}");
        assert!(said.ends_with("\ncancelled"), "{said}");

        // The report is about what really went, and about what did not.
        let after = stage.mirror.images();
        let report: Value = serde_json::from_str(&answer).unwrap();
        let went: BTreeSet<String> = before.difference(&after).cloned().collect();
        assert_same(&deleted(&report), &went, "reported");
        assert_eq!(report["complete"], false);
        assert!(!went.is_empty() && after.len() > left.len());
        let rest = left_over(&report);
        assert!(rest >= after.len() - left.len(), "{report:#}");

        assert_whole(&mut stage.mirror);
        assert!(after.is_superset(&left));
        stage.succeed(&["--apply"]);
        assert_whole(&mut stage.mirror);
        assert_same(&stage.mirror.images(), &left, "the next run");
    }

    // And as a table.
    let stage = Stage::on(&ground);
    let gate = stage.mirror.ecr.hold("BatchDeleteImage", 1);
    let run = Running::start(&stage, &["--apply"]);
    assert!(gate.wait(1, PATIENCE));
    run.signal(Signal::INT);
    run.hear(HEARD);
    gate.open();
    let (code, answer, said) = run.end();
    assert_eq!(code, Some(130), "{said}");
    assert!(
        answer.contains("LEFT") || answer.contains("left"),
        "{answer}"
    );
}

#[test]
fn the_second_signal_ends_it_at_once() {
    let mut stage = Stage::new();
    let gone = expected(stage.ground.released);
    let before = stage.mirror.images();
    let left: BTreeSet<String> = before.difference(&gone).cloned().collect();
    let gate = stage.mirror.ecr.hold("BatchDeleteImage", 2);
    let run = Running::start(&stage, &["--apply"]);
    assert!(gate.wait(1, PATIENCE));
    run.signal(Signal::INT);
    run.hear(HEARD);
    run.signal(Signal::INT);
    // While ECR still holds its answer back.
    let (code, answer, said) = run.end();
    assert_eq!(code, Some(130), "{said}");
    assert_eq!(answer, "");
    gate.open();
    while stage.mirror.ecr.open_calls() > 0 {
        std::thread::sleep(Duration::from_millis(5));
    }

    assert_whole(&mut stage.mirror);
    assert!(stage.mirror.images().is_superset(&left));
    stage.succeed(&["--apply"]);
    assert_whole(&mut stage.mirror);
    assert_same(&stage.mirror.images(), &left, "the next run");
}

/// What a report says was deleted, as `repository@digest`.
fn deleted(report: &Value) -> BTreeSet<String> {
    let repositories = report["repositories"].as_array().unwrap().iter();
    repositories
        .flat_map(|one| {
            let (_, name) = one["repository"].as_str().unwrap().split_once('/').unwrap();
            let deleted = one["deleted"].as_array().unwrap().iter();
            deleted.map(move |digest| format!("{name}@{}", digest.as_str().unwrap()))
        })
        .collect()
}

/// How much a report says is left to do.
fn left_over(report: &Value) -> usize {
    let repositories = report["repositories"].as_array().unwrap().iter();
    let left = repositories.map(|one| one["left"].as_u64().unwrap());
    usize::try_from(left.sum::<u64>()).unwrap()
}
