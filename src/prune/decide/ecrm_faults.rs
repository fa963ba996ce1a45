//! The faults that were measured in ecrm 0.7.2, the tool that people use for this today, as far as the decision is
//! concerned. Which services are listed at all (task sets, sections that match nothing) is `collect`'s work,
//! and what ECR answers to a deletion is `apply`'s.

use super::*;
use crate::image::media_type;
use crate::prune::graph::{CACHE_CONFIG, SOCI_V2};
use crate::prune::testing::{artifact, digest, entry, image, index, now, repository};
use crate::prune::{
    ChildRole, Content, EcrReference, InUse, Links, Manifest, Refusal, RefusalCode, Source, Use,
    UsedBy, refuse,
};

const HOST: &str = "123456789012.dkr.ecr.us-east-1.amazonaws.com";

/// What goes of `manifests` when these references are in use and no release is kept for its age.
fn gone(manifests: Vec<Manifest>, references: &[String]) -> Vec<Digest> {
    let plan = planned(&repository(manifests), references);
    plan.waves.into_iter().flatten().collect()
}

fn uses(references: &[String]) -> InUse {
    let by = UsedBy {
        source: Source::Task,
        name: "prod/web".to_owned(),
    };
    let uses = references.iter().map(|text| Use {
        image: EcrReference::parse(text).unwrap().unwrap(),
        by: by.clone(),
    });
    InUse {
        uses: uses.collect(),
        ..InUse::default()
    }
}

fn planned(repository: &Repository, references: &[String]) -> RepositoryPlan {
    let policy = Policy {
        keep_releases: Some(0),
        ..Policy::default()
    };
    let uses = RepositoryUses::of(&uses(references), &repository.id);
    decide(repository, &uses, &policy, now())
}

/// What runs has lost its tag to a newer image.
fn moved_tag() -> Vec<Manifest> {
    vec![image(1, &[]), image(2, &["v1"]), image(3, &["v0"])]
}

#[test]
fn fault_1_a_running_task_with_tag_and_digest_is_protected() {
    let running = format!("{HOST}/web:v1@{}", digest(1));
    assert_eq!(gone(moved_tag(), &[running]), [digest(3)]);
}

#[test]
fn fault_2_a_task_definition_that_pins_tag_and_digest_is_protected() {
    let pinned = format!("{HOST}/web:gone@{}", digest(1));
    let gone = gone(moved_tag(), &[pinned]);
    assert!(!gone.contains(&digest(1)) && gone.len() == 2);
}

#[test]
fn fault_3_every_host_form_protects() {
    for host in [
        "123456789012.dkr-ecr.us-east-1.on.aws",
        "123456789012.dkr-ecr-fips.us-east-1.on.aws",
        "123456789012.dkr.ecr-fips.us-east-1.amazonaws.com",
    ] {
        let all = vec![image(1, &["v1"]), image(2, &["v2"])];
        assert_eq!(
            gone(all, &[format!("{host}/web:v1")]),
            [digest(2)],
            "{host}"
        );
    }
}

#[test]
fn fault_5_an_index_goes_before_its_entries() {
    let all = vec![index(1, &["v1"], &[10, 11]), image(10, &[]), image(11, &[])];
    let plan = planned(&repository(all), &[]);
    assert_eq!(plan.waves[0], [digest(1)]);
    assert_eq!(plan.waves[1].len(), 2);
}

#[test]
fn fault_6_a_repository_that_nothing_uses_is_not_touched() {
    let repository = repository(vec![image(1, &["v1"])]);
    let mut plan = planned(&repository, &[]);
    let uses = RepositoryUses::default();
    refuse(&mut plan, &repository, &uses, &Policy::default(), &[]);
    let codes: Vec<RefusalCode> = plan.refusals.iter().map(|one: &Refusal| one.code).collect();
    assert_eq!(codes, [RefusalCode::NothingInUse]);
    assert!(plan.is_refused());
}

#[test]
fn fault_7_caches_and_soci_indexes_v2_are_known_and_go_when_nothing_holds_them() {
    let mut release = index(1, &["v1"], &[]);
    release.content = Content::Read(Links {
        children: vec![
            entry(10, ChildRole::Image, None),
            entry(11, ChildRole::Soci, Some(10)),
        ],
        ..Links::default()
    });
    let all = || {
        vec![
            release.clone(),
            image(10, &[]),
            artifact(11, SOCI_V2, &[]),
            artifact(12, CACHE_CONFIG, &[]),
        ]
    };
    assert_eq!(gone(all(), &[]).len(), 4);
    assert_eq!(gone(all(), &[format!("{HOST}/web:v1")]), [digest(12)]);
}

#[test]
fn fault_8_signatures_by_tag_live_and_go_with_their_subject() {
    let tagged = |number, subject: u64, suffix: &str| {
        let mut one = image(
            number,
            &[&format!("sha256-{}{suffix}", digest(subject).hex())],
        );
        one.artifact_type = Some(media_type::OCI_CONFIG.into());
        one
    };
    let all = vec![
        image(1, &["v1"]),
        image(2, &["v2"]),
        tagged(10, 1, ".sig"),
        tagged(11, 1, ".att"),
        tagged(12, 2, ".sig"),
        tagged(13, 12, ".sig"),
    ];
    let plan = planned(&repository(all), &[format!("{HOST}/web:v1")]);
    let waves: Vec<Vec<Digest>> = plan.waves;
    assert_eq!(waves, [[digest(2)], [digest(12)], [digest(13)]]);
}
