//! The rules of an appspec for ECS, and what is mended in one: the letters of keys, which CodeDeploy
//! documents in one form, and a port in quotes.

use std::collections::BTreeSet;
use std::ops::Range;

use super::super::check::wrong_account;
use super::super::container::Container;
use super::super::location::Location;
use super::super::placeholder;
use super::super::problem::Problem;
use super::node::{Kind, Node};
use super::rule::AppspecRule;
use super::{HOOKS, TASK_DEFINITION};

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) problems: Vec<Problem>,
    pub(super) warnings: Vec<Problem>,
    /// Bytes of the text and what to write there.
    pub(super) mends: Vec<(Range<usize>, String)>,
}

/// The text with its mends.
pub(super) fn mended(text: &str, mut mends: Vec<(Range<usize>, String)>) -> String {
    mends.sort_by_key(|(range, _)| range.start);
    let mut text = text.to_owned();
    for (range, new) in mends.into_iter().rev() {
        text.replace_range(range, &new);
    }
    text
}

/// Checks an appspec. `containers` are those of the task definition, if it is known.
pub(super) fn check(root: &Node, containers: Option<&[Container]>) -> Found {
    let mut found = Found::default();
    found.texts(root);
    found.document(root, containers);
    found
}

impl Found {
    fn wrong(&mut self, location: &Location, rule: AppspecRule) {
        let location = location.clone();
        self.problems.push(Problem::Appspec { location, rule });
    }

    fn odd(&mut self, location: &Location, rule: AppspecRule) {
        let location = location.clone();
        self.warnings.push(Problem::Appspec { location, rule });
    }

    /// What can be wrong in any text. Placeholders are replaced in task definitions alone.
    fn texts(&mut self, node: &Node) {
        match &node.kind {
            Kind::Scalar { text, .. } => {
                if let Some(account) = wrong_account(text) {
                    let arn = text.clone();
                    self.wrong(&node.location, AppspecRule::AccountId { arn, account });
                }
                for name in placeholder::replace(text, |_| None).left {
                    if placeholder::looks_meant(&name) && format!("<{name}>") != TASK_DEFINITION {
                        let placeholder = name;
                        let rule = AppspecRule::LeftPlaceholder { placeholder };
                        self.wrong(&node.location, rule);
                    }
                }
            }
            Kind::List(nodes) => nodes.iter().for_each(|node| self.texts(node)),
            Kind::Map(members) => members.iter().for_each(|(_, node)| self.texts(node)),
        }
    }

    /// The members of an object in the order of `known`; other keys are reported.
    fn members<'n, const N: usize>(
        &mut self,
        node: &'n Node,
        known: &'static [&'static str; N],
    ) -> Option<[Option<&'n Node>; N]> {
        let Kind::Map(members) = &node.kind else {
            self.kind(node, "an object");
            return None;
        };
        let mut found = [None; N];
        for (key, value) in members {
            let written = key.text().unwrap_or_default();
            let Some(index) = known
                .iter()
                .position(|name| name.eq_ignore_ascii_case(written))
            else {
                let name = written.to_owned();
                self.odd(&key.location, AppspecRule::Unknown { name, known });
                continue;
            };
            let name = known[index];
            if found[index].replace(value).is_some() {
                self.wrong(&key.location, AppspecRule::Twice { name });
            }
            self.letters(key, name);
        }
        Some(found)
    }

    /// Mends a key whose letters differ from the documented ones in their case.
    fn letters(&mut self, key: &Node, name: &'static str) {
        let written = key.text().unwrap_or_default().to_owned();
        if written == name {
            return;
        }
        self.odd(&key.location, AppspecRule::Case { written, name });
        // The quotes of a key stay; one with escapes is left alone.
        let range = &key.range;
        let quotes = range.len().saturating_sub(name.len()) / 2;
        let inner = range.start + quotes..range.end.saturating_sub(quotes);
        if inner.len() == name.len() {
            self.mends.push((inner, name.to_owned()));
        }
    }

    fn kind(&mut self, node: &Node, expected: &'static str) {
        let found = match (node.text(), &node.kind) {
            (Some(""), _) => "empty".to_owned(),
            (Some(text), _) => format!("`{text}`"),
            (None, Kind::List(nodes)) if nodes.is_empty() => "an empty list".to_owned(),
            (None, _) => node.noun().to_owned(),
        };
        self.wrong(&node.location, AppspecRule::Kind { expected, found });
    }

    fn needed<'n>(
        &mut self,
        parent: &Node,
        member: &'static str,
        node: Option<&'n Node>,
    ) -> Option<&'n Node> {
        if node.is_none() {
            self.wrong(&parent.location, AppspecRule::Missing { member });
        }
        node
    }

    /// A scalar with something in it.
    fn text<'n>(&mut self, node: &'n Node) -> Option<&'n str> {
        let text = node
            .text()
            .filter(|text| !matches!(*text, "" | "~" | "null"));
        if text.is_none() {
            self.kind(node, "a text");
        }
        text
    }

    /// A whole number within bounds, in quotes or not.
    fn number(&mut self, node: &Node, bounds: (u64, u64)) -> Option<u64> {
        let Some(number) = node.text().and_then(|text| text.trim().parse::<u64>().ok()) else {
            self.kind(node, "a whole number");
            return None;
        };
        let (least, most) = bounds;
        if !(least..=most).contains(&number) {
            let found = number;
            self.wrong(&node.location, AppspecRule::Bounds { least, most, found });
            return None;
        }
        Some(number)
    }

    fn exactly(&mut self, node: &Node, expected: &[&str]) {
        let Some(text) = self.text(node) else { return };
        if !expected.contains(&text) {
            let rule = AppspecRule::Value {
                expected: expected.join(" or "),
                found: text.to_owned(),
            };
            self.wrong(&node.location, rule);
        }
    }

    fn document(&mut self, root: &Node, containers: Option<&[Container]>) {
        let Some([version, resources, hooks]) =
            self.members(root, &["version", "Resources", "Hooks"])
        else {
            return;
        };
        if let Some(version) = self.needed(root, "version", version) {
            self.exactly(version, &["0.0"]);
        }
        if let Some(resources) = self.needed(root, "Resources", resources) {
            self.resources(resources, containers);
        }
        if let Some(hooks) = hooks {
            self.hooks(hooks);
        }
    }

    fn resources(&mut self, resources: &Node, containers: Option<&[Container]>) {
        let Kind::List(resources_list) = &resources.kind else {
            self.kind(resources, "a list");
            return;
        };
        let services: Vec<&Node> = resources_list
            .iter()
            .filter_map(|resource| {
                let [service] = self.members(resource, &["TargetService"])?;
                self.needed(resource, "TargetService", service)
            })
            .collect();
        if let [service] = services.as_slice() {
            self.service(service, containers);
        } else if services.len() == resources_list.len() {
            let count = services.len();
            self.wrong(&resources.location, AppspecRule::Services { count });
        }
    }

    fn service(&mut self, service: &Node, containers: Option<&[Container]>) {
        let Some([kind, properties]) = self.members(service, &["Type", "Properties"]) else {
            return;
        };
        if let Some(kind) = self.needed(service, "Type", kind) {
            self.exactly(kind, &["AWS::ECS::Service"]);
        }
        let Some(properties) = self.needed(service, "Properties", properties) else {
            return;
        };
        let Some([taskdef, balancer, version, network, providers]) = self.members(
            properties,
            &[
                "TaskDefinition",
                "LoadBalancerInfo",
                "PlatformVersion",
                "NetworkConfiguration",
                "CapacityProviderStrategy",
            ],
        ) else {
            return;
        };
        if let Some(taskdef) = self.needed(properties, "TaskDefinition", taskdef)
            && let Some(found) = self.text(taskdef)
            && found != TASK_DEFINITION
        {
            let found = found.to_owned();
            self.wrong(&taskdef.location, AppspecRule::TaskDefinition { found });
        }
        if let Some(balancer) = self.needed(properties, "LoadBalancerInfo", balancer) {
            self.balancer(balancer, containers);
        }
        if let Some(version) = version {
            self.text(version);
        }
        if let Some(network) = network {
            self.network(network);
        }
        if let Some(providers) = providers {
            self.providers(providers);
        }
    }

    fn balancer(&mut self, balancer: &Node, containers: Option<&[Container]>) {
        let Some([name, port]) = self.members(balancer, &["ContainerName", "ContainerPort"]) else {
            return;
        };
        let name = self.needed(balancer, "ContainerName", name);
        let port = self.needed(balancer, "ContainerPort", port);
        let name = name.and_then(|node| Some((node, self.text(node)?)));
        let number = port.and_then(|node| Some((node, self.number(node, (1, 65535))?)));
        if let Some((node, port)) = number
            && let Kind::Scalar { quoted: true, .. } = node.kind
        {
            self.odd(&node.location, AppspecRule::QuotedPort { port });
            self.mends.push((node.range.clone(), port.to_string()));
        }
        let (Some((node, name)), Some(containers)) = (name, containers) else {
            return;
        };
        let Some(container) = containers.iter().find(|container| container.name == name) else {
            let known = containers.iter().map(|container| container.name.clone());
            let rule = AppspecRule::Container {
                name: name.to_owned(),
                known: known.collect(),
            };
            return self.wrong(&node.location, rule);
        };
        if let Some((node, port)) = number {
            let ports = &container.ports;
            if !ports
                .iter()
                .any(|(first, last)| (*first..=*last).contains(&port))
            {
                let known = ports.iter().map(|(first, last)| {
                    if first == last {
                        first.to_string()
                    } else {
                        format!("{first}-{last}")
                    }
                });
                let rule = AppspecRule::Port {
                    container: name.to_owned(),
                    port,
                    known: known.collect(),
                };
                self.wrong(&node.location, rule);
            }
        }
    }

    fn network(&mut self, network: &Node) {
        let Some([inner]) = self.members(network, &["AwsvpcConfiguration"]) else {
            return;
        };
        let Some(inner) = self.needed(network, "AwsvpcConfiguration", inner) else {
            return;
        };
        const NAMES: [&str; 3] = ["Subnets", "SecurityGroups", "AssignPublicIp"];
        let Some(members) = self.members(inner, &NAMES) else {
            return;
        };
        let missing: Vec<&str> = NAMES
            .into_iter()
            .zip(members)
            .filter_map(|(name, member)| member.is_none().then_some(name))
            .collect();
        if !missing.is_empty() {
            self.wrong(&inner.location, AppspecRule::Network { missing });
        }
        let [subnets, groups, public] = members;
        for list in [subnets, groups].into_iter().flatten() {
            match &list.kind {
                Kind::List(nodes) if !nodes.is_empty() => {
                    for node in nodes {
                        self.text(node);
                    }
                }
                _ => self.kind(list, "a list of texts"),
            }
        }
        if let Some(public) = public {
            self.exactly(public, &["ENABLED", "DISABLED"]);
        }
    }

    fn providers(&mut self, strategy: &Node) {
        let Kind::List(providers) = &strategy.kind else {
            return self.kind(strategy, "a list");
        };
        let mut bases = 0;
        let mut weights = 0;
        for provider in providers {
            let known = &["CapacityProvider", "Base", "Weight"];
            let Some([name, base, weight]) = self.members(provider, known) else {
                return;
            };
            if let Some(name) = self.needed(provider, "CapacityProvider", name) {
                self.text(name);
            }
            let base = base.and_then(|base| self.number(base, (0, 100_000)));
            let weight = weight.and_then(|weight| self.number(weight, (0, 1000)));
            bases += usize::from(base.is_some_and(|base| base > 0));
            weights += usize::from(weight.is_some_and(|weight| weight > 0));
        }
        if bases > 1 {
            self.wrong(&strategy.location, AppspecRule::Bases { count: bases });
        }
        if weights == 0 {
            self.wrong(&strategy.location, AppspecRule::Weights);
        }
    }

    fn hooks(&mut self, hooks: &Node) {
        let Kind::List(list) = &hooks.kind else {
            return self.kind(hooks, "a list of objects with one key each");
        };
        let mut seen: BTreeSet<usize> = BTreeSet::new();
        for hook in list {
            let Kind::Map(members) = &hook.kind else {
                self.kind(hook, "an object with one key");
                continue;
            };
            for (key, function) in members {
                let written = key.text().unwrap_or_default();
                let Some(index) = HOOKS
                    .iter()
                    .position(|name| name.eq_ignore_ascii_case(written))
                else {
                    let name = written.to_owned();
                    self.wrong(&key.location, AppspecRule::Hook { name });
                    continue;
                };
                let name = HOOKS[index];
                self.letters(key, name);
                if let Some(later) = seen.iter().copied().find(|seen| *seen > index) {
                    let rule = AppspecRule::HookOrder {
                        name: name.to_owned(),
                        earlier: HOOKS[later].to_owned(),
                    };
                    self.odd(&key.location, rule);
                }
                if !seen.insert(index) {
                    let name = name.to_owned();
                    self.wrong(&key.location, AppspecRule::HookTwice { name });
                }
                self.text(function);
            }
        }
    }
}
