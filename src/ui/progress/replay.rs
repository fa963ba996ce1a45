//! Plays recorded events to the forms of progress: `testdata/progress/<case>/events.jsonl`, in the
//! form that `json` writes, to the `plain.txt` and `picture.txt` beside it.
//!
//! A case is recorded with `--progress rawjson`. `UPDATE_EXPECTED=1` writes what is expected anew.
//! To look at a case: `REPLAY=<case> cargo test --lib watch -- --ignored --nocapture`.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use launchway_buildkit::{
    ProgressGroup, StatusUpdate, Vertex, VertexLog, VertexStatus, VertexWarning,
};
use serde_json::Value;

use crate::release::{Event, LayerOutcome, SolveName, SolveStep};
use crate::ui::style::Style;

use super::json::Json;
use super::line::Line;
use super::model::Model;
use super::picture::{Glyphs, View, picture};
use super::plain::Plain;
use super::terminal::Size;

type Timed = (Duration, Event);

#[test]
fn plain_lines_are_as_expected() {
    for case in cases() {
        let mut plain = Plain::new("release", Style::PLAIN);
        let mut text: String = events(&case)
            .iter()
            .map(|(at, event)| plain.event(event, *at))
            .collect();
        text.push_str(&plain.finish());
        check(&case.join("plain.txt"), &text);
    }
}

/// Pictures at every fourth of the run and at its end, 80 columns wide.
#[test]
fn pictures_are_as_expected() {
    for case in cases() {
        let events = events(&case);
        let end = events.last().unwrap().0;
        let mut model = Model::default();
        let mut events = events.into_iter().peekable();
        let mut text = String::new();
        for quarter in 1..=4 {
            let now = end * quarter / 4;
            while let Some((at, event)) = events.next_if(|(at, _)| *at <= now) {
                model.apply(&event, at);
            }
            let view = View {
                title: "release",
                glyphs: Glyphs::UNICODE,
                size: Size {
                    columns: 80,
                    rows: 24,
                },
                now,
                last: quarter == 4,
            };
            let lines = picture(&model, &view);
            assert!(
                lines.iter().all(|line| line.width() < 80),
                "{}",
                case.display()
            );
            let lines = lines
                .iter()
                .map(|line: &Line| line.render(Style::PLAIN) + "\n");
            text.extend(lines);
            text.push_str("----\n");
        }
        check(&case.join("picture.txt"), &text);
    }
}

/// What we write as JSON says the same as what was read.
#[test]
fn json_lines_read_back_as_the_same_state() {
    for case in cases() {
        let original = events(&case);
        let mut json = Json::default();
        let written: String = original
            .iter()
            .map(|(at, event)| json.event(event, *at))
            .collect();
        let again: Vec<Timed> = written.lines().map(timed).collect();
        let told = |events: &[Timed]| {
            let mut plain = Plain::new("release", Style::PLAIN);
            events
                .iter()
                .map(|(at, event)| plain.event(event, *at))
                .collect::<String>()
        };
        assert_eq!(told(&again), told(&original), "{}", case.display());
    }
}

#[test]
#[ignore = "for looking at a case on a terminal"]
fn watch() {
    use std::io::Write as _;
    #[expect(clippy::disallowed_methods, reason = "a test for people")]
    let case = std::env::var("REPLAY").unwrap_or_else(|_| "release".to_owned());
    let mut tty = super::tty::Tty::new("release", Style::COLOURED, true, super::terminal::size);
    let mut err = std::io::stderr();
    let mut now = Duration::ZERO;
    let mut show = |text: String| err.write_all(text.as_bytes()).unwrap();
    for (at, event) in events(&root().join(case)) {
        while now + Duration::from_millis(100) < at {
            std::thread::sleep(Duration::from_millis(100));
            now += Duration::from_millis(100);
            show(tty.tick(now));
        }
        tty.event(&event, at);
        now = at;
    }
    show(tty.finish(now));
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/progress")
}

fn cases() -> Vec<PathBuf> {
    let mut cases: Vec<PathBuf> = root()
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    cases.sort();
    assert!(!cases.is_empty());
    cases
}

fn events(case: &Path) -> Vec<Timed> {
    let text = std::fs::read_to_string(case.join("events.jsonl")).unwrap();
    text.lines()
        .filter(|line| !line.is_empty())
        .map(timed)
        .collect()
}

fn check(path: &Path, text: &str) {
    #[expect(
        clippy::disallowed_methods,
        reason = "how a developer asks for new expectations"
    )]
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        std::fs::write(path, text).unwrap();
    }
    let expected = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(
        text,
        expected,
        "{} differs; UPDATE_EXPECTED=1 writes it anew",
        path.display()
    );
}

fn timed(line: &str) -> Timed {
    let line: Value = serde_json::from_str(line).unwrap();
    let about = &line["launchway"];
    let at = Duration::from_secs_f64(about["at"].as_f64().unwrap());
    (at, event(about, &line))
}

fn event(about: &Value, line: &Value) -> Event {
    let text = |key: &str| about[key].as_str().unwrap_or_default().to_owned();
    let flag = |key: &str| about[key].as_bool().unwrap_or_default();
    let number = |key: &str| about[key].as_u64().unwrap();
    let count = |key: &str| usize::try_from(number(key)).unwrap();
    let digest = |key: &str| about[key].as_str().map(|text| text.parse().unwrap());
    let names = |key: &str| -> Vec<String> {
        let names = about[key].as_array().unwrap().iter();
        names
            .map(|name| name.as_str().unwrap().to_owned())
            .collect()
    };
    let (solve, step) = (|| name(&about["solve"]), || step(&text("step")));
    match about["event"].as_str() {
        None => Event::SolveProgress {
            solve: solve(),
            step: step(),
            update: update(line, &solve()),
        },
        Some("planned") => Event::Planned {
            solves: about["solves"]
                .as_array()
                .unwrap()
                .iter()
                .map(name)
                .collect(),
        },
        Some("engineReady") => Event::EngineReady {
            address: text("address"),
            version: text("version"),
            started: flag("started"),
        },
        Some("cacheChecked") => Event::CacheChecked {
            found: names("found"),
            missing: names("missing"),
        },
        Some("solveStarted") => Event::SolveStarted {
            solve: solve(),
            step: step(),
        },
        Some("solveCompleted") => Event::SolveCompleted {
            solve: solve(),
            step: step(),
            manifest: digest("manifest"),
        },
        Some("solveFailed") => Event::SolveFailed {
            solve: solve(),
            step: step(),
            cancelled: flag("cancelled"),
        },
        Some("compared") => Event::Compared {
            target: text("target"),
            changed: flag("changed"),
            reason: text("reason"),
        },
        Some("layerIndexing") => Event::LayerIndexing {
            layer: digest("layer").unwrap(),
            size: number("size"),
        },
        Some("layerProgress") => Event::LayerProgress {
            layer: digest("layer").unwrap(),
            bytes: number("bytes"),
        },
        Some("layerIndexed") => Event::LayerIndexed {
            layer: digest("layer").unwrap(),
            size: number("size"),
            duration_ms: number("durationMs"),
            outcome: match about["leftOut"].as_str() {
                Some(reason) => LayerOutcome::LeftOut {
                    reason: reason.to_owned(),
                },
                None => LayerOutcome::Indexed {
                    ztoc_size: number("ztocSize"),
                    spans: u32::try_from(number("spans")).unwrap(),
                },
            },
        },
        Some("sociPublished") => Event::SociPublished {
            target: text("target"),
            platform: text("platform").parse().unwrap(),
            index: digest("index").unwrap(),
            built: count("built"),
            reused: count("reused"),
            uploaded: count("uploaded"),
        },
        Some("scanStarted") => Event::ScanStarted {
            target: text("target"),
            platform: text("platform").parse().unwrap(),
            scanner: serde_json::from_value(about["scanner"].clone()).unwrap(),
        },
        Some("scanCompleted") => Event::ScanCompleted {
            target: text("target"),
            platform: text("platform").parse().unwrap(),
            counts: serde_json::from_value(about["counts"].clone()).unwrap(),
            no_result: about["noResult"].as_str().map(str::to_owned),
        },
        Some("imagePublished") => Event::ImagePublished {
            target: text("target"),
            repository: text("repository"),
            digest: digest("digest").unwrap(),
        },
        Some("tagged") => Event::Tagged {
            reference: text("reference"),
            digest: digest("digest").unwrap(),
            unchanged: flag("unchanged"),
        },
        Some("cacheExported") => Event::CacheExported {
            reference: text("reference"),
            error: about["error"].as_str().map(str::to_owned),
        },
        Some("warning") => Event::Warning {
            message: text("message"),
        },
        Some(other) => panic!("unknown event {other}"),
    }
}

fn name(value: &Value) -> SolveName {
    SolveName {
        target: value["target"].as_str().unwrap().to_owned(),
        platform: value["platform"].as_str().map(|text| text.parse().unwrap()),
    }
}

fn step(text: &str) -> SolveStep {
    match text {
        "evaluate" => SolveStep::Evaluate,
        "publish" => SolveStep::Publish,
        "cache-export" => SolveStep::CacheExport,
        other => panic!("unknown step {other}"),
    }
}

fn update(line: &Value, solve: &SolveName) -> StatusUpdate {
    let list = |key: &str| line[key].as_array().cloned().unwrap_or_default();
    StatusUpdate {
        vertexes: list("vertexes")
            .iter()
            .map(|value| vertex(value, solve))
            .collect(),
        statuses: list("statuses").iter().map(status).collect(),
        logs: list("logs").iter().map(log).collect(),
        warnings: list("warnings").iter().map(warning).collect(),
    }
}

fn vertex(value: &Value, solve: &SolveName) -> Vertex {
    let name = text(value, "name");
    let name = match name.strip_prefix(&format!("[{solve}] ")) {
        Some(name) => name.to_owned(),
        None => name.replacen(&format!("[{solve} "), "[", 1),
    };
    let inputs = value["inputs"].as_array().into_iter().flatten();
    let group = &value["progressGroup"];
    Vertex {
        digest: text(value, "digest"),
        inputs: inputs
            .map(|input| input.as_str().unwrap().to_owned())
            .collect(),
        name,
        cached: value["cached"].as_bool().unwrap_or_default(),
        started: time(&value["started"]),
        completed: time(&value["completed"]),
        error: value["error"].as_str().map(str::to_owned),
        progress_group: group.is_object().then(|| ProgressGroup {
            id: text(group, "id"),
            name: text(group, "name"),
            weak: group["weak"].as_bool().unwrap_or_default(),
        }),
    }
}

fn status(value: &Value) -> VertexStatus {
    VertexStatus {
        id: text(value, "id"),
        vertex: text(value, "vertex"),
        name: text(value, "name"),
        current: value["current"].as_i64().unwrap_or_default(),
        total: value["total"].as_i64().unwrap_or_default(),
        started: time(&value["started"]),
        completed: time(&value["completed"]),
    }
}

fn log(value: &Value) -> VertexLog {
    VertexLog {
        vertex: text(value, "vertex"),
        stream: value["stream"].as_i64().unwrap_or(1),
        message: STANDARD.decode(text(value, "data")).unwrap().into(),
        timestamp: time(&value["timestamp"]),
    }
}

fn warning(value: &Value) -> VertexWarning {
    let short = STANDARD.decode(text(value, "short")).unwrap();
    VertexWarning {
        vertex: text(value, "vertex"),
        level: value["level"].as_i64().unwrap_or_default(),
        short: String::from_utf8(short).unwrap(),
        url: text(value, "url"),
        ..VertexWarning::default()
    }
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_default().to_owned()
}

fn time(value: &Value) -> Option<SystemTime> {
    let timestamp: jiff::Timestamp = value.as_str()?.parse().unwrap();
    Some(timestamp.into())
}
