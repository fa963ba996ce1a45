use launchway_buildkit::ProgressGroup;

use super::*;

const STREAM: Stream = (0, SolveStep::Evaluate);

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn vertex(digest: &str, started: Option<u64>, completed: Option<u64>) -> Vertex {
    Vertex {
        digest: digest.to_owned(),
        name: "[1/2] RUN x".to_owned(),
        inputs: vec!["base".to_owned()],
        started: started.map(at),
        completed: completed.map(at),
        ..Vertex::default()
    }
}

fn step(vertices: &[Vertex]) -> Step {
    let mut step = Step::new("[1/2] RUN x", STREAM);
    for vertex in vertices {
        step.update(vertex, STREAM, Duration::ZERO);
    }
    step
}

#[test]
fn repeated_messages_count_once_and_restarts_add_up() {
    let step = step(&[
        vertex("a", None, None),
        vertex("a", Some(10), None),
        vertex("a", Some(10), Some(13)),
        vertex("a", Some(10), Some(13)),
        vertex("a", Some(20), Some(21)),
    ]);
    assert_eq!(step.progress(), Progress::Done);
    assert_eq!(step.duration(), Duration::from_secs(4));
}

#[test]
fn what_ran_once_is_not_cached_later() {
    let mut cached = vertex("a", Some(30), Some(30));
    cached.cached = true;
    assert_eq!(
        step(std::slice::from_ref(&cached)).progress(),
        Progress::Cached
    );
    let both = step(&[vertex("a", Some(10), Some(13)), cached]);
    assert_eq!(both.progress(), Progress::Done);
}

#[test]
fn a_group_runs_until_its_last_vertex_ends() {
    let mut step = step(&[vertex("a", Some(10), Some(12)), vertex("b", None, None)]);
    assert_eq!(step.progress(), Progress::Running);
    step.update(&vertex("b", Some(11), Some(15)), STREAM, Duration::ZERO);
    assert_eq!(step.progress(), Progress::Done);
    assert_eq!(step.duration(), Duration::from_secs(5));
}

#[test]
fn weak_groups_are_hidden_until_somebody_else_joins() {
    let mut weak = vertex("a", Some(1), None);
    weak.progress_group = Some(ProgressGroup {
        id: "g".to_owned(),
        name: "group".to_owned(),
        weak: true,
    });
    let mut step = step(&[weak]);
    assert!(step.is_hidden());
    step.update(&vertex("b", None, None), STREAM, Duration::ZERO);
    assert!(!step.is_hidden());
}

#[test]
fn cancelled_is_not_failed() {
    let mut vertex = vertex("a", Some(1), Some(2));
    vertex.error = Some("process \"x\": context canceled".to_owned());
    assert_eq!(
        step(std::slice::from_ref(&vertex)).progress(),
        Progress::Cancelled
    );
    vertex.error = Some("exit code: 1".to_owned());
    assert_eq!(step(&[vertex]).progress(), Progress::Failed);
}

#[test]
fn a_source_is_what_was_said_last() {
    let mut lookup = vertex("a", Some(1), Some(2));
    lookup.inputs.clear();
    let mut cached = vertex("a", Some(2), Some(2));
    cached.inputs.clear();
    cached.cached = true;
    assert_eq!(step(&[lookup.clone()]).progress(), Progress::Done);
    assert_eq!(step(&[lookup, cached]).progress(), Progress::Cached);
}

#[test]
fn the_first_stream_that_runs_it_owns_it() {
    let mut step = Step::new("[1/2] RUN x", (3, SolveStep::Evaluate));
    let second = (5, SolveStep::Evaluate);
    step.update(
        &vertex("a", None, None),
        (3, SolveStep::Evaluate),
        Duration::ZERO,
    );
    step.update(&vertex("a", Some(1), None), second, Duration::ZERO);
    step.update(
        &vertex("a", Some(1), None),
        (3, SolveStep::Publish),
        Duration::ZERO,
    );
    assert_eq!(step.owner, second);
}

#[test]
fn output_comes_in_lines_and_carriage_returns_start_again() {
    let mut step = Step::new("x", STREAM);
    assert_eq!(step.output(1, b"one\ntw"), ["one"]);
    assert_eq!(step.output(2, b"err"), Vec::<String>::new());
    assert_eq!(step.output(1, b"o\r\n10%\r20%\n"), ["two", "20%"]);
    assert_eq!(step.flush(), ["err"]);
    assert_eq!(step.flush(), Vec::<String>::new());
    assert_eq!(step.tail, ["one", "two", "20%", "err"]);
}

#[test]
fn the_tail_and_the_longest_line_are_bounded() {
    let mut step = Step::new("x", STREAM);
    let lines: String = (0..200).map(|n| format!("{n}\n")).collect();
    step.output(1, lines.as_bytes());
    assert_eq!(step.tail.len(), TAIL);
    assert_eq!(step.tail.back().unwrap(), "199");
    assert_eq!(step.output(1, &vec![b'x'; LONGEST_LINE + 1]).len(), 1);
}

#[test]
fn kinds() {
    for (name, kind) in [
        ("[internal] load build context", Kind::Housekeeping),
        (
            "[auth] library/node:pull token for registry",
            Kind::Housekeeping,
        ),
        ("[build 2/4] RUN make", Kind::Build),
        ("[build 1/4] FROM docker.io/library/node:20", Kind::Source),
        ("https://example.com/archive.tgz", Kind::Source),
        ("exporting to image", Kind::Export),
        ("exporting to oci image format", Kind::Export),
        ("exporting cache to registry", Kind::CacheExport),
    ] {
        assert_eq!(Kind::of(name), kind, "{name}");
    }
}
