use std::time::SystemTime;

use insta::assert_snapshot;
use launchway_buildkit::{StatusUpdate, Vertex, VertexStatus, VertexWarning};

use super::*;

fn told(plain: &mut Plain, seconds: u64, update: StatusUpdate) -> String {
    let solve = SolveName {
        target: "web".to_owned(),
        platform: Some("linux/arm64".parse().unwrap()),
    };
    let event = Event::SolveProgress {
        solve,
        step: SolveStep::Evaluate,
        update,
    };
    plain.event(&event, Duration::from_secs(seconds))
}

fn vertex(name: &str, started: Option<u64>, completed: Option<u64>) -> StatusUpdate {
    let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    StatusUpdate {
        vertexes: vec![Vertex {
            digest: name.to_owned(),
            name: name.to_owned(),
            started: started.map(at),
            completed: completed.map(at),
            ..Vertex::default()
        }],
        ..StatusUpdate::default()
    }
}

fn moved(vertex: &str, current: i64, total: i64, completed: bool) -> StatusUpdate {
    StatusUpdate {
        statuses: vec![VertexStatus {
            id: "sha256:0123456789abcdef".to_owned(),
            vertex: vertex.to_owned(),
            current,
            total,
            completed: completed.then_some(SystemTime::UNIX_EPOCH),
            ..VertexStatus::default()
        }],
        ..StatusUpdate::default()
    }
}

#[test]
fn transfers_are_told_about_now_and_then() {
    let mut plain = Plain::new("release", Style::PLAIN);
    let base = "[1/2] FROM base";
    let mut text = told(&mut plain, 0, vertex(base, Some(0), None));
    // Many small steps; a line after five seconds each, and none for less than 5 %.
    for second in 1..=20 {
        let current = i64::try_from(second).unwrap() * 1_000_000;
        text += &told(&mut plain, second, moved(base, current, 100_000_000, false));
    }
    text += &told(&mut plain, 26, moved(base, 21_000_000, 100_000_000, false));
    text += &told(&mut plain, 27, moved(base, 100_000_000, 100_000_000, true));
    text += &told(&mut plain, 28, moved(base, 100_000_000, 100_000_000, true));
    assert_snapshot!(text, @"
    web/arm64 | #1 [1/2] FROM base
    web/arm64 | #1 0123456789ab 6.0 MB / 100.0 MB
    web/arm64 | #1 0123456789ab 11.0 MB / 100.0 MB
    web/arm64 | #1 0123456789ab 16.0 MB / 100.0 MB
    web/arm64 | #1 0123456789ab 21.0 MB / 100.0 MB
    web/arm64 | #1 0123456789ab 100.0 MB / 100.0 MB done
    ");
}

#[test]
fn a_transfer_that_is_over_at_once_gets_no_line() {
    let mut plain = Plain::new("release", Style::PLAIN);
    let base = "[1/2] FROM base";
    told(&mut plain, 0, vertex(base, Some(0), None));
    assert_eq!(told(&mut plain, 0, moved(base, 10, 10, true)), "");
    assert_eq!(told(&mut plain, 9, moved(base, 10, 10, true)), "");
}

#[test]
fn housekeeping_is_told_about_when_it_fails() {
    let mut plain = Plain::new("release", Style::PLAIN);
    let name = "[internal] load metadata for registry.test/base:1";
    assert_eq!(told(&mut plain, 0, vertex(name, Some(0), None)), "");
    let mut failed = vertex(name, Some(0), Some(2));
    failed.vertexes[0].error = Some("not found".to_owned());
    assert_snapshot!(told(&mut plain, 2, failed), @"web/arm64 | #1 [internal] load metadata for registry.test/base:1 failed 2.0s: not found");
}

#[test]
fn a_step_that_starts_again_is_told_about_when_it_takes_long() {
    let mut plain = Plain::new("release", Style::PLAIN);
    let base = "[1/2] FROM base";
    let mut text = told(&mut plain, 0, vertex(base, Some(0), Some(0)));
    text += &told(&mut plain, 1, vertex(base, Some(1), Some(1)));
    text += &told(&mut plain, 2, vertex(base, Some(2), None));
    text += &told(&mut plain, 9, vertex(base, Some(2), Some(9)));
    assert_snapshot!(text, @r"
    web/arm64 | #1 [1/2] FROM base done 0.0s
    web/arm64 | #1 done 7.0s
    ");
}

#[test]
fn warnings_of_the_daemon_are_given_once() {
    let mut plain = Plain::new("release", Style::PLAIN);
    let warning = || StatusUpdate {
        warnings: vec![VertexWarning {
            short: "FromAsCasing: 'as' and 'FROM' keywords' casing do not match".to_owned(),
            url: "https://docs.docker.com/go/x/".to_owned(),
            ..VertexWarning::default()
        }],
        ..StatusUpdate::default()
    };
    assert_snapshot!(told(&mut plain, 0, warning()), @"warning: FromAsCasing: 'as' and 'FROM' keywords' casing do not match (https://docs.docker.com/go/x/)");
    assert_eq!(told(&mut plain, 0, warning()), "");
}
