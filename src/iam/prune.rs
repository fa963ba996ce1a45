//! What the `prune` block needs: reading repositories and everything that may use their images, and, in statements
//! of their own, removing images and assuming the roles of other accounts.
//!
//! All accounts are in one policy, by their ARNs: it serves the role that runs prune and those that it assumes.
//! Which actions know resources, and of which types: the Service Authorization Reference, as of 2026. An action that
//! needs two types at once (a revision and its service) is granted on both.

use std::collections::BTreeSet;

use super::arn::Place;
use super::policy::Statement;
use crate::config::{KeepRule, PruneSettings};

/// What prune looks at and removes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PruneNeed {
    /// Every account in each of its regions.
    pub places: BTreeSet<Place>,
    /// Those of them whose repositories are pruned.
    pub registries: BTreeSet<Place>,
    /// ARNs of roles that are assumed.
    pub roles: BTreeSet<String>,
    /// The block.
    pub settings: PruneSettings,
}

/// Listing repositories: by name only those, and all where a rule has a pattern.
const LIST: &[&str] = &["ecr:DescribeRepositories"];
/// Reading what a repository holds.
const READ: &[&str] = &[
    "ecr:BatchGetImage",
    "ecr:DescribeImages",
    "ecr:GetLifecyclePolicy",
];
/// What AWS lists of ECS, or describes, without knowing resources; `ListServices` and `ListDaemons` know a cluster
/// only as a condition. Tasks are listed for a cluster, but checked against container instances, which tasks of
/// Fargate have none of.
const ECS: &[&str] = &[
    "ecs:DescribeTaskDefinition",
    "ecs:ListClusters",
    "ecs:ListDaemonTaskDefinitions",
    "ecs:ListDaemons",
    "ecs:ListServices",
    "ecs:ListTaskDefinitionFamilies",
    "ecs:ListTaskDefinitions",
    "ecs:ListTasks",
];
/// What is described of the clusters that are looked at, and the daemon task definitions that their daemons have.
const CLUSTERS: &[&str] = &[
    "ecs:DescribeDaemon",
    "ecs:DescribeDaemonDeployments",
    "ecs:DescribeDaemonRevisions",
    "ecs:DescribeDaemonTaskDefinition",
    "ecs:DescribeServiceDeployments",
    "ecs:DescribeServiceRevisions",
    "ecs:DescribeServices",
    "ecs:DescribeTasks",
    "ecs:ListDaemonDeployments",
    "ecs:ListServiceDeployments",
];
/// What belongs to a cluster, by the first part of its ARN: `task/CLUSTER/ID`.
const OF_CLUSTERS: [&str; 7] = [
    "daemon",
    "daemon-deployment",
    "daemon-revision",
    "service",
    "service-deployment",
    "service-revision",
    "task",
];
const FUNCTIONS: &[&str] = &[
    "lambda:GetFunction",
    "lambda:ListAliases",
    "lambda:ListVersionsByFunction",
];
const BATCH: &[&str] = &[
    "batch:DescribeJobDefinitions",
    "batch:DescribeJobQueues",
    "batch:DescribeJobs",
    "batch:ListJobs",
];
const STATE_MACHINES: &[&str] = &[
    "states:DescribeStateMachine",
    "states:ListStateMachineVersions",
];
const PARAMETERS: &[&str] = &["ssm:GetParameter", "ssm:GetParameterHistory"];

impl PruneNeed {
    /// What a block needs. Regions and accounts that it does not name are `default`'s.
    pub fn of(settings: &PruneSettings, default: &Place) -> Self {
        let mut need = Self {
            settings: settings.clone(),
            ..Self::default()
        };
        let regions = |own: &[String]| -> Vec<String> {
            match (own, settings.regions.as_slice()) {
                ([], []) => vec![default.region.clone()],
                ([], regions) | (regions, _) => regions.to_vec(),
            }
        };
        let mut add = |account: &str, regions: Vec<String>, repositories: bool| {
            for region in regions {
                let place = Place {
                    region,
                    account: account.to_owned(),
                };
                if repositories {
                    need.registries.insert(place.clone());
                }
                need.places.insert(place);
            }
        };
        if settings.accounts.is_empty() {
            add(&default.account, regions(&[]), true);
        }
        for account in &settings.accounts {
            // Whose account a profile is of is not known here.
            let role = account
                .role
                .as_deref()
                .and_then(|arn| arn.split(':').nth(4));
            let id = match (role, &account.profile) {
                (Some(id), _) => id,
                (None, Some(_)) => "*",
                (None, None) => default.account.as_str(),
            };
            add(id, regions(&account.regions), account.repositories);
        }
        let roles = settings.accounts.iter();
        need.roles = roles.filter_map(|account| account.role.clone()).collect();
        need
    }

    /// The ARNs of what each place calls so.
    fn arns(&self, service: &str, resources: &[String]) -> BTreeSet<String> {
        let places = self.places.iter();
        let arns = places.flat_map(|place| resources.iter().map(|one| place.arn(service, one)));
        arns.collect()
    }

    /// The repositories of the rules that `wanted` wants.
    fn repositories(&self, wanted: impl Fn(&crate::prune::Policy) -> bool) -> BTreeSet<String> {
        let rules = self.settings.repositories.iter();
        let rules = rules.filter(|rule| wanted(&rule.policy));
        let names: Vec<String> = rules
            .map(|rule| format!("repository/{}", wildcards(rule.pattern.as_str())))
            .collect();
        let arns = |place: &Place| names.iter().map(|name| place.arn("ecr", name)).collect();
        self.registries
            .iter()
            .flat_map(|place| -> Vec<String> { arns(place) })
            .collect()
    }

    /// The names that blocks look at, all where there are none.
    fn names(rules: &[KeepRule]) -> Vec<String> {
        match rules {
            [] => vec!["*".to_owned()],
            rules => rules
                .iter()
                .map(|rule| wildcards(rule.pattern.as_str()))
                .collect(),
        }
    }
}

/// Adds what a plan needs, and with `removes` what an apply needs, too.
pub(super) fn add(statements: &mut Vec<Statement>, need: &PruneNeed, removes: bool) {
    let anywhere = |sid: &str, actions: &[&'static str]| {
        let resources = (!need.places.is_empty()).then(|| "*".to_owned());
        Statement::new(sid, actions, resources)
    };
    let all = |_: &crate::prune::Policy| true;
    let rules = &need.settings.repositories;
    let listed = if rules.iter().all(|rule| rule.pattern.is_exact()) {
        need.repositories(all)
    } else {
        let registries = need.registries.iter();
        registries
            .map(|place| place.arn("ecr", "repository/*"))
            .collect()
    };
    statements.push(Statement::new("PruneList", LIST, listed));
    statements.push(Statement::new("PruneRead", READ, need.repositories(all)));
    let uses = &need.settings.uses;
    if uses.ecs {
        statements.push(anywhere("PruneEcs", ECS));
        // ARNs from before ECS put the cluster into them (`service/web`) are of no cluster that a pattern names.
        let of = |name: &String| {
            OF_CLUSTERS.map(|kind| match name.as_str() {
                "*" => format!("{kind}/*"),
                name => format!("{kind}/{name}/*"),
            })
        };
        let mut names: Vec<String> = PruneNeed::names(&uses.clusters)
            .iter()
            .flat_map(of)
            .collect();
        names.push("daemon-task-definition/*".to_owned());
        let arns = need.arns("ecs", &names);
        statements.push(Statement::new("PruneEcsClusters", CLUSTERS, arns));
    } else if uses.events || uses.scheduler || uses.step_functions {
        // Their targets are task definitions.
        statements.push(anywhere("PruneEcs", &["ecs:DescribeTaskDefinition"]));
    }
    if uses.lambda {
        statements.push(anywhere("PruneLambda", &["lambda:ListFunctions"]));
        // A version is another resource than its function.
        let of = |name: &String| [format!("function:{name}"), format!("function:{name}:*")];
        let names: Vec<String> = PruneNeed::names(&uses.functions)
            .iter()
            .flat_map(of)
            .collect();
        let arns = need.arns("lambda", &names);
        statements.push(Statement::new("PruneLambdaFunctions", FUNCTIONS, arns));
    }
    if uses.events {
        let lists = &["events:ListEventBuses", "events:ListRules"];
        statements.push(anywhere("PruneEvents", lists));
        let arns = need.arns("events", &["rule/*".to_owned()]);
        let targets = &["events:ListTargetsByRule"];
        statements.push(Statement::new("PruneEventRules", targets, arns));
    }
    if uses.scheduler {
        statements.push(anywhere("PruneScheduler", &["scheduler:ListSchedules"]));
        let arns = need.arns("scheduler", &["schedule/*".to_owned()]);
        let get = &["scheduler:GetSchedule"];
        statements.push(Statement::new("PruneSchedules", get, arns));
    }
    if uses.batch {
        statements.push(anywhere("PruneBatch", BATCH));
    }
    if uses.step_functions {
        statements.push(anywhere("PruneStates", &["states:ListStateMachines"]));
        let arns = need.arns("states", &["stateMachine:*".to_owned()]);
        statements.push(Statement::new("PruneStateMachines", STATE_MACHINES, arns));
    }
    parameters(statements, need);
    let assume = &["sts:AssumeRole"];
    statements.push(Statement::new(
        "PruneRoles",
        assume,
        need.roles.iter().cloned(),
    ));
    if removes {
        let deleted = need.repositories(|policy| !policy.archive || policy.remove_tags);
        let delete = &["ecr:BatchDeleteImage"];
        statements.push(Statement::new("PruneRemove", delete, deleted));
        let archived = need.repositories(|policy| policy.archive);
        let archive = &["ecr:UpdateImageStorageClass"];
        statements.push(Statement::new("PruneArchive", archive, archived));
    }
}

/// SSM parameters by name, and by path: `/shop/*`. A path is checked by itself, whatever is below it; that of all,
/// `/`, has no name.
fn parameters(statements: &mut Vec<Statement>, need: &PruneNeed) {
    let (mut names, mut paths) = (Vec::new(), Vec::new());
    for name in &need.settings.uses.parameters {
        let name = name.trim_start_matches('/');
        names.push(format!("parameter/{name}"));
        if name == "*" {
            paths.push("parameter/*".to_owned());
        } else if let Some(path) = name.strip_suffix("/*") {
            paths.extend([format!("parameter/{path}"), format!("parameter/{path}/*")]);
        }
    }
    let arns = need.arns("ssm", &names);
    statements.push(Statement::new("PruneParameters", PARAMETERS, arns));
    let arns = need.arns("ssm", &paths);
    let by_path = &["ssm:GetParametersByPath"];
    statements.push(Statement::new("PruneParameterPaths", by_path, arns));
}

/// A pattern as IAM has them: `*` and `?`. A class becomes `?`, which allows more.
fn wildcards(pattern: &str) -> String {
    let mut text = String::new();
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => text.extend(characters.next()),
            '[' => {
                // The first character is of the class, also when it is the bracket that ends it.
                let mut first = true;
                while let Some(inner) = characters.next() {
                    match inner {
                        '\\' => drop(characters.next()),
                        '^' if first => continue,
                        ']' if !first => break,
                        _ => {}
                    }
                    first = false;
                }
                text.push('?');
            }
            other => text.push(other),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `/shop/*` and `/*` are what a block may say.
    #[test]
    fn paths_of_parameters_are_granted_by_the_path() {
        let granted = |declared: &str| {
            let settings = PruneSettings {
                uses: crate::config::UseSettings {
                    parameters: vec![declared.to_owned()],
                    ..crate::config::UseSettings::default()
                },
                ..PruneSettings::default()
            };
            let here = Place {
                region: "eu-west-1".to_owned(),
                account: "1".to_owned(),
            };
            let mut statements = Vec::new();
            parameters(&mut statements, &PruneNeed::of(&settings, &here));
            let by_path = statements
                .iter()
                .find(|one| one.sid == "PruneParameterPaths");
            by_path.map_or(BTreeSet::new(), |one| one.resources.clone())
        };
        let arns = |names: &[&str]| -> BTreeSet<String> {
            let arn = |name: &&str| format!("arn:aws:ssm:eu-west-1:1:parameter/{name}");
            names.iter().map(arn).collect()
        };
        assert_eq!(granted("/shop/*"), arns(&["shop", "shop/*"]));
        assert_eq!(granted("/*"), arns(&["*"]));
        assert_eq!(granted("/shop/web"), arns(&[]));
    }

    #[test]
    fn patterns_allow_no_less_in_iam() {
        for (pattern, wildcard) in [
            ("shop/*", "shop/*"),
            ("shop/web", "shop/web"),
            ("[abc]-?", "?-?"),
            ("[^abc]x", "?x"),
            ("[]a]x", "?x"),
            ("explai[n]", "explai?"),
            ("a\\[b", "a[b"),
        ] {
            assert_eq!(wildcards(pattern), wildcard);
        }
    }
}
