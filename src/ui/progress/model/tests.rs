use std::time::SystemTime;

use launchway_buildkit::{ProgressGroup, VertexLog, VertexStatus};

use super::*;

const NOW: Duration = Duration::from_secs(1);

fn name(text: &str) -> SolveName {
    let (target, platform) = text.split_once('/').unwrap();
    SolveName {
        target: target.to_owned(),
        platform: Some(format!("linux/{platform}").parse().unwrap()),
    }
}

fn vertex(digest: &str, name: &str) -> Vertex {
    Vertex {
        digest: digest.to_owned(),
        name: name.to_owned(),
        inputs: vec!["base".to_owned()],
        ..Vertex::default()
    }
}

fn started(mut vertex: Vertex) -> Vertex {
    vertex.started = Some(SystemTime::UNIX_EPOCH);
    vertex
}

fn completed(vertex: Vertex) -> Vertex {
    let mut vertex = started(vertex);
    vertex.completed = Some(SystemTime::UNIX_EPOCH + Duration::from_secs(3));
    vertex
}

fn cached(vertex: Vertex) -> Vertex {
    let mut vertex = started(vertex);
    vertex.completed = vertex.started;
    vertex.cached = true;
    vertex
}

fn log(vertex: &str, text: &'static str) -> VertexLog {
    VertexLog {
        vertex: vertex.to_owned(),
        stream: 1,
        message: text.as_bytes().into(),
        timestamp: None,
    }
}

impl Model {
    fn told(&mut self, solve: &str, step: SolveStep, update: StatusUpdate) -> Vec<Change> {
        let event = Event::SolveProgress {
            solve: name(solve),
            step,
            update,
        };
        self.apply(&event, NOW)
    }

    fn vertexes(&mut self, solve: &str, vertexes: Vec<Vertex>) -> Vec<Change> {
        let update = StatusUpdate {
            vertexes,
            ..StatusUpdate::default()
        };
        self.told(solve, SolveStep::Evaluate, update)
    }
}

#[test]
fn a_shared_step_is_one_and_belongs_to_who_ran_it_first() {
    let mut model = Model::default();
    let run = || vertex("v", "[ext 1/1] RUN make");
    model.vertexes("api/amd64", vec![run()]);
    assert_eq!(
        model.vertexes("batch/amd64", vec![started(run())]),
        [Change::Started(0)]
    );
    assert_eq!(model.vertexes("api/amd64", vec![started(run())]), []);
    assert_eq!(model.steps[0].owner, (1, SolveStep::Evaluate));
    // Its output comes from both streams, and is taken from one.
    let output = || StatusUpdate {
        logs: vec![log("v", "hello\n")],
        ..StatusUpdate::default()
    };
    assert_eq!(model.told("api/amd64", SolveStep::Evaluate, output()), []);
    assert_eq!(
        model.told("batch/amd64", SolveStep::Evaluate, output()),
        [Change::Output(0, "hello".to_owned())]
    );
    // Both count it, and the run counts it once.
    model.vertexes("api/amd64", vec![completed(run())]);
    for solve in &model.solves {
        assert_eq!(model.counts(solve).ended, 1);
    }
    assert_eq!(model.total_counts().all, 1);
}

#[test]
fn exports_of_two_solves_have_one_digest_and_are_two_steps() {
    let mut model = Model::default();
    let export = || {
        started(vertex(
            &Digest::of("exporting to image").to_string(),
            "exporting to image",
        ))
    };
    model.vertexes("api/amd64", vec![export()]);
    assert_eq!(
        model.vertexes("web/amd64", vec![export()]),
        [Change::Started(1)]
    );
    assert_eq!(model.steps.len(), 2);
    assert!(!model.is_shared(&export().digest));
}

#[test]
fn work_that_was_merged_with_another_solves_is_counted_once() {
    let mut model = Model::default();
    let run = |digest: &str| vertex(digest, "[ext 1/1] RUN make");
    model.vertexes("batch/amd64", vec![completed(run("theirs"))]);
    model.vertexes("api/amd64", vec![run("ours"), completed(run("theirs"))]);
    model.vertexes("api/amd64", vec![cached(run("ours"))]);
    let once = Counts {
        ended: 1,
        cached: 0,
        all: 1,
    };
    assert_eq!(model.counts(&model.solves[1]), once);
    assert_eq!(model.total_counts(), once);
    assert!(model.is_stand_in(1) && !model.is_stand_in(0));
}

#[test]
fn what_was_built_is_not_cached_when_it_is_published() {
    let mut model = Model::default();
    let run = || vertex("v", "[1/1] RUN make");
    model.vertexes("web/amd64", vec![completed(run())]);
    let update = StatusUpdate {
        vertexes: vec![cached(run())],
        ..StatusUpdate::default()
    };
    assert_eq!(model.told("web/amd64", SolveStep::Publish, update), []);
    assert_eq!(
        model.counts(&model.solves[0]),
        Counts {
            ended: 1,
            cached: 0,
            all: 1
        }
    );
}

#[test]
fn housekeeping_bases_and_exports_are_not_counted() {
    let mut model = Model::default();
    let names = [
        "[internal] load .dockerignore",
        "[1/2] FROM base",
        "exporting to image",
    ];
    let vertexes = names
        .iter()
        .map(|name| completed(vertex(name, name)))
        .collect();
    model.vertexes("web/amd64", vertexes);
    model.vertexes("web/amd64", vec![cached(vertex("v", "[2/2] RUN make"))]);
    assert_eq!(
        model.total_counts(),
        Counts {
            ended: 1,
            cached: 1,
            all: 1
        }
    );
}

#[test]
fn the_current_step_is_no_housekeeping_while_there_is_another() {
    let mut model = Model::default();
    model.vertexes(
        "web/amd64",
        vec![started(vertex("h", "[internal] load metadata"))],
    );
    let current = |model: &Model| {
        model
            .current(&model.solves[0])
            .map(|step| step.name.clone())
    };
    assert_eq!(current(&model).as_deref(), Some("[internal] load metadata"));
    model.vertexes("web/amd64", vec![started(vertex("v", "[1/1] RUN make"))]);
    assert_eq!(current(&model).as_deref(), Some("[1/1] RUN make"));
}

#[test]
fn groups_are_one_step_and_weak_ones_are_hidden() {
    let group = |weak| ProgressGroup {
        id: "g".to_owned(),
        name: "COPY --link".to_owned(),
        weak,
    };
    let member = |digest: &str, weak| {
        let mut vertex = vertex(digest, digest);
        vertex.progress_group = Some(group(weak));
        started(vertex)
    };
    let mut model = Model::default();
    model.vertexes("web/amd64", vec![member("a", true)]);
    assert!(model.current(&model.solves[0]).is_none());
    model.vertexes("web/amd64", vec![member("b", false)]);
    assert_eq!(model.steps.len(), 1);
    assert_eq!(model.current(&model.solves[0]).unwrap().name, "COPY --link");
}

#[test]
fn output_of_a_message_comes_before_the_end_that_it_tells() {
    let mut model = Model::default();
    let run = || vertex("v", "[1/1] RUN make");
    model.vertexes("web/amd64", vec![started(run())]);
    let update = StatusUpdate {
        vertexes: vec![completed(run())],
        logs: vec![log("v", "done\nno newline")],
        ..StatusUpdate::default()
    };
    let line = |text: &str| Change::Output(0, text.to_owned());
    assert_eq!(
        model.told("web/amd64", SolveStep::Evaluate, update),
        [line("done"), line("no newline"), Change::Ended(0)]
    );
}

#[test]
fn statuses_of_unknown_vertexes_are_ignored() {
    let mut model = Model::default();
    let update = StatusUpdate {
        statuses: vec![VertexStatus {
            vertex: "nobody".to_owned(),
            ..VertexStatus::default()
        }],
        logs: vec![log("nobody", "x\n")],
        ..StatusUpdate::default()
    };
    assert_eq!(model.told("web/amd64", SolveStep::Evaluate, update), []);
}

#[test]
fn a_failed_cache_export_fails_no_solve() {
    let mut model = Model::default();
    let failed = |step, cancelled| Event::SolveFailed {
        solve: name("web/amd64"),
        step,
        cancelled,
    };
    model.apply(&failed(SolveStep::CacheExport, false), NOW);
    assert_eq!(model.solves[0].phase, Phase::Done(SolveStep::CacheExport));
    model.apply(&failed(SolveStep::Publish, true), NOW);
    assert_eq!(model.solves[0].phase, Phase::Cancelled);
    model.apply(&failed(SolveStep::Publish, false), NOW);
    assert_eq!(model.solves[0].phase, Phase::Failed);
}

#[test]
fn a_warning_is_given_once() {
    let mut model = Model::default();
    let event = Event::Warning {
        message: "look".to_owned(),
    };
    assert_eq!(
        model.apply(&event, NOW),
        [Change::Warning("look".to_owned())]
    );
    assert_eq!(model.apply(&event, NOW), []);
}
