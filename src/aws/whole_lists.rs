//! An answer to a list that has no list in it: `{}`, or no body at all, with status 200. A proxy or an endpoint that
//! only looks like AWS gives such answers, and the SDK reads them as an empty last page.
//!
//! What is missing from a list of uses would be deleted, and so such an answer is an error; a repository would look
//! empty. AWS writes `[]` where there is nothing, and so does moto.

use std::collections::BTreeMap;

use aws_sdk_ecr::config::interceptors::AfterDeserializationInterceptorContextRef;
use aws_sdk_ecr::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_ecr::error::BoxError;
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use serde::de::IgnoredAny;

use super::calls::action;

/// The lists of uses and of images, and the members of the answer of which one at least has entries.
const LISTS: [(&str, &[&str]); 25] = [
    ("batch:DescribeJobDefinitions", &["jobDefinitions"]),
    ("batch:DescribeJobQueues", &["jobQueues"]),
    ("batch:ListJobs", &["jobSummaryList"]),
    ("ecr:BatchGetImage", &["images", "failures"]),
    ("ecr:DescribeImages", &["imageDetails"]),
    ("ecr:DescribeRepositories", &["repositories"]),
    ("ecs:ListClusters", &["clusterArns"]),
    ("ecs:ListDaemonDeployments", &["daemonDeployments"]),
    ("ecs:ListDaemonTaskDefinitions", &["daemonTaskDefinitions"]),
    ("ecs:ListDaemons", &["daemonSummariesList"]),
    ("ecs:ListServiceDeployments", &["serviceDeployments"]),
    ("ecs:ListServices", &["serviceArns"]),
    ("ecs:ListTaskDefinitionFamilies", &["families"]),
    ("ecs:ListTaskDefinitions", &["taskDefinitionArns"]),
    ("ecs:ListTasks", &["taskArns"]),
    ("events:ListEventBuses", &["EventBuses"]),
    ("events:ListRules", &["Rules"]),
    ("events:ListTargetsByRule", &["Targets"]),
    ("lambda:ListAliases", &["Aliases"]),
    ("lambda:ListFunctions", &["Functions"]),
    ("lambda:ListVersionsByFunction", &["Versions"]),
    ("scheduler:ListSchedules", &["Schedules"]),
    ("ssm:GetParametersByPath", &["Parameters"]),
    ("states:ListStateMachineVersions", &["stateMachineVersions"]),
    ("states:ListStateMachines", &["stateMachines"]),
];

/// Looks at the answer of every request of a client.
#[derive(Clone, Copy, Debug)]
pub(super) struct WholeLists;

impl Intercept for WholeLists {
    fn name(&self) -> &'static str {
        "launchway: lists have entries"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let answer = context.response();
        match config.load::<Metadata>() {
            Some(call) if answer.status().is_success() => {
                let body = answer.body().bytes().unwrap_or_default();
                check(&action(call), body).map_err(Into::into)
            }
            _ => Ok(()),
        }
    }
}

/// Whether the body of an answer has the list of its operation; `Ok` for what is no list.
fn check(action: &str, body: &[u8]) -> Result<(), String> {
    let Some((_, wanted)) = LISTS.iter().find(|(list, _)| *list == action) else {
        return Ok(());
    };
    // `null` is as good as missing.
    let members: BTreeMap<String, Option<IgnoredAny>> =
        serde_json::from_slice(body).unwrap_or_default();
    let has = |member: &&str| matches!(members.get(*member), Some(Some(_)));
    if wanted.iter().any(has) {
        Ok(())
    } else {
        Err(format!("the answer has no {}", wanted.join(" and no ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_without_its_member_is_no_empty_list() {
        let clusters = |body: &str| check("ecs:ListClusters", body.as_bytes());
        assert_eq!(clusters(r#"{"clusterArns": []}"#), Ok(()));
        assert_eq!(
            clusters(r#"{"clusterArns": ["a"], "nextToken": "b"}"#),
            Ok(())
        );
        for body in [
            "",
            "{}",
            "null",
            "<html>",
            r#"{"clusterArns": null}"#,
            r#"{"x": []}"#,
        ] {
            let error = clusters(body).unwrap_err();
            assert_eq!(error, "the answer has no clusterArns", "{body}");
        }
        assert_eq!(check("ecs:DescribeTaskDefinition", b"{}"), Ok(()));
    }

    #[test]
    fn manifests_that_are_all_there_or_all_missing_are_an_answer() {
        let read = |body: &str| check("ecr:BatchGetImage", body.as_bytes());
        assert_eq!(read(r#"{"images": [], "failures": []}"#), Ok(()));
        assert_eq!(read(r#"{"images": [{}]}"#), Ok(()));
        assert_eq!(read(r#"{"failures": [{}], "images": null}"#), Ok(()));
        let error = read("{}").unwrap_err();
        assert_eq!(error, "the answer has no images and no failures");
    }
}
