//! Every list and every question of every service failing in turn: nothing that is protected goes, the exit code
//! says that something was wrong, and the next run finishes.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use launchway_fake_ecr::{FakeEcr, Fault, Rule};

use super::stage::{Ground, expected};
use crate::support::{Interposer, Outcome, Trouble, fill, present};

/// What a run asks about uses.
const USES: [&str; 34] = [
    "ecs:ListClusters",
    "ecs:ListServices",
    "ecs:DescribeServices",
    "ecs:ListTasks",
    "ecs:DescribeTasks",
    "ecs:ListTaskDefinitionFamilies",
    "ecs:ListTaskDefinitions",
    "ecs:DescribeTaskDefinition",
    "ecs:ListServiceDeployments",
    "ecs:DescribeServiceDeployments",
    "ecs:DescribeServiceRevisions",
    "ecs:ListDaemons",
    "ecs:DescribeDaemon",
    "ecs:ListDaemonDeployments",
    "ecs:DescribeDaemonDeployments",
    "ecs:DescribeDaemonRevisions",
    "ecs:ListDaemonTaskDefinitions",
    "ecs:DescribeDaemonTaskDefinition",
    "lambda:ListFunctions",
    "lambda:ListAliases",
    "lambda:ListVersionsByFunction",
    "lambda:GetFunction",
    "events:ListEventBuses",
    "events:ListRules",
    "events:ListTargetsByRule",
    "scheduler:ListSchedules",
    "scheduler:GetSchedule",
    "batch:DescribeJobDefinitions",
    "batch:DescribeJobQueues",
    "batch:ListJobs",
    "states:ListStateMachines",
    "states:ListStateMachineVersions",
    "states:DescribeStateMachine",
    "ssm:GetParametersByPath",
];

/// What decides nothing: without it there is a warning more.
const LIFECYCLE: &str = "GetLifecyclePolicy";

/// What it asks ECR, and whether the answer comes in pages.
const ECR: [(&str, bool); 5] = [
    ("DescribeRepositories", true),
    ("DescribeImages", true),
    ("BatchGetImage", false),
    (LIFECYCLE, false),
    ("BatchDeleteImage", false),
];

const TROUBLES: [Trouble; 6] = [
    Trouble::ThrottledOnce,
    Trouble::Throttled,
    Trouble::Broken,
    Trouble::Reset,
    Trouble::Denied,
    Trouble::EmptyPage,
];

/// How many runs go on at once. They mostly wait.
const AT_ONCE: usize = 6;

struct Case {
    operation: &'static str,
    trouble: Trouble,
}

fn cases() -> Vec<Case> {
    let uses = USES.iter().map(|&name| (name, Interposer::is_paged(name)));
    let others = [
        ("ssm:GetParameter", false),
        ("ssm:GetParameterHistory", false),
    ];
    let all = uses.chain(others).chain(ECR);
    all.flat_map(|(operation, paged)| {
        let troubles = TROUBLES.iter();
        let troubles = troubles.filter(move |trouble| paged || **trouble != Trouble::EmptyPage);
        troubles.map(move |&trouble| Case { operation, trouble })
    })
    .collect()
}

#[test]
fn nothing_that_is_protected_goes_whatever_fails() {
    let ground = Arc::new(Ground::new());
    let cases = cases();
    assert_eq!(cases.len(), 229);
    let (next, problems) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::SeqCst)) {
                    if let Err(problem) = case.check(&ground) {
                        let Case { operation, trouble } = case;
                        let text = format!("{operation} {trouble:?}: {problem}");
                        problems.lock().unwrap().push(text);
                    }
                }
            });
        }
    });
    let problems = problems.into_inner().unwrap();
    assert!(problems.is_empty(), "{}: {problems:#?}", problems.len());
}

impl Case {
    fn check(&self, ground: &Ground) -> Result<(), String> {
        let ecr = FakeEcr::start().unwrap();
        let images = &ground.released.images;
        fill(&ecr, images);
        let names: BTreeSet<&str> = images.iter().map(|image| &*image.repository).collect();
        let present = || present(&ecr, names.iter().copied());
        let everything = present();
        let gone = expected(ground.released);
        let left: BTreeSet<String> = everything.difference(&gone).cloned().collect();
        let proxy = ground.world.still_proxy();
        self.begin(&ecr, &proxy);

        let outcome = Self::run(ground, &ecr, &proxy);
        let told = format!("exit {:?}: {}", outcome.code, outcome.stderr);
        let hits = if self.operation.contains(':') {
            proxy.hits(self.operation) as u64
        } else {
            ecr.count(self.operation)
        };
        if hits == 0 {
            return Err(format!("was never asked: {told}"));
        }
        let after = present();
        if !after.is_superset(&left) {
            let lost: Vec<&String> = left.difference(&after).collect();
            return Err(format!("lost {lost:?}: {told}"));
        }
        if self.survives() {
            if outcome.code != Some(0) {
                return Err(format!("should be survived: {told}"));
            }
            if after != left {
                return Err(format!("has another result than without: {told}"));
            }
            // What lasts is told.
            let words: Vec<&str> = outcome.stderr.split_whitespace().collect();
            let is_told = words
                .join(" ")
                .contains("what is kept here is not known: ecr:GetLifecyclePolicy");
            if is_told != (self.operation == LIFECYCLE && self.trouble != Trouble::ThrottledOnce) {
                return Err(format!("the warning should be where it belongs: {told}"));
            }
            return Ok(());
        }
        if !matches!(outcome.code, Some(12 | 16 | 75)) {
            return Err(format!("should be told: {told}"));
        }
        // Where there are plain images or caches alone, nothing has to be read: what goes there goes.
        let unread = |name: &&String| {
            ["shop/uses@", "shop/cache@"]
                .iter()
                .any(|it| name.starts_with(it))
        };
        let mut went = everything.difference(&after);
        if !(self.operation == "BatchGetImage" && went.all(|name| unread(&name)))
            && after != everything
        {
            return Err(format!("something went all the same: {told}"));
        }

        // Nothing but the ECR is left of a run, so that where nothing went another one is like the first: shown
        // for one trouble of each operation.
        if after == everything && self.trouble != Trouble::Reset {
            return Ok(());
        }
        ecr.heal();
        proxy.heal();
        let outcome = ground.run(&ecr, &proxy, &["--apply"]);
        if outcome.code != Some(0) || present() != left {
            return Err(format!("the next run does not finish: {}", outcome.stderr));
        }
        Ok(())
    }

    /// Removes what may go, without the patience of minutes.
    fn run(ground: &Ground, ecr: &FakeEcr, proxy: &Interposer) -> Outcome {
        let mut command = ground.command(ecr, proxy, &["--apply"]);
        command.env("AWS_MAX_ATTEMPTS", "2");
        Outcome::of(command.output().unwrap())
    }

    fn begin(&self, ecr: &FakeEcr, proxy: &Interposer) {
        if self.operation.contains(':') {
            proxy.trouble(self.operation, self.trouble);
            return;
        }
        let rule = match self.trouble {
            Trouble::ThrottledOnce => Rule::new(Fault::Throttled).next(1),
            Trouble::Throttled => Rule::new(Fault::Throttled),
            Trouble::Broken => Rule::new(Fault::Server(500)),
            Trouble::Reset => Rule::new(Fault::Reset),
            Trouble::Denied => Rule::new(Fault::AccessDenied),
            Trouble::EmptyPage => Rule::new(Fault::EmptyPage).next(1),
        };
        ecr.fail(rule.operation(self.operation));
    }

    /// The run gets its answer in the end, or need not have it.
    fn survives(&self) -> bool {
        self.operation == LIFECYCLE
            || matches!(self.trouble, Trouble::ThrottledOnce | Trouble::EmptyPage)
    }
}
