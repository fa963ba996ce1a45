//! The process killed while it removes: what it leaves is whole, and the next run finishes.
//!
//! While ECR holds one of its deletions, carried out or not; and at every named fail point, where nothing is under way.

use std::collections::BTreeSet;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use launchway::prune::FailPoint;

use super::stage::{Ground, Stage, assert_same, expected};
use super::whole::assert_whole;

const PATIENCE: Duration = Duration::from_mins(2);
/// How many moments are tried at once: each mostly waits for processes.
const AT_ONCE: usize = 4;

/// When it dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Moment {
    /// This deletion is held, and nothing of it is done.
    Asked(u64),
    /// This deletion is done, and its answer is held.
    Done(u64),
    /// A fail point is passed for the nth time.
    At(&'static str, u64),
}

/// All moments of a run that takes so many calls and batches, and touches so many repositories.
fn moments(calls: u64, batches: u64, repositories: u64) -> BTreeSet<Moment> {
    let held = [1, 2, calls / 2, calls];
    let held = held.map(|number| [Moment::Asked(number), Moment::Done(number)]);
    let points = FailPoint::ALL.into_iter().flat_map(|point| {
        let last = match point {
            FailPoint::Batch | FailPoint::Deleted => batches,
            FailPoint::Tags => repositories,
        };
        [1, 2, last].map(|time| Moment::At(point.name(), time))
    });
    held.into_iter().flatten().chain(points).collect()
}

impl Moment {
    /// Whether the last image may be gone then: what is left may be tags alone.
    fn may_be_last(self, calls: u64, batches: u64) -> bool {
        match self {
            Self::Asked(number) => number > batches,
            Self::Done(number) => number == calls,
            Self::At("prune::batch", _) => false,
            Self::At("prune::deleted", time) => time == batches,
            Self::At(..) => true,
        }
    }

    /// Lets a removal run until it dies.
    fn kill(self, stage: &Stage) {
        let ecr = &stage.mirror.ecr;
        let mut command = stage.ground.command(ecr, &stage.proxy, &["--apply"]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let gate = match self {
            Self::Asked(number) => ecr.hold("BatchDeleteImage", number),
            Self::Done(number) => ecr.hold_answer("BatchDeleteImage", number),
            Self::At(point, time) => {
                command.env("LAUNCHWAY_FAIL_AT", format!("{point}#{time}"));
                assert_killed(command.status().unwrap(), self);
                return;
            }
        };
        let mut process = command.spawn().unwrap();
        assert!(gate.wait(1, PATIENCE), "{self:?} never came");
        process.kill().unwrap();
        assert_killed(process.wait().unwrap(), self);
        gate.open();
    }
}

#[track_caller]
fn assert_killed(status: ExitStatus, moment: Moment) {
    assert_eq!(status.signal(), Some(9), "{moment:?}: {status}");
}

/// What a run without a death comes to.
struct Whole {
    before: BTreeSet<String>,
    left: BTreeSet<String>,
    tags: BTreeSet<String>,
    /// Deletions, of images and of tags.
    calls: u64,
    /// Those of images.
    batches: u64,
}

#[test]
fn a_killed_run_leaves_everything_whole_and_the_next_one_finishes() {
    let ground = Arc::new(Ground::new());
    let mut stage = Stage::still_on(&ground);
    let before = stage.mirror.images();
    let tags_before = tags(&stage);
    stage.succeed(&["--apply"]);
    assert_whole(&mut stage.mirror);
    let gone = expected(ground.released);
    let mut calls = stage.mirror.ecr.calls_of("BatchDeleteImage");
    let all = calls.len() as u64;
    calls.retain(|call| call.body["imageIds"][0].get("imageDigest").is_some());
    let whole = Whole {
        left: before.difference(&gone).cloned().collect(),
        tags: tags(&stage),
        calls: all,
        batches: calls.len() as u64,
        before,
    };
    assert_same(&stage.mirror.images(), &whole.left, "not killed");
    let expired = tags_before.difference(&whole.tags);
    let expired = expired.filter(|tag| whole.left.contains(tag.split_once(' ').unwrap().0));
    assert!(expired.count() > 0, "some tags go from what is kept");
    assert!(whole.batches >= 6, "{}", whole.batches);
    let names = gone.iter().map(|name| name.split_once('@').unwrap().0);
    let repositories = names.collect::<BTreeSet<_>>().len() as u64;
    drop(stage);

    let moments: Vec<Moment> = moments(whole.calls, whole.batches, repositories)
        .into_iter()
        .collect();
    let (next, between) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(moment) = moments.get(next.fetch_add(1, Ordering::SeqCst)) {
                    if whole.check(*moment, &ground) {
                        between.lock().unwrap().push(*moment);
                    }
                }
            });
        }
    });
    let between = between.into_inner().unwrap();
    assert!(
        between.len() * 2 >= moments.len(),
        "in the midst of it: {between:?}"
    );
}

impl Whole {
    /// Whether it died with something removed, and something to remove.
    fn check(&self, moment: Moment, ground: &Arc<Ground>) -> bool {
        let mut stage = Stage::still_on(ground);
        moment.kill(&stage);
        while stage.mirror.ecr.open_calls() > 0 {
            std::thread::sleep(Duration::from_millis(5));
        }

        let when = format!("killed at {moment:?}");
        assert_whole(&mut stage.mirror);
        let after = stage.mirror.images();
        assert!(after.is_superset(&self.left), "{when}");
        let rest = after.len() > self.left.len();
        assert!(
            rest || moment.may_be_last(self.calls, self.batches),
            "{when}: nothing is left to do"
        );
        stage.succeed(&["--apply"]);
        assert_whole(&mut stage.mirror);
        assert_same(&stage.mirror.images(), &self.left, &when);
        assert_eq!(tags(&stage), self.tags, "{when}");
        rest && after != self.before
    }
}

/// Every tag, as `repository@digest tag`.
fn tags(stage: &Stage) -> BTreeSet<String> {
    let mirror = &stage.mirror;
    mirror
        .repositories()
        .flat_map(|name| {
            let tags = mirror.tags(name).into_iter();
            tags.map(move |(tag, digest)| format!("{name}@{digest} {tag}"))
        })
        .collect()
}
