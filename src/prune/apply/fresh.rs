//! What is in use now, asked for again while a plan is applied, by all repositories together.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use super::asked::serves;
use super::{Application, Asked};
use crate::prune::{EcrRepository, Event, InUse, Refusal, RefusalSubject, UsesIndex};

/// How much older than allowed an answer may get while the images of one batch are looked at.
const LOOK: Duration = Duration::from_secs(5);

/// Asks what is in use, no more often than its answer is stale.
pub(super) struct FreshUses<'a, F> {
    ask: F,
    application: &'a Application<'a>,
    last: Mutex<Option<Answer>>,
    /// How many questions have begun.
    begun: AtomicU64,
    /// Somebody was told that asking is slow.
    told: AtomicBool,
}

struct Answer {
    /// Which question it answers, counted from 1; 0 is the plan's own.
    question: u64,
    uses: Arc<Uses>,
    /// What holds everything; once there is some, nothing is asked any more.
    holds: Vec<Refusal>,
}

/// What is in use.
#[derive(Debug)]
pub(super) struct Uses {
    /// By repository.
    pub(super) index: UsesIndex,
    refusals: Vec<Refusal>,
    /// When it is stale for who comes then.
    stale_at: Instant,
    /// When it is stale also for who has it. Not before it was there, however long that took.
    late_at: Instant,
}

/// Everything has to stop.
#[derive(Clone, Debug)]
pub(super) struct Stop;

impl<'a, F, Fut> FreshUses<'a, F>
where
    F: Fn() -> Fut,
    Fut: Future<Output = InUse>,
{
    /// Begins with the answer that the plan was made from, where there is one.
    pub(super) fn new(ask: F, application: &'a Application<'a>) -> Self {
        let last = application.asked.map(|asked| judged(application, asked, 0));
        let uses = Self {
            ask,
            application,
            last: Mutex::new(last),
            begun: AtomicU64::new(0),
            told: AtomicBool::new(false),
        };
        if let Some(asked) = application.asked {
            uses.tell(asked.took);
        }
        uses
    }

    /// What is in use, no older than allowed. A list that did not load stops everything, for good: what was not
    /// told could be about any image.
    pub(super) async fn get(&self) -> Result<Arc<Uses>, Stop> {
        let begun = self.begun.load(Ordering::SeqCst);
        let mut last = self.last.lock().await;
        // However long it took, an answer to a question that began after we came is as new as one of our own.
        let serves = |answer: &Answer| {
            !answer.holds.is_empty() || answer.question > begun || self.now() < answer.uses.stale_at
        };
        if !last.as_ref().is_some_and(serves) {
            let question = self.begun.fetch_add(1, Ordering::SeqCst) + 1;
            let began = self.now();
            let in_use = (self.ask)().await;
            let took = self.now().saturating_duration_since(began);
            let asked = Asked {
                in_use,
                began,
                took,
            };
            *last = Some(judged(self.application, &asked, question));
            self.tell(took);
        }
        match last.as_ref() {
            Some(answer) if answer.holds.is_empty() => Ok(Arc::clone(&answer.uses)),
            _ => Err(Stop),
        }
    }

    /// Whether an answer got too old while the images of a batch were looked at.
    pub(super) fn is_late(&self, uses: &Uses) -> bool {
        self.now() > uses.late_at + LOOK
    }

    fn now(&self) -> Instant {
        (self.application.clock)()
    }

    /// Tells once that asking takes so long that answers serve longer than was said.
    fn tell(&self, took: Duration) {
        let Application {
            fresh_for,
            observer,
            ..
        } = self.application;
        let serves = serves(*fresh_for, took);
        if serves > *fresh_for && !self.told.swap(true, Ordering::SeqCst) {
            let text = format!(
                "asking what is in use takes {} s, so that each answer serves for {} s, not for {} s",
                took.as_secs(),
                serves.as_secs(),
                fresh_for.as_secs(),
            );
            observer.tell(&Event::Note { text: &text });
        }
    }

    /// The cases of the last answer that are not about one repository.
    pub(super) async fn refusals(&self) -> Vec<Refusal> {
        let last = self.last.lock().await;
        let refusals = last.iter().flat_map(|answer| &answer.uses.refusals);
        let everywhere = |one: &&Refusal| !matches!(one.subject, RefusalSubject::Repository(_));
        refusals.filter(everywhere).cloned().collect()
    }
}

fn judged(application: &Application<'_>, asked: &Asked, question: u64) -> Answer {
    let refusals = asked.in_use.refusals.iter().cloned();
    let refusals: Vec<Refusal> = refusals
        .map(|one| one.judged(&application.settings.allow))
        .collect();
    let holds =
        |refusal: &&Refusal| !refusal.allowed && refusal.subject == RefusalSubject::Everything;
    let serves = serves(application.fresh_for, asked.took);
    Answer {
        question,
        holds: refusals.iter().filter(holds).cloned().collect(),
        uses: Arc::new(Uses {
            index: UsesIndex::new(&asked.in_use),
            refusals,
            stale_at: asked.began + serves,
            late_at: asked.began + serves.max(asked.took),
        }),
    }
}

impl Uses {
    /// The cases that hold one repository.
    pub(super) fn holds(&self, repository: &EcrRepository) -> Vec<Refusal> {
        let subject = RefusalSubject::Repository(repository.clone());
        let here = |one: &&Refusal| !one.allowed && one.subject == subject;
        self.refusals.iter().filter(here).cloned().collect()
    }
}

#[cfg(test)]
mod tests;
