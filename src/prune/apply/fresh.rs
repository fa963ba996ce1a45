//! What is in use now, asked for again while a plan is applied, by all repositories together.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::prune::{Allowance, EcrRepository, InUse, Refusal, RefusalSubject, UsesIndex};

/// Asks what is in use, no more often than its answer is stale.
pub(super) struct FreshUses<'a, F> {
    ask: F,
    fresh_for: Duration,
    allow: &'a [Allowance],
    last: Mutex<Option<Answer>>,
}

struct Answer {
    at: Instant,
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
}

/// Everything has to stop.
#[derive(Clone, Debug)]
pub(super) struct Stop;

impl<'a, F, Fut> FreshUses<'a, F>
where
    F: Fn() -> Fut,
    Fut: Future<Output = InUse>,
{
    pub(super) fn new(ask: F, fresh_for: Duration, allow: &'a [Allowance]) -> Self {
        Self {
            ask,
            fresh_for,
            allow,
            last: Mutex::new(None),
        }
    }

    /// What is in use, no older than allowed. A list that did not load stops everything, for good: what was not
    /// told could be about any image.
    pub(super) async fn get(&self) -> Result<Arc<Uses>, Stop> {
        // Whoever comes meanwhile gets the same answer.
        let mut last = self.last.lock().await;
        let stale =
            |answer: &Answer| answer.holds.is_empty() && answer.at.elapsed() >= self.fresh_for;
        if last.as_ref().is_none_or(stale) {
            // Its age counts from the question.
            let at = Instant::now();
            let in_use = (self.ask)().await;
            let refusals = in_use.refusals.iter().cloned();
            let uses = Uses {
                index: UsesIndex::new(&in_use),
                refusals: refusals.map(|one| one.judged(self.allow)).collect(),
            };
            let holds = |refusal: &&Refusal| {
                !refusal.allowed && refusal.subject == RefusalSubject::Everything
            };
            *last = Some(Answer {
                at,
                holds: uses.refusals.iter().filter(holds).cloned().collect(),
                uses: Arc::new(uses),
            });
        }
        match last.as_ref() {
            Some(answer) if answer.holds.is_empty() => Ok(Arc::clone(&answer.uses)),
            _ => Err(Stop),
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

impl Uses {
    /// The cases that hold one repository.
    pub(super) fn holds(&self, repository: &EcrRepository) -> Vec<Refusal> {
        let subject = RefusalSubject::Repository(repository.clone());
        let here = |one: &&Refusal| !one.allowed && one.subject == subject;
        self.refusals.iter().filter(here).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::prune::RefusalCode;

    fn failed() -> Refusal {
        Refusal::new(
            RefusalCode::ListFailed,
            "ecs:ListServices",
            RefusalSubject::Everything,
            "x",
        )
    }

    #[tokio::test]
    async fn an_answer_serves_while_it_is_fresh() {
        let asked = Cell::new(0);
        let ask = async || {
            asked.set(asked.get() + 1);
            InUse::default()
        };
        let fresh = FreshUses::new(&ask, Duration::from_hours(1), &[]);
        assert!(fresh.get().await.is_ok());
        assert!(fresh.get().await.is_ok());
        assert_eq!(asked.get(), 1);
        let always = FreshUses::new(&ask, Duration::ZERO, &[]);
        assert!(always.get().await.is_ok());
        assert!(always.get().await.is_ok());
        assert_eq!(asked.get(), 3);
    }

    #[tokio::test]
    async fn a_failed_list_stops_for_good_unless_it_is_allowed() {
        let asked = Cell::new(0);
        let ask = async || {
            asked.set(asked.get() + 1);
            InUse {
                refusals: if asked.get() == 1 {
                    vec![failed()]
                } else {
                    Vec::new()
                },
                ..InUse::default()
            }
        };
        let fresh = FreshUses::new(&ask, Duration::ZERO, &[]);
        assert!(fresh.get().await.is_err());
        assert!(fresh.get().await.is_err());
        assert_eq!(asked.get(), 1);
        assert_eq!(fresh.refusals().await, [failed()]);
        asked.set(0);
        let allow = ["list-failed:ecs:*".parse().unwrap()];
        let fresh = FreshUses::new(&ask, Duration::ZERO, &allow);
        assert!(fresh.get().await.is_ok());
    }
}
