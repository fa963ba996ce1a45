//! Random repositories: everything that ECR can hold, and some things that it never would.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::dice::Dice;
use crate::image::media_type;
use crate::prune::graph::{CACHE_CONFIG, SOCI_V2};
use crate::prune::testing::{ago, digest, repository};
use crate::prune::{
    AgeFrom, CachePolicy, Child, ChildRole, Content, Layer, Links, Manifest, NamedImage, Policy,
    Repository, RepositoryUses, Source, Status, UsedBy,
};

/// One case.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) repository: Repository,
    pub(super) uses: RepositoryUses,
    pub(super) policy: Policy,
}

/// What a case has. Rare things are in few cases and many there, so that the other cases show the plain
/// rules.
struct Mood {
    /// Manifests.
    size: u64,
    /// Digests may point anywhere, also at what points back.
    wild: bool,
    /// In percent: could not be read.
    unreadable: u64,
    /// In percent: in the archive.
    archived: u64,
    /// In percent: types that nobody knows.
    unknown: u64,
    /// Few distinct times, so that many are equal.
    coarse: bool,
    /// Plain images were read, too.
    all_read: bool,
    /// Images were pulled lately.
    pulled: bool,
}

impl Mood {
    fn new(dice: &mut Dice, seed: u64) -> Self {
        let size = match seed % 1000 {
            0 => 1000 + dice.below(2000),
            1..=10 => 100 + dice.below(200),
            _ => 1 + dice.below(18),
        };
        let rare = |dice: &mut Dice, of: u64, percent: u64| u64::from(dice.percent(of)) * percent;
        Self {
            size,
            wild: dice.percent(10),
            unreadable: rare(dice, 15, 15),
            archived: rare(dice, 20, 25),
            unknown: rare(dice, 25, 20),
            coarse: dice.percent(30),
            all_read: dice.percent(30),
            pulled: dice.percent(50),
        }
    }
}

pub(super) fn case(seed: u64) -> Case {
    let mut dice = Dice::new(seed);
    let dice = &mut dice;
    let mood = Mood::new(dice, seed);
    let mut taken = BTreeSet::new();
    let mut manifests: Vec<Manifest> = (0..mood.size)
        .map(|number| manifest(dice, &mood, number, &mut taken))
        .collect();
    if dice.percent(3) {
        // A page that was listed twice.
        let twice = dice.pick(&manifests).clone();
        manifests.push(twice);
    }
    dice.shuffle(&mut manifests);
    let uses = uses(dice, &mood, &taken);
    Case {
        repository: repository(manifests),
        uses,
        policy: policy(dice),
    }
}

fn manifest(dice: &mut Dice, mood: &Mood, number: u64, taken: &mut BTreeSet<String>) -> Manifest {
    let mut links = Links::default();
    let mut tags = Vec::new();
    let mut subject = None;
    let (image, index) = (media_type::OCI_MANIFEST, media_type::OCI_INDEX);
    let mut tag = |dice: &mut Dice, percent: u64| {
        if dice.percent(percent) {
            tags.push(some_tag(dice, mood));
        }
    };
    let mut media = image;
    let mut artifact = Some(media_type::OCI_CONFIG);
    if dice.percent(mood.unknown) {
        tag(dice, 30);
        artifact = None;
        media = *dice.pick(&[image, index, "application/vnd.example.later"]);
        if dice.percent(70) {
            artifact = Some("application/vnd.example.thing");
            links.artifact_type = Some("application/vnd.example.thing".into());
        }
        subject = dice.percent(30).then(|| other(dice, mood, number));
    } else {
        match dice.below(100) {
            0..=34 => {
                tag(dice, 50);
                tag(dice, 30);
                if dice.percent(10) {
                    (media, artifact) =
                        (media_type::DOCKER_MANIFEST, Some(media_type::DOCKER_CONFIG));
                }
                links.soci_index = dice.percent(20).then(|| other(dice, mood, number));
            }
            35..=59 => {
                tag(dice, 70);
                tag(dice, 40);
                (media, artifact) = (index, None);
                let count = dice.below(6);
                for _ in 0..count {
                    links.children.push(child(dice, mood, number));
                }
            }
            60..=67 => artifact = Some(SOCI_V2),
            68..=80 => {
                artifact = Some(*dice.pick(&[
                    "application/vnd.amazon.soci.index.v1+json",
                    "application/vnd.example.sbom",
                    "application/vnd.dev.sigstore.bundle.v0.3+json",
                ]));
                if dice.percent(10) {
                    (media, artifact) = ("application/vnd.oci.artifact.manifest.v1+json", None);
                }
                let of = other(dice, mood, number);
                match dice.below(3) {
                    0 => subject = Some(of),
                    1 => links.subject = Some(of),
                    _ => (subject, links.subject) = (Some(of), Some(of)),
                }
                tag(dice, 5);
            }
            81..=90 => {
                artifact = Some(CACHE_CONFIG);
                if dice.percent(75) {
                    tags.push(cache_tag(dice));
                }
            }
            _ => {
                let of = other(dice, mood, number).hex();
                let suffix = *dice.pick(&["", ".sig", ".att"]);
                tags.push(format!("sha256-{of}{suffix}"));
                if suffix.is_empty() {
                    (media, artifact) = (index, None);
                    links.children.push(child(dice, mood, number));
                }
            }
        }
    }
    tags.retain(|tag| taken.insert(tag.clone()) || (mood.wild && dice.percent(20)));
    for _ in 0..dice.below(3) {
        links.layers.push(Layer {
            digest: digest(1_000_000 + dice.below(mood.size)),
            size: 10,
        });
    }
    let status = status(dice, mood);
    let is_plain = media != index && artifact.is_some_and(|kind| kind.contains(".image."));
    let content = if dice.percent(mood.unreadable) {
        Content::Unreadable("500".to_owned())
    } else if status != Status::Active {
        if is_plain {
            Content::NotRead
        } else {
            Content::Unreadable("404".to_owned())
        }
    } else if is_plain && !mood.all_read && dice.percent(80) {
        Content::NotRead
    } else {
        Content::Read(links)
    };
    Manifest {
        digest: digest(number),
        media_type: media.into(),
        artifact_type: artifact.map(Into::into),
        tags,
        size: (!dice.percent(3)).then_some(100),
        pushed_at: (!dice.percent(2)).then(|| time(dice, mood)),
        pulled_at: (mood.pulled && dice.percent(30)).then(|| time(dice, mood)),
        subject,
        status,
        content,
    }
}

fn status(dice: &mut Dice, mood: &Mood) -> Status {
    if !dice.percent(mood.archived) {
        return Status::Active;
    }
    match dice.below(20) {
        0 => Status::Activating,
        1 => Status::Other("LATER".to_owned()),
        _ => Status::Archived,
    }
}

/// Another manifest: mostly one that is older, as digests want it; some that are not there.
fn other(dice: &mut Dice, mood: &Mood, number: u64) -> crate::image::Digest {
    if dice.percent(8) {
        return digest(2_000_000 + dice.below(4));
    }
    let nearest = number.saturating_sub(8);
    digest(match mood.wild {
        true => dice.below(mood.size),
        false if dice.percent(80) => nearest + dice.below(number - nearest),
        false => dice.below(number),
    })
}

fn child(dice: &mut Dice, mood: &Mood, number: u64) -> Child {
    let role = *dice.pick(&[
        ChildRole::Image,
        ChildRole::Image,
        ChildRole::Image,
        ChildRole::Attestation,
        ChildRole::Soci,
        ChildRole::Other,
    ]);
    let is_about = matches!(role, ChildRole::Attestation | ChildRole::Soci) && dice.percent(80);
    Child {
        digest: other(dice, mood, number),
        role,
        of: is_about.then(|| other(dice, mood, number)),
    }
}

fn time(dice: &mut Dice, mood: &Mood) -> Timestamp {
    ago(if mood.coarse {
        *dice.pick(&[1, 30, 100, 400])
    } else {
        i64::try_from(dice.below(500)).unwrap()
    })
}

fn some_tag(dice: &mut Dice, mood: &Mood) -> String {
    let version = dice.below(mood.size * 2);
    match dice.below(10) {
        0 => "latest".to_owned(),
        1 => format!("main-{version}"),
        2 | 3 => format!("v{}.partial-arm64", dice.below(mood.size)),
        _ => format!("v{version}"),
    }
}

fn cache_tag(dice: &mut Dice) -> String {
    let branch = *dice.pick(&["main", "gone", "gone2", "feature-x", "long-gone"]);
    let target = dice.below(20);
    match dice.below(8) {
        0 => format!("t{target}-arm64"),
        1 => format!("buildcache{target}"),
        2 => format!("v{target}.partial-arm64"),
        _ => format!("t{target}-arm64-{branch}"),
    }
}

fn uses(dice: &mut Dice, mood: &Mood, taken: &BTreeSet<String>) -> RepositoryUses {
    let tags: Vec<&String> = taken.iter().collect();
    let mut uses = RepositoryUses::default();
    for user in 0..dice.below(5) {
        let mut tag = None;
        if dice.percent(60) && !tags.is_empty() {
            tag = Some((*dice.pick(&tags)).clone());
        }
        let by_digest = tag.is_none() || dice.percent(30);
        let number = dice.below(mood.size + 1);
        uses.uses.push(NamedImage {
            tag,
            digest: by_digest.then(|| digest(number)),
            by: UsedBy {
                source: Source::Task,
                name: format!("task {}", user / 2),
            },
        });
    }
    if dice.percent(20) {
        let by = UsedBy {
            source: Source::Task,
            name: "task elsewhere".to_owned(),
        };
        let elsewhere = BTreeMap::from([(digest(2_000_000 + dice.below(4)), by)]);
        uses.everywhere = Arc::new(elsewhere);
    }
    if dice.percent(25) {
        for _ in 0..dice.below(4) {
            let number = dice.below(mood.size + 1);
            uses.releases.insert(digest(number), time(dice, mood));
        }
    }
    uses
}

fn policy(dice: &mut Dice) -> Policy {
    let hours = |dice: &mut Dice| Duration::from_hours(10 + dice.below(300));
    Policy {
        keep_releases: dice
            .percent(70)
            .then(|| u32::try_from(dice.below(5)).unwrap()),
        expire: dice.percent(50).then(|| hours(dice)),
        expire_from: *dice.pick(&[AgeFrom::Push, AgeFrom::Pull]),
        keep_tags: if dice.percent(30) {
            let tags = ["latest", "v?", "sha256-*.att"];
            tags.map(|tag| tag.parse().unwrap()).into()
        } else {
            Vec::new()
        },
        untagged: Duration::from_hours(*dice.pick(&[24, 24, 5, 72])),
        cache: CachePolicy {
            expire: dice.percent(50).then(|| hours(dice)),
            branches: dice
                .percent(50)
                .then(|| vec!["main".to_owned(), "feature/x".to_owned()]),
        },
        remove_tags: dice.percent(80),
        archive: dice.percent(25),
        max_deletions: None,
        max_share: None,
    }
}
