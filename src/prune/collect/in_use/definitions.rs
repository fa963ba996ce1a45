//! The task definitions that anything names, also those that are no longer active: each is described
//! once, and its images are in use. Those of daemons are of another kind, which their ARN tells.

use std::sync::Arc;

use futures::{StreamExt as _, stream};

use super::findings::WantedDefinition;
use super::{AT_ONCE, Look, last_part};
use crate::aws::{AwsError, EcsUsage, TaskDefinitionUse, is_daemon_definition};
use crate::prune::{Event, Source};

/// Describes everything that is wanted so far.
pub(super) async fn describe(look: &Look<'_>, ecs: &EcsUsage) {
    let wanted = look.findings.take_definitions();
    stream::iter(wanted)
        .for_each_concurrent(AT_ONCE, async |(name, wanted)| {
            if let Some(region) = other_region(&name, &look.place.region) {
                let problem = format!("the task definition {name} is in {region}");
                for one in wanted {
                    look.findings.bad_reference(one.source, &one.by, &problem);
                }
                return;
            }
            match definition(look, ecs, &name).await {
                Ok(Some(definition)) => {
                    for one in &wanted {
                        use_definition(look, one, &definition);
                    }
                }
                Ok(None) => missing(look, &name, &wanted),
                Err(error) => look.findings.failed_of(last_part(&name), &error),
            }
        })
        .await;
}

async fn definition(
    look: &Look<'_>,
    ecs: &EcsUsage,
    name: &str,
) -> Result<Option<Arc<TaskDefinitionUse>>, AwsError> {
    if let Some(known) = look.cache.definitions.get(name) {
        return Ok(Some(known));
    }
    let found = if is_daemon_definition(name) {
        ecs.daemon_definition(name).await?
    } else {
        ecs.definition(name).await?
    };
    let Some(found) = found else {
        return Ok(None);
    };
    // By family, the answer is another one after the next registration.
    let is_revision = found.arn == name;
    Ok(Some(if is_revision {
        look.cache.definitions.put(name.to_owned(), found)
    } else {
        Arc::new(found)
    }))
}

fn use_definition(look: &Look<'_>, wanted: &WantedDefinition, definition: &TaskDefinitionUse) {
    let name = last_part(&definition.arn);
    let by = match wanted.by.as_str() {
        "" => name.to_owned(),
        by if is_daemon_definition(&definition.arn) => {
            format!("{by}, daemon task definition {name}")
        }
        by => format!("{by}, task definition {name}"),
    };
    for (container, image) in &definition.containers {
        let pulled = wanted.digests.get(container).map(String::as_str);
        look.findings.image(wanted.source, &by, image, pulled);
    }
}

/// Nothing can be started from a definition that is not there; ECS keeps those that a task or service has.
/// A state machine alone may reach into another account, where it could be; and a daemon has one, deleted or not.
fn missing(look: &Look<'_>, name: &str, wanted: &[WantedDefinition]) {
    for one in wanted {
        if matches!(one.source, Source::StateMachine | Source::Daemon) {
            let problem = format!("there is no task definition {name} in this account");
            look.findings.bad_reference(one.source, &one.by, &problem);
        } else {
            let (source, by) = (one.source.label(), &one.by);
            let text = format!("{source} {by} names the task definition {name}, and there is none");
            look.observer.tell(&Event::Note { text: &text });
        }
    }
}

/// The region of an ARN, where it is not this one.
fn other_region<'a>(name: &'a str, here: &str) -> Option<&'a str> {
    let region = name.strip_prefix("arn:")?.split(':').nth(2)?;
    (region != here).then_some(region)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_arns_have_regions() {
        let arn = "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:1";
        assert_eq!(other_region(arn, "eu-west-1"), None);
        assert_eq!(other_region(arn, "us-east-1"), Some("eu-west-1"));
        assert_eq!(other_region("web:1", "us-east-1"), None);
    }
}
