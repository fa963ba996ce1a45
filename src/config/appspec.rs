//! `appspec` of a `service` block: the path of a file, or an object with what an appspec for ECS says.
//! Names and types are read here; that the parts fit each other is `handoff::appspec`'s work, which
//! checks a file and an object alike.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;
use serde_json::{Map, Value};

use super::read::Reader;
use crate::bake::diagnostic::Fault;
use crate::bake::suggest::did_you_mean;

/// Where an appspec comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum AppspecSource {
    /// `appspec = "FILE"`: YAML or JSON, relative to the configuration's folder.
    File(PathBuf),
    /// `appspec = { … }`.
    Block(AppspecBlock),
}

/// `appspec = { container = "web", port = 8080, … }`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AppspecBlock {
    /// `container`: the one that the load balancer sends requests to.
    pub container: String,
    /// `port`: its port.
    pub port: u64,
    /// `platform_version`: Fargate's.
    pub platform_version: Option<String>,
    /// `network = { subnets, security_groups, assign_public_ip }`.
    pub network: Option<AppspecNetwork>,
    /// `capacity_providers = { FARGATE_SPOT = { base, weight } }` by name.
    pub capacity_providers: BTreeMap<String, CapacityProvider>,
    /// `hooks = { BeforeInstall = "function" }`: lifecycle event to Lambda function.
    pub hooks: BTreeMap<String, String>,
    /// `format = "yaml" | "json"`.
    pub format: AppspecFormat,
}

/// The three members of an appspec's network configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AppspecNetwork {
    /// `subnets`.
    pub subnets: Vec<String>,
    /// `security_groups`.
    pub security_groups: Vec<String>,
    /// `assign_public_ip`.
    pub assign_public_ip: bool,
}

/// One capacity provider of a strategy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CapacityProvider {
    /// How many tasks run on it at least.
    pub base: Option<u64>,
    /// Its share of the other tasks.
    pub weight: Option<u64>,
}

/// The form of a generated appspec.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AppspecFormat {
    /// `appspec.yaml`, the name that CodePipeline's action looks for by default.
    #[default]
    Yaml,
    /// `appspec.json`.
    Json,
}

/// Evaluates `appspec`.
pub(super) fn read(reader: &Reader<'_>) -> Result<Option<AppspecSource>, Fault> {
    match reader.json("appspec")? {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(members)) => AppspecBlock::from_json(&members)
            .map(|block| Some(AppspecSource::Block(block)))
            .map_err(|Misfit { message, help }| reader.fault("appspec", &message).maybe_help(help)),
        Some(Value::String(_)) => Ok(reader.path("appspec")?.map(AppspecSource::File)),
        Some(_) => Err(reader
            .fault("appspec", "must be the path of a file, or an object")
            .help("write appspec = { container = \"web\", port = 80 }")),
    }
}

/// Why an object is no appspec.
#[derive(Debug)]
pub(crate) struct Misfit {
    message: String,
    help: Option<String>,
}

fn misfit(message: impl Into<String>) -> Misfit {
    Misfit {
        message: message.into(),
        help: None,
    }
}

impl AppspecBlock {
    /// Reads the object. Nothing is checked that needs the task definition.
    pub(crate) fn from_json(members: &Map<String, Value>) -> Result<Self, Misfit> {
        let object = Object {
            name: "",
            members,
            known: &[
                "container",
                "port",
                "platform_version",
                "network",
                "capacity_providers",
                "hooks",
                "format",
            ],
        };
        object.check_names()?;
        let needed = |name: &str| misfit(format!("{name} is missing"));
        let format = match object.text("format")?.as_deref() {
            None | Some("yaml") => AppspecFormat::Yaml,
            Some("json") => AppspecFormat::Json,
            Some(other) => {
                return Err(misfit(format!(
                    "format must be \"yaml\" or \"json\", and it is {other:?}"
                )));
            }
        };
        let mut capacity_providers = BTreeMap::new();
        for (name, value) in object.object("capacity_providers")?.into_iter().flatten() {
            let Value::Object(members) = value else {
                return Err(misfit(format!(
                    "capacity_providers.{name} must be an object like {{ base = 1, weight = 1 }}"
                )));
            };
            let provider = Object {
                name: "capacity_providers.",
                members,
                known: &["base", "weight"],
            };
            provider.check_names()?;
            capacity_providers.insert(
                name.clone(),
                CapacityProvider {
                    base: provider.count("base")?,
                    weight: provider.count("weight")?,
                },
            );
        }
        let mut hooks = BTreeMap::new();
        for (event, function) in object.object("hooks")?.into_iter().flatten() {
            let Value::String(function) = function else {
                return Err(misfit(format!("hooks.{event} must be a text")));
            };
            hooks.insert(event.clone(), function.clone());
        }
        Ok(Self {
            container: object
                .text("container")?
                .ok_or_else(|| needed("container"))?,
            port: object.count("port")?.ok_or_else(|| needed("port"))?,
            platform_version: object.text("platform_version")?,
            network: object.object("network")?.map(network).transpose()?,
            capacity_providers,
            hooks,
            format,
        })
    }
}

fn network(members: &Map<String, Value>) -> Result<AppspecNetwork, Misfit> {
    let object = Object {
        name: "network.",
        members,
        known: &["subnets", "security_groups", "assign_public_ip"],
    };
    object.check_names()?;
    let assign_public_ip = match members.get("assign_public_ip") {
        Some(Value::Bool(flag)) => *flag,
        Some(_) => return Err(misfit("network.assign_public_ip must be true or false")),
        None => {
            return Err(misfit(
                "network.assign_public_ip is missing; CodeDeploy takes all three or none",
            ));
        }
    };
    Ok(AppspecNetwork {
        subnets: object.texts("subnets")?,
        security_groups: object.texts("security_groups")?,
        assign_public_ip,
    })
}

/// An object of the block, with its name as a prefix for messages.
struct Object<'a> {
    name: &'a str,
    members: &'a Map<String, Value>,
    known: &'static [&'static str],
}

impl<'a> Object<'a> {
    fn check_names(&self) -> Result<(), Misfit> {
        match self
            .members
            .keys()
            .find(|name| !self.known.contains(&name.as_str()))
        {
            None => Ok(()),
            Some(name) => Err(Misfit {
                message: format!("there is no {}{name}", self.name),
                help: did_you_mean(name, self.known.iter().copied())
                    .or_else(|| Some(format!("it has {}", self.known.join(", ")))),
            }),
        }
    }

    /// The member; absent when it is null.
    fn get(&self, member: &str) -> Option<&'a Value> {
        self.members.get(member).filter(|value| !value.is_null())
    }

    fn text(&self, member: &str) -> Result<Option<String>, Misfit> {
        match self.get(member) {
            None => Ok(None),
            Some(Value::String(text)) if !text.is_empty() => Ok(Some(text.clone())),
            Some(_) => Err(misfit(format!(
                "{}{member} must be a text that is not empty",
                self.name
            ))),
        }
    }

    fn count(&self, member: &str) -> Result<Option<u64>, Misfit> {
        match self.get(member) {
            None => Ok(None),
            Some(value) => value.as_u64().map(Some).ok_or_else(|| {
                misfit(format!(
                    "{}{member} must be a whole number, and it is {value}",
                    self.name
                ))
            }),
        }
    }

    fn texts(&self, member: &str) -> Result<Vec<String>, Misfit> {
        let texts = self.get(member).and_then(Value::as_array).map(|list| {
            let texts = list.iter().map(|text| text.as_str().map(str::to_owned));
            texts.collect::<Option<Vec<_>>>()
        });
        match texts.flatten() {
            Some(texts) if !texts.is_empty() => Ok(texts),
            _ => Err(misfit(format!(
                "{}{member} must be a list of texts; CodeDeploy takes all three or none",
                self.name
            ))),
        }
    }

    fn object(&self, member: &str) -> Result<Option<&'a Map<String, Value>>, Misfit> {
        match self.get(member) {
            None => Ok(None),
            Some(Value::Object(members)) => Ok(Some(members)),
            Some(_) => Err(misfit(format!("{}{member} must be an object", self.name))),
        }
    }
}
