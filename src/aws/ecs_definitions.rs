//! Task definitions: families, their active revisions, and the images that a definition names.

use std::cmp::Reverse;

use aws_sdk_ecs::types::{
    SortOrder, TaskDefinition, TaskDefinitionFamilyStatus, TaskDefinitionStatus,
};

use super::ecs_usage::{EcsUsage, PAGE};
use super::pages::Pages;
use super::{AwsError, AwsErrorKind};

const FAMILIES: &str = "ecs:ListTaskDefinitionFamilies";
const LIST: &str = "ecs:ListTaskDefinitions";
const DESCRIBE: &str = "ecs:DescribeTaskDefinition";

/// What a task definition uses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskDefinitionUse {
    /// Its ARN, with the revision.
    pub arn: String,
    /// Name and image of every container.
    pub containers: Vec<(String, String)>,
}

impl EcsUsage {
    /// The families that have an active revision.
    pub async fn families(&self) -> Result<Vec<String>, AwsError> {
        let mut pages = Pages::of(FAMILIES, &self.region);
        let mut families = Vec::new();
        loop {
            let request = self.client.list_task_definition_families();
            let request = request.status(TaskDefinitionFamilyStatus::Active);
            let request = request.max_results(PAGE).set_next_token(pages.token());
            let answer = self
                .aws
                .paced(FAMILIES, &self.region, || request.clone().send())
                .await?;
            families.extend_from_slice(answer.families());
            if !pages.turn(answer.next_token())? {
                return Ok(families);
            }
        }
    }

    /// The ARNs of the newest `keep` active revisions of a family, newest first.
    ///
    /// The list is asked for newest first, and is read no further than it has to be only as long as it
    /// really comes in that order.
    pub async fn newest_definitions(
        &self,
        family: &str,
        keep: usize,
    ) -> Result<Vec<String>, AwsError> {
        let mut pages = Pages::of(LIST, &self.region);
        let mut newest = Newest::new(family, keep);
        loop {
            let request = self.client.list_task_definitions().family_prefix(family);
            let request = request
                .status(TaskDefinitionStatus::Active)
                .sort(SortOrder::Desc)
                .max_results(PAGE)
                .set_next_token(pages.token());
            let answer = self
                .aws
                .paced(LIST, &self.region, || request.clone().send())
                .await?;
            newest.take(answer.task_definition_arns());
            if newest.is_enough() || !pages.turn(answer.next_token())? {
                let invalid = |problem| AwsError::invalid(LIST, &self.region, problem);
                return newest.arns().map_err(invalid);
            }
        }
    }

    /// A task definition, by ARN or `family:revision`; by ARN without a revision or by family its
    /// latest active revision. `None` where there is none.
    pub async fn definition(&self, name: &str) -> Result<Option<TaskDefinitionUse>, AwsError> {
        let request = self.client.describe_task_definition().task_definition(name);
        let answer = match self
            .aws
            .paced(DESCRIBE, &self.region, || request.clone().send())
            .await
        {
            Ok(answer) => answer,
            Err(error) => {
                return if is_missing(&error.kind) {
                    Ok(None)
                } else {
                    Err(error)
                };
            }
        };
        let Some(found) = answer.task_definition() else {
            let problem = "there is no task definition in it";
            return Err(AwsError::invalid(DESCRIBE, &self.region, problem));
        };
        Ok(Some(definition(found)))
    }
}

/// ECS has no code of its own for a task definition that is not there, and two texts.
fn is_missing(kind: &AwsErrorKind) -> bool {
    let texts = [
        "Unable to describe task definition",
        "The specified task definition does not exist",
    ];
    matches!(kind, AwsErrorKind::Refused { code, message }
        if code == "ClientException" && texts.iter().any(|text| message.contains(text)))
}

/// The newest of the revisions that came by.
struct Newest<'a> {
    family: &'a str,
    keep: usize,
    revisions: Vec<(u64, String)>,
    /// Every revision so far was older than the one before it.
    descending: bool,
    /// One that is no revision of a family, and may be the newest.
    unread: Option<String>,
}

impl<'a> Newest<'a> {
    fn new(family: &'a str, keep: usize) -> Self {
        Self {
            family,
            keep,
            revisions: Vec::new(),
            descending: true,
            unread: None,
        }
    }

    fn take(&mut self, arns: &[String]) {
        for arn in arns {
            // The filter may be read as a prefix, and then has other families in it.
            let Some((family, revision)) = family_and_revision(arn) else {
                self.unread = Some(arn.clone());
                continue;
            };
            if family != self.family {
                continue;
            }
            let older = self
                .revisions
                .last()
                .is_none_or(|(last, _)| revision < *last);
            self.descending &= older;
            self.revisions.push((revision, arn.clone()));
        }
    }

    /// One revision by itself shows no order.
    fn is_enough(&self) -> bool {
        self.descending && self.revisions.len() >= self.keep.max(2)
    }

    fn arns(mut self) -> Result<Vec<String>, String> {
        if let Some(arn) = self.unread {
            return Err(no_revision(&arn));
        }
        self.revisions
            .sort_by_key(|(revision, _)| Reverse(*revision));
        self.revisions.dedup();
        let kept = self.revisions.into_iter().take(self.keep);
        Ok(kept.map(|(_, arn)| arn).collect())
    }
}

/// What is wrong with a list that has such an ARN.
pub(super) fn no_revision(arn: &str) -> String {
    format!("{arn:?} in it has no family and revision")
}

/// `web` and 12 of `arn:…:task-definition/web:12`, and of a daemon task definition the same.
pub(super) fn family_and_revision(arn: &str) -> Option<(&str, u64)> {
    let (_, name) = arn.rsplit_once('/')?;
    let (family, revision) = name.rsplit_once(':')?;
    Some((family, revision.parse().ok()?))
}

fn definition(found: &TaskDefinition) -> TaskDefinitionUse {
    let containers = found.container_definitions().iter().map(|one| {
        let name = one.name().unwrap_or_default().to_owned();
        (name, one.image().unwrap_or_default().to_owned())
    });
    TaskDefinitionUse {
        arn: found.task_definition_arn().unwrap_or_default().to_owned(),
        containers: containers.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arns(names: &[&str]) -> Vec<String> {
        let arn = |name: &&str| format!("arn:aws:ecs:eu-west-1:1:task-definition/{name}");
        names.iter().map(arn).collect()
    }

    #[test]
    fn a_definition_that_is_not_there_is_told_in_two_ways() {
        let missing = |code: &str, message: &str| {
            is_missing(&AwsErrorKind::Refused {
                code: code.to_owned(),
                message: message.to_owned(),
            })
        };
        assert!(missing(
            "ClientException",
            "Unable to describe task definition."
        ));
        assert!(missing(
            "ClientException",
            "The specified task definition does not exist. Specify a valid account, family, revision."
        ));
        assert!(!missing("ClientException", "Something else"));
        assert!(!missing(
            "ServerException",
            "Unable to describe task definition."
        ));
        assert!(!is_missing(&AwsErrorKind::Throttled));
    }

    #[test]
    fn the_newest_are_found_in_any_order() {
        let newest = |keep, pages: &[&[&str]]| {
            let mut newest = Newest::new("web", keep);
            for page in pages {
                newest.take(&arns(page));
                if newest.is_enough() {
                    break;
                }
            }
            newest.arns().unwrap()
        };
        // In the order that was asked for, the first page is enough.
        let read = newest(2, &[&["web:12", "web:11", "web:10"], &["web:13"]]);
        assert_eq!(read, arns(&["web:12", "web:11"]));
        // In another, all are read.
        let read = newest(2, &[&["web:1", "web:2"], &["web:9", "web:10"]]);
        assert_eq!(read, arns(&["web:10", "web:9"]));
        // A page of one shows no order.
        let read = newest(1, &[&["web:1"], &["web:2"]]);
        assert_eq!(read, arns(&["web:2"]));
        // Other families do not count.
        let read = newest(2, &[&["web-api:9", "web:1"]]);
        assert_eq!(read, arns(&["web:1"]));
        // What cannot be read may be the newest.
        let mut odd = Newest::new("web", 1);
        odd.take(&arns(&["web:2", "web:x"]));
        let problem = odd.arns().unwrap_err();
        assert!(problem.contains("web:x"), "{problem}");
    }
}
