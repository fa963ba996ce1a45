//! What `notify` blocks need: topics, buses, and the secrets that they are sent with.

use super::arn::Place;
use super::needs::{Needs, SecretNeed};
use crate::config::{Channel, NotifySettings, SecretReference};

/// Adds what the blocks name. `place` is where names without an ARN are.
pub(super) fn add(needs: &mut Needs, blocks: &[NotifySettings], place: &Place) {
    for block in blocks {
        match &block.channel {
            Channel::Sns { topic, .. } => {
                needs.topics.insert(topic.clone());
            }
            Channel::EventBridge { bus, region, .. } => {
                needs.buses.insert(bus_arn(bus, region.as_deref(), place));
            }
            Channel::Slack { .. } | Channel::ChatWork { .. } | Channel::Command { .. } => {}
        }
        let secret = block.channel.secret();
        needs
            .secrets
            .extend(secret.and_then(|one| kept(one, place)));
    }
}

fn bus_arn(bus: &str, region: Option<&str>, place: &Place) -> String {
    if bus.starts_with("arn:") {
        return bus.to_owned();
    }
    let place = Place {
        region: region.unwrap_or(&place.region).to_owned(),
        account: place.account.clone(),
    };
    place.arn("events", &format!("event-bus/{bus}"))
}

/// The secret in AWS; `None` for one of the environment.
fn kept(reference: &SecretReference, place: &Place) -> Option<SecretNeed> {
    match reference {
        SecretReference::Environment { .. } => None,
        SecretReference::Parameter { name } => Some(match of_arn(name) {
            Some((place, resource)) => SecretNeed::Parameter {
                place,
                // `parameter/shop/token`: a name in a folder begins with the slash.
                name: resource.trim_start_matches("parameter").to_owned(),
            },
            None => SecretNeed::Parameter {
                place: place.clone(),
                name: name.clone(),
            },
        }),
        SecretReference::SecretsManager { id, .. } => Some(SecretNeed::Secret {
            place: of_arn(id).map_or_else(|| place.clone(), |(place, _)| place),
            name: id.clone(),
        }),
    }
}

/// Where an ARN is, and its resource.
fn of_arn(arn: &str) -> Option<(Place, &str)> {
    let fields: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", _, _, region, account, resource] = fields[..] else {
        return None;
    };
    let place = Place {
        region: region.to_owned(),
        account: account.to_owned(),
    };
    Some((place, resource))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::time::Duration;

    use super::*;

    fn needs(channels: Vec<Channel>) -> Needs {
        let blocks: Vec<NotifySettings> = channels
            .into_iter()
            .map(|channel| NotifySettings {
                name: "ops".to_owned(),
                channel,
                events: BTreeSet::new(),
                targets: None,
                services: None,
                project: None,
                required: false,
                timeout: Duration::from_secs(10),
            })
            .collect();
        let place = Place {
            region: "ap-northeast-1".to_owned(),
            account: "123456789012".to_owned(),
        };
        let mut needs = Needs::default();
        add(&mut needs, &blocks, &place);
        needs
    }

    fn secrets(references: &[&str]) -> Vec<String> {
        let channel = |text: &&str| Channel::Slack {
            webhook: SecretReference::parse(text).unwrap(),
            mentions: Vec::new(),
            base_url: None,
        };
        let needs = needs(references.iter().map(channel).collect());
        needs.secrets.iter().map(SecretNeed::arn).collect()
    }

    #[test]
    fn secrets_become_arns_and_variables_need_nothing() {
        assert_eq!(secrets(&["env:HOOK"]), Vec::<String>::new());
        for (reference, arn) in [
            (
                "ssm:/shop/hook",
                "arn:aws:ssm:ap-northeast-1:123456789012:parameter/shop/hook",
            ),
            (
                "ssm:hook",
                "arn:aws:ssm:ap-northeast-1:123456789012:parameter/hook",
            ),
            (
                "ssm:arn:aws:ssm:eu-west-1:210987654321:parameter/shop/hook",
                "arn:aws:ssm:eu-west-1:210987654321:parameter/shop/hook",
            ),
            (
                "secretsmanager:shop/hook#webhook",
                "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:shop/hook-??????",
            ),
            (
                "secretsmanager:arn:aws:secretsmanager:eu-west-1:210987654321:secret:hook-AbCdEf",
                "arn:aws:secretsmanager:eu-west-1:210987654321:secret:hook-AbCdEf",
            ),
        ] {
            assert_eq!(secrets(&[reference]), [arn], "{reference}");
        }
    }

    #[test]
    fn topics_and_buses_are_named_by_arn() {
        let bus = |bus: &str, region: Option<&str>| Channel::EventBridge {
            bus: bus.to_owned(),
            source: "launchway".to_owned(),
            region: region.map(str::to_owned),
        };
        let topic = "arn:aws:sns:eu-west-1:123456789012:releases";
        let needs = needs(vec![
            Channel::Sns {
                topic: topic.to_owned(),
                region: "eu-west-1".to_owned(),
            },
            bus("default", None),
            bus("releases", Some("eu-west-1")),
            bus("arn:aws:events:us-east-1:210987654321:event-bus/all", None),
        ]);
        assert_eq!(needs.topics, BTreeSet::from([topic.to_owned()]));
        let buses: Vec<&str> = needs.buses.iter().map(String::as_str).collect();
        assert_eq!(
            buses,
            [
                "arn:aws:events:ap-northeast-1:123456789012:event-bus/default",
                "arn:aws:events:eu-west-1:123456789012:event-bus/releases",
                "arn:aws:events:us-east-1:210987654321:event-bus/all",
            ]
        );
        assert!(needs.secrets.is_empty());
    }
}
