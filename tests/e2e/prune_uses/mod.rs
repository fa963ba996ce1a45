//! Finding what is in use: every source against a scripted AWS, what goes wrong with each list, and
//! against moto what moto does right.

mod account;
mod daemons;
mod faults;
mod gone;
mod jobs;
mod moto;
mod places;
mod sources;

use std::collections::BTreeSet;
use std::path::Path;

use launchway::aws::{Aws, AwsSettings, StaticCredentials};
use launchway::config::{KeepRule, UseSettings};
use launchway::prune::collect::in_use::{self, Cache};
use launchway::prune::{InUse, Place, RefusalCode, Silent, Source};
use launchway_buildkit::Secret;

pub(crate) const REGION: &str = "ap-northeast-1";
pub(crate) const ACCOUNT: &str = "123456789012";

/// An image of the repository that all tests use, with this tag.
pub(crate) fn image(tag: &str) -> String {
    format!("{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/shop:{tag}")
}

pub(crate) fn place(endpoint: &str, account: &str) -> Place {
    Place {
        account: account.to_owned(),
        region: REGION.to_owned(),
        aws: Aws::new(AwsSettings {
            profile: None,
            endpoint_url: Some(endpoint.to_owned()),
            credentials: Some(StaticCredentials {
                access_key_id: "AKIAEXAMPLE".to_owned(),
                secret_access_key: Secret::new("planted-aws-key"),
                session_token: None,
            }),
            // What fails here fails for good, or once.
            attempts: Some(2),
            ..AwsSettings::default()
        }),
        repositories: true,
        declared: false,
    }
}

pub(crate) fn collect(places: &[Place], settings: &UseSettings, cache: &Cache) -> InUse {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(in_use::collect(
        places,
        settings,
        Path::new("/"),
        &Silent,
        cache,
    ))
}

/// The settings that look at nothing.
pub(crate) fn nothing() -> UseSettings {
    UseSettings {
        ecs: false,
        lambda: false,
        events: false,
        scheduler: false,
        batch: false,
        step_functions: false,
        ..UseSettings::default()
    }
}

pub(crate) fn keep(pattern: &str, keep: u32) -> KeepRule {
    KeepRule {
        pattern: pattern.parse().unwrap(),
        keep,
    }
}

/// The tags that a source uses.
pub(crate) fn tags(found: &InUse, source: Source) -> BTreeSet<String> {
    let of = found.uses.iter().filter(|one| one.by.source == source);
    of.filter_map(|one| one.image.tag.clone()).collect()
}

pub(crate) fn set(texts: &[&str]) -> BTreeSet<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// Code and name of every refusal.
pub(crate) fn refusals(found: &InUse) -> Vec<(RefusalCode, &str)> {
    let refusals = found.refusals.iter();
    refusals.map(|one| (one.code, one.name.as_str())).collect()
}
