//! Which revisions of a service or daemon are in use, by its deployments: those that run, those that
//! a deployment goes between, and those that a rollback would go back to.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use crate::aws::DeploymentUse;

const SUCCESSFUL: &str = "SUCCESSFUL";
/// The states in which a deployment is over, beside [`SUCCESSFUL`]. Every other, and any that is
/// not known, goes on. Services and daemons have the same states.
const OVER: [&str; 3] = ["STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"];

/// What the deployments of a service or daemon say.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct History {
    /// ARNs of revisions that run, or will.
    pub(super) current: BTreeSet<String>,
    /// ARNs of the revisions that a rollback may want, the last one first.
    pub(super) rollback: Vec<String>,
    /// ARNs of deployments whose description is needed to tell what they go between.
    pub(super) open: Vec<String>,
    /// ARNs of revisions whose images may not be resolved yet.
    pub(super) unsettled: BTreeSet<String>,
}

impl History {
    /// Reads the list of deployments. `running` are the revisions that have tasks, and `last` is the deployment
    /// that goes on, or the last one; `rollback` successful revisions count beside the current ones.
    pub(super) fn of(
        running: &[String],
        last: Option<&String>,
        deployments: &[DeploymentUse],
        rollback: usize,
    ) -> Self {
        let mut history = Self {
            current: running.iter().cloned().collect(),
            ..Self::default()
        };
        let mut successful = Vec::new();
        for deployment in deployments {
            let target = deployment.target.as_ref();
            match deployment.status.as_str() {
                SUCCESSFUL => match target {
                    Some(target) => successful.push((deployment.created, target)),
                    None => history.open.push(deployment.arn.clone()),
                },
                over if OVER.contains(&over) => {}
                _ => {
                    history.open.push(deployment.arn.clone());
                    history.add_open(target);
                }
            }
        }
        // One that began since the list was read.
        if let Some(last) = last
            && deployments.iter().all(|one| one.arn != *last)
        {
            history.open.push(last.clone());
        }
        // A time that is not known is new.
        successful.sort_by_key(|(created, _)| Reverse(created.unwrap_or(jiff::Timestamp::MAX)));
        if let Some((_, newest)) = successful.first() {
            history.current.insert((*newest).clone());
        }
        for (_, target) in successful {
            if history.rollback.len() == rollback {
                break;
            }
            if !history.current.contains(target) && !history.rollback.contains(target) {
                history.rollback.push(target.clone());
            }
        }
        history
    }

    /// Takes the description of an open deployment.
    pub(super) fn add(&mut self, described: &DeploymentUse) {
        self.add_open(described.target.as_ref());
        self.current.extend(described.sources.iter().cloned());
    }

    fn add_open(&mut self, target: Option<&String>) {
        self.current.extend(target.cloned());
        self.unsettled.extend(target.cloned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deployment(second: i64, status: &str, target: &str) -> DeploymentUse {
        DeploymentUse {
            arn: format!("d{second}"),
            status: status.to_owned(),
            created: jiff::Timestamp::from_second(second).ok(),
            target: Some(target.to_owned()).filter(|target| !target.is_empty()),
            sources: Vec::new(),
        }
    }

    fn history(deployments: &[DeploymentUse], rollback: usize) -> History {
        History::of(&["r4".to_owned()], None, deployments, rollback)
    }

    fn set(texts: &[&str]) -> BTreeSet<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn the_last_successful_revisions_are_what_a_rollback_wants() {
        let read = history(
            &[
                deployment(2, "SUCCESSFUL", "r2"),
                deployment(1, "SUCCESSFUL", "r1"),
                deployment(3, "ROLLBACK_SUCCESSFUL", "r3"),
                deployment(4, "SUCCESSFUL", "r4"),
                deployment(5, "SUCCESSFUL", "r2"),
                deployment(6, "SUCCESSFUL", "r4"),
                deployment(0, "SUCCESSFUL", "r0"),
            ],
            2,
        );
        assert_eq!(read.current, set(&["r4"]));
        assert_eq!(read.rollback, ["r2", "r1"]);
        assert!(read.open.is_empty());
    }

    #[test]
    fn what_is_not_over_goes_on() {
        for status in [
            "PENDING",
            "IN_PROGRESS",
            "STOP_REQUESTED",
            "ROLLBACK_IN_PROGRESS",
            "NEW",
            "",
        ] {
            let mut read = history(&[deployment(5, status, "r5")], 2);
            assert_eq!(read.open, ["d5"], "{status}");
            assert_eq!(read.current, set(&["r4", "r5"]));
            let mut described = deployment(5, status, "r5");
            described.sources = vec!["r3".to_owned()];
            read.add(&described);
            assert_eq!(read.current, set(&["r3", "r4", "r5"]));
            assert_eq!(read.unsettled, set(&["r5"]));
        }
        let read = history(&[deployment(5, "STOPPED", "r5")], 2);
        assert_eq!((read.open.len(), read.current), (0, set(&["r4"])));
    }

    #[test]
    fn what_the_list_does_not_tell_is_described() {
        assert_eq!(history(&[deployment(1, "SUCCESSFUL", "")], 2).open, ["d1"]);
        let last = "new".to_owned();
        assert_eq!(History::of(&[], Some(&last), &[], 2).open, ["new"]);
    }
}
