//! Which resources of AWS a configuration names.

use std::collections::{BTreeMap, BTreeSet};

use super::arn::{EcrRepository, Place};
use super::prune::PruneNeed;
use crate::config::{ParameterKind, ParameterSettings, ParameterTier, ScanSettings, Settings};
use crate::plan::{ImagePlan, Plan};
use crate::registry::Reference;
use crate::scan::ScannerKind;

/// Everything that some verb may touch. Plain values, so that a test can say what it wants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Repositories of images.
    pub images: BTreeSet<EcrRepository>,
    /// Repositories that caches are written to.
    pub caches: BTreeSet<EcrRepository>,
    /// Repositories that are only read: caches of others, base images.
    pub bases: BTreeSet<EcrRepository>,
    /// What is not known of base images, by target.
    pub unknown_bases: BTreeMap<String, UnknownBases>,
    /// Prefixes of pull-through caches that base images come from.
    pub mirrors: BTreeSet<EcrRepository>,
    /// Missing repositories are created.
    pub create_repositories: bool,
    /// Repositories whose images ECR scans when it is asked to; empty for other scanners.
    pub scanned: BTreeSet<EcrRepository>,
    /// A release asks it to: there is a `scan` block.
    pub gated: bool,
    /// SSM parameters that a release writes.
    pub parameters: Vec<ParameterNeed>,
    /// ARNs of SNS topics.
    pub topics: BTreeSet<String>,
    /// ARNs of event buses.
    pub buses: BTreeSet<String>,
    /// Secrets that notifications are sent with.
    pub secrets: BTreeSet<SecretNeed>,
    /// ECS services whose definitions are pulled, or compared with what is released.
    pub services: BTreeSet<ServiceNeed>,
    /// Task definitions are pulled, of a service or by their family.
    pub definitions: bool,
    /// Pipelines whose approvals are answered.
    pub pipelines: Vec<PipelineNeed>,
    /// What the `prune` block looks at and removes.
    pub prune: Option<PruneNeed>,
}

/// What a Dockerfile does not tell of its base images.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnknownBases {
    /// The file cannot be seen.
    pub unseen: bool,
    /// Names with variables that have no known value: `${REGISTRY}/base:1`.
    pub names: BTreeSet<String>,
}

/// An SSM parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterNeed {
    /// Where it is.
    pub place: Place,
    /// `/shop/production/web`.
    pub name: String,
    /// It is encrypted.
    pub secure: bool,
    /// The KMS key that it is encrypted with: id, ARN or `alias/…`; `None` is `aws/ssm`.
    pub key: Option<String>,
    /// Its tier.
    pub tier: Option<ParameterTier>,
}

impl ParameterNeed {
    /// Its ARN: a leading slash is not written twice.
    pub fn arn(&self) -> String {
        parameter_arn(&self.place, &self.name)
    }
}

/// A secret that is read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SecretNeed {
    /// A `SecureString` of SSM.
    Parameter {
        /// Where it is.
        place: Place,
        /// Its name.
        name: String,
    },
    /// A secret of Secrets Manager.
    Secret {
        /// Where it is.
        place: Place,
        /// Its name, or its ARN.
        name: String,
    },
}

impl SecretNeed {
    /// Its ARN. Secrets Manager puts six characters of its own behind a name.
    pub fn arn(&self) -> String {
        match self {
            Self::Parameter { place, name } => parameter_arn(place, name),
            Self::Secret { name, .. } if name.starts_with("arn:") => name.clone(),
            Self::Secret { place, name } => {
                place.arn("secretsmanager", &format!("secret:{name}-??????"))
            }
        }
    }

    /// Where it is.
    pub fn place(&self) -> &Place {
        match self {
            Self::Parameter { place, .. } | Self::Secret { place, .. } => place,
        }
    }
}

fn parameter_arn(place: &Place, name: &str) -> String {
    let name = name.strip_prefix('/').unwrap_or(name);
    place.arn("ssm", &format!("parameter/{name}"))
}

/// An ECS service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServiceNeed {
    /// Where it is.
    pub place: Place,
    /// The cluster's name.
    pub cluster: String,
    /// The service's name.
    pub service: String,
}

impl ServiceNeed {
    /// The service of a cluster, each by name or ARN. An ARN says the place, too, and that of a
    /// service the cluster: `service/<cluster>/<name>`; an old one has only `service/<name>`.
    fn of(cluster: &str, service: &str, place: &Place) -> Self {
        let of_cluster = ecs_arn(cluster, "cluster/");
        let of_service = ecs_arn(service, "service/");
        let (mut cluster, mut service) = (cluster, service);
        let mut place = place.clone();
        if let Some((found, name)) = of_cluster {
            (place, cluster) = (found, name);
        }
        if let Some((found, name)) = of_service {
            (place, service) = (found, name);
            if let Some((of, name)) = name.split_once('/') {
                (cluster, service) = (of, name);
            }
        }
        Self {
            place,
            cluster: cluster.to_owned(),
            service: service.to_owned(),
        }
    }
}

/// The place and the name in an ARN of ECS; `None` for what is no ARN.
fn ecs_arn<'a>(text: &'a str, kind: &str) -> Option<(Place, &'a str)> {
    let parts: Vec<&str> = text.split(':').collect();
    let ["arn", _, _, region, account, resource] = parts.as_slice() else {
        return None;
    };
    let place = Place {
        region: (*region).to_owned(),
        account: (*account).to_owned(),
    };
    Some((place, resource.strip_prefix(kind).unwrap_or(resource)))
}

/// A pipeline, and which of its approvals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PipelineNeed {
    /// Where it is.
    pub place: Place,
    /// Its name.
    pub name: String,
    /// The stage; `None` is any.
    pub stage: Option<String>,
    /// The action; `None` is any.
    pub action: Option<String>,
}

/// Where resources are whose place the configuration does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Defaults {
    /// The region, if it is known.
    pub region: Option<String>,
    /// The account, if it is known.
    pub account: Option<String>,
}

impl Needs {
    /// No resources, and the place of those that are named otherwise.
    pub fn nothing(defaults: &Defaults) -> (Self, Place) {
        let needs = Self::default();
        let place = needs.default_place(defaults);
        (needs, place)
    }

    /// What a plan and the settings beside it name. Resources without a place of their own are in
    /// the default's; what is missing there comes from the ECR registries, if they agree.
    pub fn of(plan: &Plan, settings: &Settings, defaults: &Defaults) -> (Self, Place) {
        let mut needs = Self {
            create_repositories: settings.release.create_repositories,
            ..Self::default()
        };
        let pushed = plan.images.iter().flat_map(ImagePlan::repositories);
        needs.images = pushed
            .filter_map(|push| EcrRepository::of(&push.repository))
            .collect();
        for solve in &plan.solves {
            let cache = &solve.cache;
            let exports = cache.exports.iter().chain(&cache.later_exports);
            let exports = exports.filter_map(|one| on_ecr(one.registry_reference()?));
            needs.caches.extend(exports);
            let imports = cache.imports.iter();
            let imports = imports.filter_map(|one| on_ecr(one.registry_reference()?));
            needs.bases.extend(imports);
            let bases = &solve.base_images;
            // What comes through a mirror is below its prefix.
            let direct = bases.images.iter().filter(|(name, pulled)| name == pulled);
            needs
                .bases
                .extend(direct.filter_map(|(name, _)| on_ecr(name)));
            if bases.unseen || !bases.unknown.is_empty() {
                let unknown = needs.unknown_bases.entry(solve.target.clone()).or_default();
                unknown.unseen |= bases.unseen;
                unknown.names.extend(bases.unknown.iter().cloned());
            }
        }
        needs.scanned(plan, settings.scan.as_ref());
        let written: BTreeSet<_> = needs.images.union(&needs.caches).cloned().collect();
        needs.bases.retain(|base| !written.contains(base));
        if let Some(bases) = &settings.base_images {
            let mirrors = bases.mirrors.values();
            needs.mirrors = mirrors
                .filter_map(|mirror| {
                    let (host, prefix) = mirror.split_once('/').unwrap_or((mirror, ""));
                    EcrRepository::on(host, prefix.trim_end_matches('/'))
                })
                .collect();
        }
        let place = needs.default_place(defaults);
        let parameters = settings.parameters.iter();
        needs.parameters = parameters.map(|one| parameter(one, &place)).collect();
        super::notifications::add(&mut needs, &settings.notifications, &place);
        let prune = settings.prune.as_ref();
        needs.prune = prune.map(|prune| PruneNeed::of(prune, &place));
        for service in &settings.services {
            needs.definitions |= service.service.is_some() || service.family.is_some();
            if let Some(name) = &service.service {
                let cluster = service.cluster.as_deref().unwrap_or("default");
                needs
                    .services
                    .insert(ServiceNeed::of(cluster, name, &place));
            }
        }
        (needs, place)
    }

    /// `launchway scan` uses ECR where no block says otherwise, and a release only where one does.
    fn scanned(&mut self, plan: &Plan, block: Option<&ScanSettings>) {
        let scan = block.cloned().unwrap_or_default();
        if scan.scanner != ScannerKind::Ecr {
            return;
        }
        self.gated = block.is_some() && scan.enabled;
        let wanted = |image: &&ImagePlan| {
            let targets = scan.targets.as_ref();
            targets.is_none_or(|targets| targets.contains(&image.target))
        };
        let images = plan.images.iter().filter(wanted);
        self.scanned = images
            .filter_map(|image| EcrRepository::of(&image.primary.repository))
            .collect();
    }

    fn default_place(&self, defaults: &Defaults) -> Place {
        let all = || self.images.iter().chain(&self.caches).chain(&self.mirrors);
        let only = |part: fn(&Place) -> &String| {
            let parts: BTreeSet<&String> = all().map(|one| part(&one.place)).collect();
            let mut parts = parts.into_iter();
            match (parts.next(), parts.next()) {
                (Some(part), None) => Some(part.clone()),
                _ => None,
            }
        };
        let any = || "*".to_owned();
        let region = defaults.region.clone();
        let account = defaults.account.clone();
        Place {
            region: region
                .or_else(|| only(|place| &place.region))
                .unwrap_or_else(any),
            account: account
                .or_else(|| only(|place| &place.account))
                .unwrap_or_else(any),
        }
    }
}

fn on_ecr(reference: &str) -> Option<EcrRepository> {
    let reference: Reference = reference.parse().ok()?;
    EcrRepository::of(reference.repository())
}

fn parameter(settings: &ParameterSettings, place: &Place) -> ParameterNeed {
    let region = settings.region.clone();
    ParameterNeed {
        place: Place {
            region: region.unwrap_or_else(|| place.region.clone()),
            account: place.account.clone(),
        },
        name: settings.name.clone(),
        secure: settings.kind == ParameterKind::SecureString,
        key: settings.key.clone(),
        tier: settings.tier,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_by_name_and_by_arn() {
        let cluster = "arn:aws:ecs:eu-west-1:210987654321:cluster/prod";
        let service = "arn:aws:ecs:eu-west-1:210987654321:service/prod/shop";
        let old = "arn:aws:ecs:eu-west-1:210987654321:service/shop";
        let here = Place {
            region: "ap-northeast-1".to_owned(),
            account: "123456789012".to_owned(),
        };
        for (cluster, service, region, found) in [
            ("prod", "shop", "ap-northeast-1", "prod/shop"),
            (cluster, "shop", "eu-west-1", "prod/shop"),
            ("default", service, "eu-west-1", "prod/shop"),
            (cluster, service, "eu-west-1", "prod/shop"),
            ("prod", old, "eu-west-1", "prod/shop"),
        ] {
            let need = ServiceNeed::of(cluster, service, &here);
            let name = format!("{}/{}", need.cluster, need.service);
            assert_eq!((need.place.region.as_str(), name.as_str()), (region, found));
        }
    }
}
