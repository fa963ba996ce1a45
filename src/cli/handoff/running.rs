//! What runs: from a service, a family or an ARN to the task definition that ECS has.

use crate::aws::{Aws, AwsError, AwsErrorKind, EcsService};
use crate::bake::suggest::did_you_mean;
use crate::config::ServiceSettings;
use crate::exit;
use crate::ui::Failure;

use crate::cli::failure::aws::failure_while;

/// Names beyond these are left out of an error.
const SHOWN: usize = 10;

/// Where to look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// What production traffic of a service reaches.
    Service {
        /// The cluster's name or ARN; ECS's `default` without.
        cluster: Option<String>,
        /// The service's name or ARN.
        service: String,
    },
    /// The latest active revision of a family, one revision, or an ARN.
    Definition(String),
}

/// A task definition that ECS has.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Running {
    /// The answer of `DescribeTaskDefinition` as it came.
    pub(super) described: serde_json::Value,
    /// The service that runs it, where one was asked for.
    pub(super) service: Option<EcsService>,
}

impl Subject {
    /// What a `service` block stands for, if it says.
    pub(super) fn of(block: &ServiceSettings) -> Option<Self> {
        match (&block.service, &block.family) {
            (Some(service), _) => Some(Self::Service {
                cluster: block.cluster.clone(),
                service: service.clone(),
            }),
            (None, Some(family)) => Some(Self::Definition(family.clone())),
            (None, None) => None,
        }
    }

    /// The region that an ARN in it names.
    fn region(&self) -> Option<&str> {
        let texts = match self {
            Self::Service { cluster, service } => [Some(service), cluster.as_ref()],
            Self::Definition(name) => [Some(name), None],
        };
        texts.into_iter().flatten().find_map(|text| {
            let region = text.strip_prefix("arn:")?.split(':').nth(2)?;
            (!region.is_empty()).then_some(region)
        })
    }

    /// Asks ECS.
    pub(super) async fn describe(&self, aws: &Aws) -> Result<Running, Failure> {
        let service = match self {
            Self::Definition(_) => None,
            Self::Service { cluster, service } => {
                Some(self.service(aws, cluster.as_deref(), service).await?)
            }
        };
        let name = match (&service, self) {
            (Some(service), _) => &service.task_definition,
            (None, Self::Definition(name)) => name,
            (None, Self::Service { service, .. }) => service,
        };
        let described = aws.ecs_task_definition(self.region(), name).await;
        match described {
            Ok(Some(described)) => Ok(Running { described, service }),
            Ok(None) => {
                let message = format!("there is no task definition `{name}`");
                let failure = Failure::new(exit::HANDOFF, message);
                let family = name.rsplit('/').next().unwrap_or(name);
                let family = family.split(':').next().unwrap_or(family);
                let families = aws.ecs_families(self.region()).await;
                Err(near(failure, family, "families", families))
            }
            Err(error) => Err(failure_while("cannot read the task definition", &error)),
        }
    }

    async fn service(
        &self,
        aws: &Aws,
        cluster: Option<&str>,
        service: &str,
    ) -> Result<EcsService, Failure> {
        let shown = cluster.unwrap_or("default");
        match aws.ecs_service(self.region(), cluster, service).await {
            Ok(Some(found)) if found.status == "INACTIVE" => {
                let message = format!("service `{service}` of cluster `{shown}` was deleted");
                Err(Failure::new(exit::HANDOFF, message).hint(format!(
                    "Its last task definition is {}; --task-definition reads that.",
                    found.task_definition
                )))
            }
            Ok(Some(found)) => Ok(found),
            Ok(None) => {
                let message = format!("cluster `{shown}` has no service `{service}`");
                let failure = Failure::new(exit::HANDOFF, message);
                let names = aws.ecs_service_names(self.region(), cluster).await;
                Err(near(failure, service, "services", names))
            }
            Err(error) => {
                let failure = failure_while("cannot read the service", &error);
                let missing = matches!(&error.kind, AwsErrorKind::NotFound { code, .. }
                    if code == "ClusterNotFoundException");
                if !missing {
                    return Err(failure);
                }
                let message = format!("there is no cluster `{shown}` in {}", error.region);
                let failure = Failure::new(exit::HANDOFF, message);
                let names = aws.ecs_cluster_names(self.region()).await;
                Err(near(failure, shown, "clusters", names))
            }
        }
    }
}

/// Adds which names there are. That they cannot be listed is no failure of its own.
fn near(
    failure: Failure,
    wanted: &str,
    kind: &str,
    names: Result<Vec<String>, AwsError>,
) -> Failure {
    let Ok(names) = names else {
        return failure;
    };
    let failure = match did_you_mean(wanted, names.iter().map(String::as_str)) {
        Some(hint) => failure.hint(hint),
        None => failure,
    };
    if names.is_empty() {
        return failure.hint(format!(
            "There are no {kind} here; is it the right region and account?"
        ));
    }
    let more = match names.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let shown = names[..names.len().min(SHOWN)].join(", ");
    failure.hint(format!("The {kind} are {shown}{more}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_names_the_region() {
        let service = |cluster: Option<&str>, service: &str| Subject::Service {
            cluster: cluster.map(str::to_owned),
            service: service.to_owned(),
        };
        let definition = |name: &str| Subject::Definition(name.to_owned());
        let arn = "arn:aws:ecs:eu-west-1:123456789012:cluster/prod";
        assert_eq!(service(Some(arn), "web").region(), Some("eu-west-1"));
        assert_eq!(service(Some("prod"), "web").region(), None);
        let arn = "arn:aws-cn:ecs:cn-north-1:123456789012:task-definition/web:7";
        assert_eq!(definition(arn).region(), Some("cn-north-1"));
        assert_eq!(definition("web:7").region(), None);
    }

    #[test]
    fn a_block_says_what_it_is() {
        let mut block = ServiceSettings::default();
        assert_eq!(Subject::of(&block), None);
        block.family = Some("batch".to_owned());
        assert_eq!(
            Subject::of(&block),
            Some(Subject::Definition("batch".to_owned()))
        );
        block.service = Some("web".to_owned());
        assert!(matches!(Subject::of(&block), Some(Subject::Service { .. })));
    }

    #[test]
    fn near_names_are_offered_and_long_lists_are_cut() {
        let names: Vec<String> = (0..12).map(|number| format!("svc-{number:02}")).collect();
        let failure = near(Failure::default(), "svc-3", "services", Ok(names));
        assert!(
            failure.hints[0].starts_with("did you mean \"svc-0"),
            "{failure:?}"
        );
        assert!(
            failure.hints[1].ends_with("svc-09 and 2 more."),
            "{failure:?}"
        );
        let none = near(Failure::default(), "web", "services", Ok(Vec::new()));
        assert!(none.hints[0].contains("right region"));
    }
}
