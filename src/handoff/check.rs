//! The rules of a finished task definition that can be seen in its text and in the release record.
//! AWS reports most of them in the deploy stage, some only when a task starts, some never.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::container::{CONTAINERS, Container};
use super::fargate;
use super::images::Images;
use super::json::{element_path, member_path};
use super::places::Places;
use super::problem::Problem;
use super::rule::{DEFINITION_LIMIT, IMAGE_LIMIT, TaskdefRule};
use super::schema::{self, MisfitKind};
use crate::image::{Digest, Platform};

/// Checks the members of a task definition and its containers.
pub(super) fn check(
    members: &Map<String, Value>,
    containers: &[Container],
    images: &Images<'_>,
    places: &Places<'_>,
    problems: &mut Vec<Problem>,
    warnings: &mut Vec<Problem>,
) {
    let mut check = Check {
        members,
        places,
        problems,
        warnings,
    };
    check.members();
    for (name, value) in members {
        check.texts(value, name);
    }
    check.duplicates(containers);
    check.ports(containers);
    check.images(containers);
    check.platforms(containers, images);
    check.fargate();
    let size = Value::Object(members.clone()).to_string().len();
    if size > DEFINITION_LIMIT {
        check.wrong("", TaskdefRule::TooLong { size });
    }
}

struct Check<'a> {
    members: &'a Map<String, Value>,
    places: &'a Places<'a>,
    problems: &'a mut Vec<Problem>,
    warnings: &'a mut Vec<Problem>,
}

impl Check<'_> {
    fn wrong(&mut self, path: &str, rule: TaskdefRule) {
        let location = self.places.location(path);
        self.problems.push(Problem::Taskdef { location, rule });
    }

    fn odd(&mut self, path: &str, rule: TaskdefRule) {
        let location = self.places.location(path);
        self.warnings.push(Problem::Taskdef { location, rule });
    }

    fn text(&self, member: &str) -> Option<&str> {
        self.members.get(member).and_then(Value::as_str)
    }

    fn members(&mut self) {
        for misfit in schema::misfits(self.members) {
            let rule = match misfit.kind {
                MisfitKind::Unknown { name, known } => TaskdefRule::UnknownMember { name, known },
                MisfitKind::Type { expected } => TaskdefRule::WrongType { expected },
            };
            self.odd(&misfit.path, rule);
        }
    }

    /// Account ids in all texts below `value`.
    fn texts(&mut self, value: &Value, path: &str) {
        match value {
            Value::String(text) => {
                if let Some(account) = wrong_account(text) {
                    let rule = TaskdefRule::AccountId {
                        arn: text.clone(),
                        account,
                    };
                    self.wrong(path, rule);
                }
            }
            Value::Array(elements) => {
                for (index, element) in elements.iter().enumerate() {
                    self.texts(element, &element_path(path, index));
                }
            }
            Value::Object(members) => {
                for (name, member) in members {
                    self.texts(member, &member_path(path, name));
                }
            }
            _ => {}
        }
    }

    fn duplicates(&mut self, containers: &[Container]) {
        let mut seen = BTreeSet::new();
        for container in containers {
            if !seen.insert(&container.name) {
                let path = member_path(&element_path(CONTAINERS, container.index), "name");
                let name = container.name.clone();
                self.wrong(&path, TaskdefRule::DuplicateContainer { name });
            }
        }
    }

    /// With a network of its own, or the host's, a task cannot map one port to another.
    fn ports(&mut self, containers: &[Container]) {
        let Some(mode @ ("awsvpc" | "host")) = self.text("networkMode") else {
            return;
        };
        let mode = mode.to_owned();
        for container in containers {
            let path = element_path(CONTAINERS, container.index);
            let mappings = self.members[CONTAINERS][container.index]["portMappings"].as_array();
            for (index, mapping) in mappings.into_iter().flatten().enumerate() {
                let port = |name: &str| mapping[name].as_u64();
                if let (Some(host), Some(container)) = (port("hostPort"), port("containerPort"))
                    && host != container
                    && host != 0
                {
                    let mapping = element_path(&member_path(&path, "portMappings"), index);
                    let rule = TaskdefRule::HostPort {
                        host,
                        container,
                        mode: mode.clone(),
                    };
                    self.wrong(&member_path(&mapping, "hostPort"), rule);
                }
            }
        }
    }

    fn images(&mut self, containers: &[Container]) {
        for container in containers {
            let path = member_path(&element_path(CONTAINERS, container.index), "image");
            let image = &container.image;
            if image.contains(['<', '>']) {
                continue;
            }
            let (name, digest) = match image.split_once('@') {
                Some((name, digest)) => (name, Some(digest)),
                None => (image.as_str(), None),
            };
            let length = name.chars().count();
            if length > IMAGE_LIMIT {
                self.wrong(&path, TaskdefRule::LongImage { length });
            }
            if let Some(account) = wrong_registry_account(name) {
                let rule = TaskdefRule::RegistryAccount {
                    image: image.clone(),
                    account,
                };
                self.wrong(&path, rule);
            }
            match digest {
                Some(digest) if digest.parse::<Digest>().is_err() => {
                    let digest = digest.to_owned();
                    self.wrong(&path, TaskdefRule::Digest { digest });
                }
                None if container.targets.is_empty() => {
                    let image = image.clone();
                    self.odd(&path, TaskdefRule::Floating { image });
                }
                _ => {}
            }
        }
    }

    /// Whether every released image runs on the task's platform. One that was not released, or whose
    /// record names no platforms, cannot be judged.
    fn platforms(&mut self, containers: &[Container], images: &Images<'_>) {
        let Some(Wanted {
            platform: wanted,
            declared,
            certain,
        }) = self.platform()
        else {
            return;
        };
        let images = images.by_target();
        for container in containers {
            for target in &container.targets {
                let Some(record) = images.get(target.as_str()) else {
                    continue;
                };
                let platforms: Vec<Platform> = record.platforms.keys().cloned().collect();
                let runs = platforms.iter().any(|platform| {
                    platform.os() == wanted.os() && platform.architecture() == wanted.architecture()
                });
                if !runs && !platforms.is_empty() {
                    let path = element_path(CONTAINERS, container.index);
                    let rule = TaskdefRule::Platform {
                        target: target.clone(),
                        platforms,
                        wanted: wanted.clone(),
                        declared,
                    };
                    let path = member_path(&path, "image");
                    if certain {
                        self.wrong(&path, rule);
                    } else {
                        self.odd(&path, rule);
                    }
                }
            }
        }
    }

    /// What the task runs on. Fargate takes x86-64 when `runtimePlatform` does not say; on instances
    /// of one's own it is theirs, which nobody knows here. Without `requiresCompatibilities`, a task
    /// with a network of its own can be meant for either.
    fn platform(&self) -> Option<Wanted> {
        let declared = self.members.get("runtimePlatform");
        let part = |name: &str| declared.and_then(|part| part[name].as_str());
        let os = match part("operatingSystemFamily") {
            Some(family) if family.starts_with("WINDOWS") => "windows",
            _ => "linux",
        };
        let (architecture, certain) = match part("cpuArchitecture") {
            Some("X86_64") => ("amd64", true),
            Some("ARM64") => ("arm64", true),
            Some(_) => return None,
            None => match self.compatibilities() {
                Some(all) if all.contains("FARGATE") => ("amd64", true),
                None if self.text("networkMode") == Some("awsvpc") => ("amd64", false),
                _ => return None,
            },
        };
        Some(Wanted {
            platform: Platform::new(os, architecture, None),
            declared: part("cpuArchitecture").is_some(),
            certain,
        })
    }

    fn compatibilities(&self) -> Option<BTreeSet<&str>> {
        let list = self.members.get("requiresCompatibilities")?.as_array()?;
        Some(list.iter().filter_map(Value::as_str).collect())
    }

    fn fargate(&mut self) {
        if !self
            .compatibilities()
            .is_some_and(|all| all.contains("FARGATE"))
        {
            return;
        }
        for member in ["cpu", "memory"] {
            if !self.members.contains_key(member) {
                self.odd("", TaskdefRule::FargateNeeds { member });
            }
        }
        let mode = self.members.get("networkMode");
        if mode.and_then(Value::as_str) != Some("awsvpc") {
            let rule = TaskdefRule::FargateNetwork {
                mode: mode.map(plain),
            };
            self.wrong(if mode.is_some() { "networkMode" } else { "" }, rule);
        }
        let size = |member: &str| self.members.get(member).map(plain);
        if let (Some(cpu), Some(memory)) = (size("cpu"), size("memory"))
            && let Some(possible) = fargate::objection(&cpu, &memory)
        {
            let rule = TaskdefRule::FargateSize {
                cpu,
                memory,
                possible,
            };
            self.odd("cpu", rule);
        }
    }
}

/// The platform of a task.
struct Wanted {
    platform: Platform,
    /// The task definition says so, rather than leaving it to the default.
    declared: bool,
    /// It is this and no other.
    certain: bool,
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// The account id of an ARN, when it cannot be one. A role of an account whose id has 11 or 13
/// digits is a typing mistake that AWS reports only when a task starts. An id that is filled in later
/// (`<ID>`, `${ID}`) is left alone, and so are ARNs whose account is a word: of AWS itself.
pub(super) fn wrong_account(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let ["arn", partition, service, _, account, resource] = parts.as_slice() else {
        return None;
    };
    let filled_in_later = account.contains(['<', '$', '{', '%']);
    let valid = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    let digits = !account.is_empty() && account.bytes().all(|byte| byte.is_ascii_digit());
    let role = *service == "iam" && resource.starts_with("role/");
    let wrong = partition.starts_with("aws") && !valid && !filled_in_later && (digits || role);
    wrong.then(|| (*account).to_owned())
}

/// The account id of an image in ECR, when it cannot be one.
fn wrong_registry_account(image: &str) -> Option<String> {
    let (host, _) = image.split_once('/')?;
    let (account, rest) = host.split_once('.')?;
    let ecr = ["dkr.ecr.", "dkr.ecr-fips.", "dkr-ecr.", "dkr-ecr-fips."];
    let valid = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    let wrong = ecr.iter().any(|form| rest.starts_with(form)) && !valid;
    (wrong && !account.contains(['<', '$', '{', '%'])).then(|| account.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn account_ids_have_twelve_digits() {
        for text in [
            "arn:aws:iam::012346789012:role/x",
            "arn:aws:iam::${ACCOUNT}:role/x",
            "arn:aws:iam::aws:policy/x",
            "arn:aws:s3:::bucket",
            "arn:aws:secretsmanager:eu-west-1:123456789012:secret:a:b::",
            "the arn:aws:iam::1:role/x",
        ] {
            assert_eq!(wrong_account(text), None, "{text}");
        }
        for (text, account) in [
            ("arn:aws:iam::0123456789012:role/x", "0123456789012"),
            ("arn:aws:iam::xxxxxxxxxxxx:role/x", "xxxxxxxxxxxx"),
            ("arn:aws:iam:::role/x", ""),
            ("arn:aws-cn:ssm:cn-north-1:123:parameter/x", "123"),
        ] {
            assert_eq!(wrong_account(text).as_deref(), Some(account), "{text}");
        }
    }

    #[test]
    fn account_ids_of_registries_too() {
        let wrong = wrong_registry_account;
        assert_eq!(
            wrong("123456789012.dkr.ecr.eu-west-1.amazonaws.com/a"),
            None
        );
        assert_eq!(wrong("public.ecr.aws/nginx/nginx:1"), None);
        assert_eq!(wrong("nginx:1"), None);
        for form in [
            "dkr.ecr.eu-west-1.amazonaws.com",
            "dkr-ecr.eu-west-1.on.aws",
        ] {
            let image = format!("123456.{form}/a");
            assert_eq!(wrong(&image).as_deref(), Some("123456"));
        }
    }
}
