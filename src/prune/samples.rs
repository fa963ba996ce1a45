//! Plans for tests of what is made from plans: files, tables, explanations. Written by hand; `decide` is tested with
//! registries.

use jiff::{SignedDuration, Timestamp};

use super::{
    EcrRepository, ImagePlan, KeepReason, Kind, Link, Plan, Refusal, RefusalCode, RefusalSubject,
    RemoveReason, RepositoryPlan, Sizes, Source, SourceCount, Totals, UsedBy, Verdict,
};
use crate::image::Digest;

pub(crate) const DAY: u64 = 86_400;
const MIB: u64 = 1 << 20;

/// When all of them were made.
pub(crate) fn now() -> Timestamp {
    "2026-07-01T03:00:00Z".parse().unwrap()
}

/// The digest of a sample.
pub(crate) fn digest(name: &str) -> Digest {
    Digest::of(name)
}

pub(crate) fn repository(name: &str) -> EcrRepository {
    EcrRepository::private("123456789012", "eu-west-1", name)
}

/// An image, so many days old.
pub(crate) fn image(
    name: &str,
    kind: Kind,
    tags: &[&str],
    days: i64,
    verdict: Verdict,
) -> ImagePlan {
    ImagePlan {
        digest: digest(name),
        kind,
        archived: false,
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        size: match kind {
            Kind::Index | Kind::ReferrersIndex => None,
            Kind::Image => Some(300 * MIB),
            _ => Some(20_000),
        },
        pushed_at: Some(now() - SignedDuration::from_hours(24 * days)),
        pulled_at: None,
        verdict,
        untag: Vec::new(),
    }
}

pub(crate) fn used_by(source: Source, name: &str) -> UsedBy {
    UsedBy {
        source,
        name: name.to_owned(),
    }
}

fn part_of(name: &str, link: Link) -> Verdict {
    let of = digest(name);
    Verdict::Keep(vec![KeepReason::Part { of, link }])
}

fn goes_with(name: &str, link: Link) -> Verdict {
    let of = digest(name);
    Verdict::Remove(RemoveReason::Part { of, link })
}

/// A plan of these images. What goes in which wave follows from the links of the samples: parts last.
pub(crate) fn plan_of(name: &str, images: Vec<ImagePlan>) -> RepositoryPlan {
    let removed = || {
        images.iter().filter_map(|image| match &image.verdict {
            Verdict::Remove(reason) => Some((image, reason)),
            Verdict::Keep(_) => None,
        })
    };
    let wave = |parts: bool| -> Vec<Digest> {
        removed()
            .filter(|(_, reason)| matches!(reason, RemoveReason::Part { .. }) == parts)
            .map(|(image, _)| image.digest)
            .collect()
    };
    let waves = [wave(false), wave(true)];
    let count = |images: Vec<&ImagePlan>| Totals {
        manifests: images.len() as u64,
        releases: images
            .iter()
            .filter(|image| image.kind == Kind::Index && !image.tags.is_empty())
            .count() as u64,
        bytes: images.iter().filter_map(|image| image.size).sum(),
    };
    let sizes = Sizes {
        total: count(images.iter().collect()),
        removed: count(removed().map(|(image, _)| image).collect()),
        tags: images.iter().map(|image| image.untag.len() as u64).sum(),
        exact: false,
    };
    RepositoryPlan {
        repository: repository(name),
        archive: false,
        waves: waves.into_iter().filter(|wave| !wave.is_empty()).collect(),
        images,
        refusals: Vec::new(),
        warnings: Vec::new(),
        sizes,
    }
}

/// A repository with releases in use, kept and expired.
pub(crate) fn web() -> RepositoryPlan {
    let in_use = KeepReason::InUse {
        by: used_by(Source::Service, "prod/web, task definition web:12"),
        tag: Some("v3".to_owned()),
    };
    let newest = |rank| KeepReason::Newest { rank, of: 2 };
    let expired = Verdict::Remove(RemoveReason::Expired {
        age: Some(93 * DAY),
        rank: 3,
    });
    let mut v2 = image(
        "v2",
        Kind::Index,
        &["old", "v2"],
        20,
        Verdict::Keep(vec![newest(2)]),
    );
    v2.untag = vec!["old".to_owned()];
    plan_of(
        "shop/web",
        vec![
            image(
                "v3",
                Kind::Index,
                &["latest", "v3"],
                1,
                Verdict::Keep(vec![in_use, newest(1)]),
            ),
            image("v3-amd64", Kind::Image, &[], 1, part_of("v3", Link::Child)),
            image(
                "v3-attestations",
                Kind::Attestation,
                &[],
                1,
                part_of("v3-amd64", Link::AttestationOf),
            ),
            v2,
            image("v2-amd64", Kind::Image, &[], 20, part_of("v2", Link::Child)),
            image("v1", Kind::Index, &["v1"], 93, expired),
            image(
                "v1-amd64",
                Kind::Image,
                &[],
                93,
                goes_with("v1", Link::Child),
            ),
            image(
                "v1-attestations",
                Kind::Attestation,
                &[],
                93,
                goes_with("v1-amd64", Link::AttestationOf),
            ),
            image(
                "lost",
                Kind::Image,
                &[],
                40,
                Verdict::Remove(RemoveReason::Untagged { age: 40 * DAY }),
            ),
        ],
    )
}

/// A repository in which nothing goes.
pub(crate) fn idle(name: &str) -> RepositoryPlan {
    let kept = Verdict::Keep(vec![KeepReason::NoRule]);
    plan_of(name, vec![image(name, Kind::Index, &["v1"], 400, kept)])
}

/// A repository that nothing uses.
pub(crate) fn unused(name: &str, allowed: bool) -> RepositoryPlan {
    let expired = Verdict::Remove(RemoveReason::Expired {
        age: Some(200 * DAY),
        rank: 1,
    });
    let mut plan = plan_of(name, vec![image(name, Kind::Index, &["1.0"], 200, expired)]);
    let id = RefusalSubject::Repository(plan.repository.clone());
    let detail = "the repository has 1 image, and nothing uses any of them";
    let mut refusal = Refusal::new(RefusalCode::NothingInUse, name, id, detail);
    refusal.allowed = allowed;
    plan.refusals.push(refusal);
    plan
}

/// A list that did not load.
pub(crate) fn list_failed() -> Refusal {
    Refusal::new(
        RefusalCode::ListFailed,
        "lambda:ListFunctions",
        RefusalSubject::Everything,
        "lambda:ListFunctions in eu-west-1: access was denied (User is not authorized)",
    )
}

pub(crate) fn plan(repositories: Vec<RepositoryPlan>) -> Plan {
    let source = |source, found, images| SourceCount {
        source,
        account: String::new(),
        region: "eu-west-1".to_owned(),
        found,
        images,
    };
    Plan {
        created_at: now(),
        repositories,
        refusals: Vec::new(),
        sources: vec![
            source(Source::Service, 14, 16),
            source(Source::Task, 23, 23),
            source(Source::Function, 1, 1),
        ],
        warnings: Vec::new(),
    }
}
