//! Answers about what is in use, by a clock that only the test moves.

use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;

use futures::future::{LocalBoxFuture, join_all};
use jiff::Timestamp;
use tokio::task::yield_now;

use super::*;
use crate::config::PruneSettings;
use crate::prune::{FailPoints, LATE, Observer, Plan, RefusalCode};

fn failed() -> Refusal {
    Refusal::new(
        RefusalCode::ListFailed,
        "ecs:ListServices",
        RefusalSubject::Everything,
        "x",
    )
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

type Ask<'a> = Box<dyn Fn() -> LocalBoxFuture<'a, InUse> + 'a>;

/// A run in which asking takes as long as the test says.
struct Run {
    begin: Instant,
    passed: Mutex<Duration>,
    asking: Mutex<Duration>,
    asked: AtomicUsize,
    refusals: Mutex<Vec<Refusal>>,
    settings: PruneSettings,
    notes: Notes,
}

#[derive(Default)]
struct Notes(Mutex<Vec<String>>);

impl Observer for Notes {
    fn tell(&self, event: &Event<'_>) {
        if let Event::Note { text } = event {
            self.0.lock().unwrap().push((*text).to_owned());
        }
    }
}

impl Run {
    fn new(asking: u64) -> Self {
        Self {
            begin: Instant::now(),
            passed: Mutex::default(),
            asking: Mutex::new(seconds(asking)),
            asked: AtomicUsize::new(0),
            refusals: Mutex::default(),
            settings: PruneSettings::default(),
            notes: Notes::default(),
        }
    }

    fn forward(&self, by: Duration) {
        *self.passed.lock().unwrap() += by;
    }

    async fn ask(&self) -> InUse {
        self.asked.fetch_add(1, Ordering::SeqCst);
        // Others come meanwhile.
        yield_now().await;
        self.forward(*self.asking.lock().unwrap());
        InUse {
            refusals: self.refusals.lock().unwrap().clone(),
            ..InUse::default()
        }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// Runs this with answers that serve for so many seconds.
    async fn with(
        &self,
        fresh_for: u64,
        own: Option<&Asked>,
        test: impl AsyncFnOnce(&FreshUses<'_, Ask<'_>>),
    ) {
        let plan = Plan {
            created_at: Timestamp::UNIX_EPOCH,
            repositories: Vec::new(),
            refusals: Vec::new(),
            sources: Vec::new(),
            warnings: Vec::new(),
        };
        let application = Application {
            plan: &plan,
            saved: false,
            places: &[],
            settings: &self.settings,
            asked: own,
            fresh_for: seconds(fresh_for),
            late: LATE,
            now: &Timestamp::now,
            clock: &|| self.begin + *self.passed.lock().unwrap(),
            observer: &self.notes,
            fail_points: FailPoints::default(),
            stop: &AtomicBool::new(false),
        };
        let ask: Ask<'_> = Box::new(|| Box::pin(self.ask()));
        test(&FreshUses::new(ask, &application)).await;
    }
}

#[tokio::test]
async fn an_answer_serves_while_it_is_fresh() {
    let run = Run::new(1);
    run.with(30, None, async |fresh| {
        for (passed, asked) in [(0, 1), (28, 1), (1, 2), (0, 2)] {
            run.forward(seconds(passed));
            assert!(fresh.get().await.is_ok());
            assert_eq!(run.asked(), asked);
        }
    })
    .await;
    assert!(run.notes.0.lock().unwrap().is_empty());
    let run = Run::new(0);
    run.with(0, None, async |fresh| {
        assert!(fresh.get().await.is_ok());
        assert!(fresh.get().await.is_ok());
    })
    .await;
    assert_eq!(run.asked(), 2);
}

#[tokio::test]
async fn a_slow_answer_serves_several_batches_and_is_told_of_once() {
    let run = Run::new(70);
    run.with(30, None, async |fresh| {
        // It is 70 seconds old when it is there, and serves for 140.
        for (passed, asked) in [(0, 1), (1, 1), (68, 1), (1, 2), (69, 2), (1, 3)] {
            run.forward(seconds(passed));
            assert!(fresh.get().await.is_ok());
            assert_eq!(run.asked(), asked);
        }
    })
    .await;
    assert_eq!(
        *run.notes.0.lock().unwrap(),
        ["asking what is in use takes 70 s, so that each answer serves for 140 s, not for 30 s"]
    );
}

#[tokio::test]
async fn all_that_wait_share_the_next_question() {
    // Even where nothing serves twice.
    for fresh_for in [0, 30] {
        let run = Run::new(70);
        run.with(fresh_for, None, async |fresh| {
            let all = join_all((0..8).map(|_| fresh.get())).await;
            assert!(all.iter().all(Result::is_ok));
        })
        .await;
        // With zero, the first question began before the other seven came.
        assert_eq!(run.asked(), if fresh_for == 0 { 2 } else { 1 });
    }
}

#[tokio::test]
async fn the_plans_own_answer_serves_first() {
    let run = Run::new(1);
    let own = |began, took| Asked {
        in_use: InUse::default(),
        began,
        took: seconds(took),
    };
    let asked = own(run.begin, 2);
    run.with(30, Some(&asked), async |fresh| {
        for (passed, asked) in [(29, 0), (1, 1)] {
            run.forward(seconds(passed));
            assert!(fresh.get().await.is_ok());
            assert_eq!(run.asked(), asked);
        }
    })
    .await;
    // Where it was slow to come, too.
    let asked = own(run.begin + seconds(31), 70);
    run.with(30, Some(&asked), async |fresh| {
        run.forward(seconds(139));
        assert!(fresh.get().await.is_ok());
        assert_eq!(run.asked(), 1);
        run.forward(seconds(1));
        assert!(fresh.get().await.is_ok());
        assert_eq!(run.asked(), 2);
    })
    .await;
    assert_eq!(run.notes.0.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn an_answer_gets_late_while_images_are_looked_at() {
    let run = Run::new(70);
    run.with(30, None, async |fresh| {
        let uses = fresh.get().await.unwrap();
        run.forward(seconds(70 + 5));
        assert!(!fresh.is_late(&uses));
        run.forward(seconds(1));
        assert!(fresh.is_late(&uses));
    })
    .await;
    // Where each batch has an answer of its own, it is not late before it was there.
    run.with(0, None, async |fresh| {
        let uses = fresh.get().await.unwrap();
        run.forward(seconds(5));
        assert!(!fresh.is_late(&uses));
        run.forward(seconds(1));
        assert!(fresh.is_late(&uses));
    })
    .await;
}

#[tokio::test]
async fn a_failed_list_stops_for_good_unless_it_is_allowed() {
    let run = Run::new(0);
    run.refusals.lock().unwrap().push(failed());
    run.with(0, None, async |fresh| {
        assert!(fresh.get().await.is_err());
        run.refusals.lock().unwrap().clear();
        assert!(fresh.get().await.is_err());
        assert_eq!(fresh.refusals().await, [failed()]);
    })
    .await;
    assert_eq!(run.asked(), 1);
    let mut run = Run::new(0);
    run.refusals.lock().unwrap().push(failed());
    run.settings.allow = vec!["list-failed:ecs:*".parse().unwrap()];
    run.with(0, None, async |fresh| {
        assert!(fresh.get().await.is_ok());
    })
    .await;
}
