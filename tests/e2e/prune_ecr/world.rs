//! A repository of two releases in the fake, and what asks about it.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use launchway::aws::{Aws, AwsSettings, StaticCredentials};
use launchway::config::{PruneSettings, RepositoryRule};
use launchway::prune::{
    Application, Applied, Asked, EcrReference, Event, FailPoints, InUse, Observer, Place, Plan,
    Policy, Refusal, RefusalCode, RefusalSubject, RepositoryPlan, RepositoryResult, Silent, Source,
    Use, UsedBy, apply, plan,
};
use launchway_buildkit::Secret;
use launchway_fake_ecr::{Digest, FakeEcr, NewImage, REGION, Repository};
use serde_json::{Value, json};

pub(super) const DAY: f64 = 86_400.0;
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";

/// An ECR with prune's view of it.
pub(super) struct World {
    pub(super) fake: FakeEcr,
    pub(super) aws: Aws,
    pub(super) settings: PruneSettings,
    pub(super) uses: Arc<Mutex<InUse>>,
    /// How often it was asked what is in use.
    pub(super) asked: Arc<Mutex<usize>>,
    pub(super) now: Timestamp,
    pub(super) fresh_for: Duration,
    pub(super) late: Duration,
    pub(super) saved: bool,
    /// The answer that the plan was made from.
    pub(super) plans_own: Option<Asked>,
    /// How long it takes to ask, by the clock.
    pub(super) asking: Duration,
    pub(super) clock: Clock,
    pub(super) notes: Notes,
}

/// A clock that can be put forward.
#[derive(Clone, Debug, Default)]
pub(super) struct Clock(Arc<Mutex<Duration>>);

impl Clock {
    pub(super) fn now(&self) -> Instant {
        Instant::now() + *self.0.lock().unwrap()
    }

    pub(super) fn forward(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }
}

/// What somebody should know.
#[derive(Debug, Default)]
pub(super) struct Notes(Mutex<Vec<String>>);

impl Notes {
    pub(super) fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl Observer for Notes {
    fn tell(&self, event: &Event<'_>) {
        if let Event::Note { text } = event {
            self.0.lock().unwrap().push((*text).to_owned());
        }
    }
}

/// An index of two images.
#[derive(Clone, Debug)]
pub(super) struct Release {
    pub(super) index: Digest,
    pub(super) parts: [Digest; 2],
}

pub(super) fn now() -> Timestamp {
    "2026-06-01T00:00:00Z".parse().unwrap()
}

/// So many days before now, in seconds since 1970.
#[expect(clippy::cast_precision_loss, reason = "seconds of this century")]
pub(super) fn days_ago(days: f64) -> f64 {
    now().as_second() as f64 - days * DAY
}

pub(super) fn descriptor(media_type: &str, digest: Digest, size: usize) -> Value {
    json!({"mediaType": media_type, "digest": digest.to_string(), "size": size})
}

/// An image whose layer is called so.
pub(super) fn image(name: &str, days: f64) -> NewImage {
    let layer = Digest::of(name.as_bytes());
    let document = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": descriptor(CONFIG, layer, 100),
        "layers": [descriptor("application/vnd.oci.image.layer.v1.tar+gzip", layer, 1000)],
    });
    NewImage::new(document.to_string(), days_ago(days))
}

/// An index of images.
pub(super) fn index(children: &[Digest], days: f64) -> NewImage {
    let entries = children.iter().enumerate().map(|(n, &digest)| {
        let arch = ["amd64", "arm64"][n % 2];
        let mut entry = descriptor(MANIFEST, digest, 300);
        entry["platform"] = json!({"os": "linux", "architecture": arch});
        entry
    });
    let entries: Vec<Value> = entries.collect();
    let document = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries});
    NewImage::new(document.to_string(), days_ago(days))
}

/// Pushes a release that is so many days old.
pub(super) fn release(repository: &Repository, tag: &str, days: f64) -> Release {
    let parts = ["amd64", "arm64"]
        .map(|arch| repository.put(&image(&format!("{}/{tag}/{arch}", repository.uri()), days)));
    let index = repository.put(&index(&parts, days).tag(tag));
    Release { index, parts }
}

pub(super) fn aws(endpoint: &str) -> Aws {
    Aws::new(credentials(endpoint))
}

/// A key for this endpoint.
pub(super) fn credentials(endpoint: &str) -> AwsSettings {
    AwsSettings {
        endpoint_url: Some(endpoint.to_owned()),
        credentials: Some(StaticCredentials {
            access_key_id: "AKIAEXAMPLE".to_owned(),
            secret_access_key: Secret::new("planted-key"),
            session_token: None,
        }),
        ..AwsSettings::default()
    }
}

pub(super) fn rule(pattern: &str, policy: Policy) -> RepositoryRule {
    RepositoryRule {
        pattern: pattern.parse().unwrap(),
        policy,
    }
}

/// What is older than thirty days goes.
pub(super) fn policy() -> Policy {
    Policy {
        expire: Some(Duration::from_hours(30 * 24)),
        ..Policy::default()
    }
}

impl World {
    /// An empty fake with the rule for `shop/*`.
    pub(super) fn new() -> Self {
        let fake = FakeEcr::start().unwrap();
        Self {
            aws: aws(&fake.endpoint()),
            fake,
            settings: PruneSettings {
                repositories: vec![rule("shop/*", policy())],
                ..PruneSettings::default()
            },
            uses: Arc::default(),
            asked: Arc::default(),
            now: now(),
            fresh_for: Duration::from_secs(30),
            late: Duration::from_secs(2),
            saved: false,
            plans_own: None,
            asking: Duration::ZERO,
            clock: Clock::default(),
            notes: Notes::default(),
        }
    }

    pub(super) fn places(&self) -> Vec<Place> {
        vec![Place {
            account: String::new(),
            region: REGION.to_owned(),
            aws: self.aws.clone(),
            repositories: true,
            declared: false,
        }]
    }

    /// A service uses an image from now on: `:TAG` or `@DIGEST`.
    pub(super) fn service_uses(&self, repository: &Repository, image: &str) {
        uses(&self.uses, repository, image);
    }

    pub(super) async fn plan(&self) -> Plan {
        let in_use = self.uses.lock().unwrap().clone();
        plan(
            &self.places(),
            &self.settings,
            &[],
            in_use,
            self.now,
            &Silent,
            false,
        )
        .await
    }

    pub(super) async fn apply(&self, plan: &Plan) -> Applied {
        let now = || self.now;
        let clock = || self.clock.now();
        let application = Application {
            plan,
            saved: self.saved,
            places: &self.places(),
            settings: &self.settings,
            asked: self.plans_own.as_ref(),
            fresh_for: self.fresh_for,
            late: self.late,
            now: &now,
            clock: &clock,
            observer: &self.notes,
            fail_points: FailPoints::default(),
            stop: &AtomicBool::new(false),
        };
        apply(&application, async || {
            *self.asked.lock().unwrap() += 1;
            self.clock.forward(self.asking);
            self.uses.lock().unwrap().clone()
        })
        .await
    }
}

pub(super) fn uses(uses: &Mutex<InUse>, repository: &Repository, image: &str) {
    let image = format!("{}{image}", repository.uri());
    uses.lock().unwrap().uses.push(Use {
        image: EcrReference::parse(&image).unwrap().unwrap(),
        by: UsedBy {
            source: Source::Service,
            name: "prod/web".to_owned(),
        },
    });
}

pub(super) fn list_failed() -> Refusal {
    Refusal::new(
        RefusalCode::ListFailed,
        "ecs:ListServices",
        RefusalSubject::Everything,
        "access was denied",
    )
}

/// The plan's removed digests, sorted.
pub(super) fn going(plan: &RepositoryPlan) -> Vec<String> {
    sorted(plan.waves.iter().flatten())
}

pub(super) fn sorted<T: ToString>(digests: impl IntoIterator<Item = T>) -> Vec<String> {
    let mut texts: Vec<String> = digests.into_iter().map(|one| one.to_string()).collect();
    texts.sort();
    texts
}

/// Every manifest of a release.
pub(super) fn whole(release: &Release) -> Vec<String> {
    sorted([release.index, release.parts[0], release.parts[1]])
}

/// The result of the only repository.
pub(super) fn only(applied: &Applied) -> &RepositoryResult {
    assert_eq!(applied.repositories.len(), 1, "{applied:#?}");
    &applied.repositories[0]
}

/// No manifest of a kept release is gone.
pub(super) fn assert_whole(repository: &Repository, release: &Release) {
    let there = sorted(repository.digests());
    for digest in whole(release) {
        assert!(
            there.contains(&digest),
            "{digest} of a kept release is gone"
        );
    }
}
