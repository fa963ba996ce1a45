//! The process killed while it removes: what it leaves is whole, and the next run finishes.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use super::stage::{Ground, Stage, assert_same, expected};
use super::whole::assert_whole;

const PATIENCE: Duration = Duration::from_mins(2);

/// Which deletion is held when the process dies, and whether it was carried out.
fn moments(batches: u64) -> BTreeSet<(u64, bool)> {
    let numbers = [1, 2, batches / 2, batches];
    numbers
        .into_iter()
        .flat_map(|number| [(number, false), (number, true)])
        .collect()
}

#[test]
fn a_killed_run_leaves_everything_whole_and_the_next_one_finishes() {
    let ground = Arc::new(Ground::new());
    let mut whole = Stage::on(&ground);
    let before = whole.mirror.images();
    whole.succeed(&["--apply"]);
    assert_whole(&mut whole.mirror);
    let left: BTreeSet<String> = before
        .difference(&expected(ground.released))
        .cloned()
        .collect();
    assert_same(&whole.mirror.images(), &left, "not killed");
    let tags = tags(&whole);
    let batches = whole.mirror.ecr.count("BatchDeleteImage");
    assert!(batches >= 6, "{batches}");
    drop(whole);

    let mut between = 0;
    for (number, done) in moments(batches) {
        let mut stage = Stage::on(&ground);
        let ecr = &stage.mirror.ecr;
        let gate = if done {
            ecr.hold_answer("BatchDeleteImage", number)
        } else {
            ecr.hold("BatchDeleteImage", number)
        };
        let mut command = ground.command(ecr, &stage.proxy, &["--apply"]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut process = command.spawn().unwrap();
        assert!(gate.wait(1, PATIENCE), "batch {number} never came");
        process.kill().unwrap();
        process.wait().unwrap();
        gate.open();
        while stage.mirror.ecr.open_calls() > 0 {
            std::thread::sleep(Duration::from_millis(5));
        }

        let when = format!("killed at batch {number}, carried out: {done}");
        assert_whole(&mut stage.mirror);
        let after = stage.mirror.images();
        assert!(after.is_superset(&left), "{when}");
        // The last deletion may have been carried out.
        let rest = after.len() > left.len();
        assert!(
            rest || done && number == batches,
            "{when}: nothing is left to do"
        );
        between += usize::from(after != before);
        stage.succeed(&["--apply"]);
        assert_whole(&mut stage.mirror);
        assert_same(&stage.mirror.images(), &left, &when);
        assert_eq!(self::tags(&stage), tags, "{when}");
    }
    assert!(between >= 4, "{between} of them died in the midst of it");
}

fn tags(stage: &Stage) -> BTreeSet<String> {
    let mirror = &stage.mirror;
    mirror
        .repositories()
        .flat_map(|name| {
            let tags = mirror.tags(name).into_iter();
            tags.map(move |(tag, digest)| format!("{name}:{tag} {digest}"))
        })
        .collect()
}
