//! Daemon task definitions: what a managed daemon starts. They are no task definitions: they have operations,
//! ARNs (`…:daemon-task-definition/agent:3`) and families of their own.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use aws_sdk_ecs::types::{DaemonTaskDefinition, DaemonTaskDefinitionStatusFilter};

use super::ecs_daemons::knows_no_daemons;
use super::ecs_definitions::{TaskDefinitionUse, family_and_revision, no_revision};
use super::ecs_usage::{EcsUsage, PAGE};
use super::pages::Pages;
use super::{AwsError, AwsErrorKind};

const LIST: &str = "ecs:ListDaemonTaskDefinitions";
const DESCRIBE: &str = "ecs:DescribeDaemonTaskDefinition";

impl EcsUsage {
    /// The ARNs of all active daemon task definitions by family, newest first. None where the region has no
    /// daemons.
    pub async fn daemon_definitions(&self) -> Result<BTreeMap<String, Vec<String>>, AwsError> {
        let mut pages = Pages::of(LIST, &self.region);
        let mut found = Vec::new();
        loop {
            let request = self.client.list_daemon_task_definitions();
            let request = request
                .status(DaemonTaskDefinitionStatusFilter::Active)
                .max_results(PAGE)
                .set_next_token(pages.token());
            let answer = match self
                .aws
                .paced(LIST, &self.region, || request.clone().send())
                .await
            {
                Ok(answer) => answer,
                Err(error) if knows_no_daemons(&error) => return Ok(BTreeMap::new()),
                Err(error) => return Err(error),
            };
            let arns = answer.daemon_task_definitions().iter();
            found.extend(arns.map(|one| one.arn().unwrap_or_default().to_owned()));
            if !pages.turn(answer.next_token())? {
                let invalid = |problem| AwsError::invalid(LIST, &self.region, problem);
                return by_family(found).map_err(invalid);
            }
        }
    }

    /// A daemon task definition, by ARN; also one that was deleted, from which daemons may still run. `None` where
    /// there is none.
    pub async fn daemon_definition(
        &self,
        arn: &str,
    ) -> Result<Option<TaskDefinitionUse>, AwsError> {
        let request = self.client.describe_daemon_task_definition();
        let request = request.daemon_task_definition(arn);
        let answer = match self
            .aws
            .paced(DESCRIBE, &self.region, || request.clone().send())
            .await
        {
            Ok(answer) => answer,
            Err(error) if is_missing(&error.kind) => return Ok(None),
            Err(error) => return Err(error),
        };
        let Some(found) = answer.daemon_task_definition() else {
            let problem = "there is no daemon task definition in it";
            return Err(AwsError::invalid(DESCRIBE, &self.region, problem));
        };
        Ok(Some(definition(arn, found)))
    }
}

/// Whether a name is of a daemon task definition.
pub fn is_daemon_definition(name: &str) -> bool {
    name.starts_with("arn:") && name.contains(":daemon-task-definition/")
}

/// As with task definitions, ECS has no code of its own for one that is not there.
fn is_missing(kind: &AwsErrorKind) -> bool {
    let texts = ["Unable to describe", "does not exist"];
    matches!(kind, AwsErrorKind::Refused { code, message }
        if code == "ClientException"
            && message.contains("task definition")
            && texts.iter().any(|text| message.contains(text)))
}

/// What cannot be sorted may be the newest.
fn by_family(arns: Vec<String>) -> Result<BTreeMap<String, Vec<String>>, String> {
    let mut families: BTreeMap<String, Vec<(u64, String)>> = BTreeMap::new();
    for arn in arns {
        let Some((family, revision)) = family_and_revision(&arn) else {
            return Err(no_revision(&arn));
        };
        let family = families.entry(family.to_owned()).or_default();
        family.push((revision, arn));
    }
    let sorted = families.into_iter().map(|(family, mut revisions)| {
        revisions.sort_by_key(|(revision, _)| Reverse(*revision));
        let arns = revisions.into_iter().map(|(_, arn)| arn);
        (family, arns.collect())
    });
    Ok(sorted.collect())
}

fn definition(arn: &str, found: &DaemonTaskDefinition) -> TaskDefinitionUse {
    let containers = found.container_definitions().iter().map(|one| {
        let name = one.name().unwrap_or_default().to_owned();
        (name, one.image().to_owned())
    });
    TaskDefinitionUse {
        arn: found.daemon_task_definition_arn().unwrap_or(arn).to_owned(),
        containers: containers.collect(),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_ecs::types::DaemonContainerDefinition;

    use super::*;

    fn arn(name: &str) -> String {
        format!("arn:aws:ecs:eu-west-1:1:daemon-task-definition/{name}")
    }

    #[test]
    fn families_have_their_newest_revisions_first() {
        let names = ["agent:9", "agent:10", "logs:1", "agent:1"];
        let read = by_family(names.map(arn).to_vec()).unwrap();
        let expected = [
            ("agent", vec!["agent:10", "agent:9", "agent:1"]),
            ("logs", vec!["logs:1"]),
        ];
        let expected = expected.map(|(family, names)| {
            let arns: Vec<String> = names.into_iter().map(arn).collect();
            (family.to_owned(), arns)
        });
        assert_eq!(read, BTreeMap::from(expected));
        for wrong in [arn("agent"), arn("agent:x"), String::new()] {
            assert!(by_family(vec![arn("agent:1"), wrong]).is_err());
        }
    }

    #[test]
    fn only_arns_of_their_kind_are_daemon_task_definitions() {
        assert!(is_daemon_definition(&arn("agent:1")));
        for other in [
            "arn:aws:ecs:eu-west-1:1:task-definition/agent:1",
            "agent:1",
            "daemon-task-definition/agent:1",
        ] {
            assert!(!is_daemon_definition(other), "{other}");
        }
    }

    #[test]
    fn one_that_is_not_there_is_told_by_a_text() {
        let missing = |code: &str, message: &str| {
            let (code, message) = (code.to_owned(), message.to_owned());
            is_missing(&AwsErrorKind::Refused { code, message })
        };
        let code = "ClientException";
        assert!(missing(code, "Unable to describe daemon task definition."));
        assert!(missing(
            code,
            "The specified daemon task definition does not exist."
        ));
        assert!(!missing(code, "The role does not exist."));
        assert!(!missing(code, "Something else"));
        assert!(!missing(
            "ServerException",
            "Unable to describe daemon task definition."
        ));
        assert!(!is_missing(&AwsErrorKind::Throttled));
    }

    #[test]
    fn every_container_counts() {
        let container = |name: &str, image: &str| {
            let one = DaemonContainerDefinition::builder().name(name);
            one.image(image).build().unwrap()
        };
        let built = DaemonTaskDefinition::builder()
            .container_definitions(container("agent", "a"))
            .container_definitions(container("logs", "b"));
        let read = definition(&arn("agent:1"), &built.build());
        assert_eq!(read.arn, arn("agent:1"));
        let containers = [("agent", "a"), ("logs", "b")];
        let containers = containers.map(|(name, image)| (name.to_owned(), image.to_owned()));
        assert_eq!(read.containers, containers);
    }
}
