//! What a year of releases leaves in a registry: four releases by Launchway, of two images with attestations, SOCI
//! indexes and caches, one with a SOCI index v1; and beside them what other tools push.
//!
//! Made once per process, since it takes a BuildKit daemon; every test gets a copy of the registry.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

use crate::support::{
    Artifact, ECR_HOST, EcrStage, Layer, Mirrored, Project, Pushed, copy_folder, read_all,
};

pub(super) const BAKE: &str = r#"
variable "REGISTRY" {}
group "default" { targets = ["web", "api"] }
target "_common" {
  args      = { BASE = "${REGISTRY}/base/busybox:stable" }
  platforms = ["linux/amd64", "linux/arm64"]
  attest    = ["type=provenance,mode=min"]
}
target "web" {
  inherits = ["_common"]
  target   = "web"
  tags     = ["${REGISTRY}/shop/web:latest"]
}
target "api" {
  inherits = ["_common"]
  target   = "api"
  tags     = ["${REGISTRY}/shop/api:latest"]
}
target "tool" {
  inherits = ["_common"]
  target   = "tool"
  attest   = []
  tags     = ["${REGISTRY}/shop/tool:latest"]
}
"#;

const DOCKERFILE: &str = r"
ARG BASE
FROM ${BASE} AS built
COPY built.txt /etc/built
RUN sha256sum /etc/built > /etc/sum
FROM ${BASE} AS web
COPY --from=built /etc/sum /etc/sum
COPY web.txt /etc/message
FROM ${BASE} AS api
COPY --from=built /etc/sum /etc/sum
COPY api.txt /etc/message
FROM ${BASE} AS tool
COPY tool.txt /etc/message
";

/// The settings of a release: its cache's branch, and the version of its SOCI indexes.
fn settings(branch: &str, soci: &str) -> String {
    format!(
        r#"release {{
  tags     = [source.commit8, "production"]
  baseline = "tag:production"
}}
cache {{
  repository = "${{REGISTRY}}/shop/cache"
  branch     = "{branch}"
}}
soci {{
  version        = "{soci}"
  min_layer_size = 0
}}
"#
    )
}

const DAY: f64 = 86_400.0;

/// How many days ago each release was.
pub(super) const AGES: [f64; 4] = [200.0, 100.0, 40.0, 2.0];

/// A release.
#[derive(Clone, Debug)]
pub(super) struct Release {
    /// The tag of its commit.
    pub(super) tag: String,
    /// Its release.json.
    pub(super) record: Value,
}

impl Release {
    /// The digest of an image.
    pub(super) fn digest(&self, image: &str) -> &str {
        self.record["images"][image]["digest"].as_str().unwrap()
    }
}

/// Everything that was pushed.
pub(super) struct Released {
    folder: PathBuf,
    /// Every manifest of the registry, in the order of the pushes.
    pub(super) images: Vec<Mirrored>,
    /// When each `repository@digest` was pushed, in seconds since 1970.
    pushed: BTreeMap<String, f64>,
    /// Oldest first; as [`AGES`].
    pub(super) releases: Vec<Release>,
    /// The releases of `tool`, with SOCI indexes v1: as old as the first release, and the last one.
    pub(super) tools: Vec<Release>,
    /// What other tools pushed, by name, as `repository@digest`.
    pub(super) others: BTreeMap<&'static str, Pushed>,
}

impl Released {
    /// The contents of the registry.
    pub(super) fn contents(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// What came with the release of this age in a repository, as `repository@digest`: its index, images,
    /// attestations, SOCI indexes, caches, and what others pushed about it; without its [`Self::pieces`].
    pub(super) fn of_age(&self, repository: &str, days: f64) -> BTreeSet<String> {
        let about = ago(days);
        let pushed = self.pushed.iter().filter(|(name, when)| {
            let same = name
                .split_once('@')
                .is_some_and(|(name, _)| name == repository);
            // The stage takes minutes to make, not hours.
            same && (*when - about).abs() < DAY / 4.0
        });
        let all: BTreeSet<String> = pushed.map(|(name, _)| name.clone()).collect();
        all.difference(&self.pieces()).cloned().collect()
    }

    /// The indexes of one platform each that the daemon pushes with attestations, and that a release makes its index
    /// of: nothing lists them, and they have no tag.
    pub(super) fn pieces(&self) -> BTreeSet<String> {
        let read = |image: &Mirrored| -> Value {
            serde_json::from_slice(&image.image.manifest()).unwrap()
        };
        let mut listed = BTreeSet::new();
        for image in &self.images {
            for entry in read(image)["manifests"].as_array().into_iter().flatten() {
                let digest = entry["digest"].as_str().unwrap();
                listed.insert(format!("{}@{digest}", image.repository));
            }
        }
        let untagged = self.images.iter().filter(|image| image.tags.is_empty());
        let indexes = untagged.filter(|image| read(image)["manifests"].is_array());
        let names = indexes.map(Mirrored::name);
        names.filter(|name| !listed.contains(name)).collect()
    }

    /// One of [`Self::others`], as `repository@digest`.
    #[track_caller]
    pub(super) fn other(&self, name: &str) -> String {
        self.others[name].name()
    }
}

/// Seconds since 1970, so many days ago.
pub(super) fn ago(days: f64) -> f64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    now.as_secs_f64() - days * DAY
}

/// Makes it, or returns what was made.
pub(super) fn released() -> &'static Released {
    static RELEASED: OnceLock<Released> = OnceLock::new();
    RELEASED.get_or_init(make)
}

/// A folder that outlives the test: nobody drops a static. The next process removes it.
fn folder() -> PathBuf {
    let parent = Path::new(env!("CARGO_TARGET_TMPDIR"));
    for entry in std::fs::read_dir(parent).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().and_then(|name| name.to_str());
        let owner = name.and_then(|name| name.strip_prefix("prune-"));
        if owner.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
            let _ = std::fs::remove_dir_all(path);
        }
    }
    let folder = parent.join(format!("prune-{}", std::process::id()));
    std::fs::create_dir(&folder).unwrap();
    folder
}

fn make() -> Released {
    let folder = folder();
    let stage = EcrStage::new();
    let address = &stage.registry.address;
    let mut history = History::default();
    history.add(stage.registry.manifests(), 300.0);

    let project = Project::of(
        ECR_HOST,
        &[
            ("docker-bake.hcl", BAKE),
            ("Dockerfile", DOCKERFILE),
            ("launchway.hcl", &settings("main", "v2")),
            ("built.txt", "built\n"),
            ("web.txt", "web 0\n"),
            ("api.txt", "api 0\n"),
            ("tool.txt", "tool 0\n"),
            (".gitignore", "launchway-out\n"),
        ],
    );
    let release = |changes: &[(&str, &str)], targets: &[&str]| {
        for (path, contents) in changes {
            project.write(path, contents);
        }
        project.commit("Change");
        stage
            .engine
            .succeed(&project, &[&["release"], targets].concat());
        Release {
            tag: project.commit8(),
            record: project.record(),
        }
    };
    let (v1, v2) = (settings("main", "v1"), settings("main", "v2"));
    let (mut releases, mut tools) = (Vec::new(), Vec::new());

    // The first one on a branch of its own, whose caches nothing uses any more.
    let branch = settings("old-idea", "v2");
    releases.push(release(&[("launchway.hcl", &branch)], &[]));
    tools.push(release(&[("launchway.hcl", &v1)], &["tool"]));
    history.add(stage.registry.manifests(), AGES[0]);
    let changed = [
        ("launchway.hcl", &*v2),
        ("built.txt", "built 1\n"),
        ("web.txt", "web 1\n"),
        ("api.txt", "api 1\n"),
    ];
    releases.push(release(&changed, &[]));
    history.add(stage.registry.manifests(), AGES[1]);
    // `api` is as it was: it gets another tag, and ECR keeps its time.
    releases.push(release(&[("web.txt", "web 2\n")], &[]));
    history.add(stage.registry.manifests(), AGES[2]);
    let changed = [
        ("built.txt", "built 3\n"),
        ("web.txt", "web 3\n"),
        ("api.txt", "api 3\n"),
    ];
    releases.push(release(&changed, &[]));
    tools.push(release(
        &[("launchway.hcl", &*v1), ("tool.txt", "tool 3\n")],
        &["tool"],
    ));
    history.add(stage.registry.manifests(), AGES[3]);

    let others = push_others(address, &releases, &mut history);
    history.add(stage.registry.manifests(), 0.0);
    let images = read_all(&stage.registry, &history.pushed);
    let data = stage.registry.stop();
    copy_folder(&data, &folder.join("data"));
    Released {
        folder,
        images,
        pushed: history.pushed,
        releases,
        tools,
        others,
    }
}

/// When manifests came to be.
#[derive(Default)]
struct History {
    pushed: BTreeMap<String, f64>,
}

impl History {
    /// What is new in the registry is so many days old.
    fn add(&mut self, manifests: BTreeSet<String>, days: f64) {
        for name in manifests {
            self.pushed.entry(name).or_insert_with(|| ago(days));
        }
    }

    fn push(&mut self, pushed: &Pushed, days: f64) {
        self.pushed.insert(pushed.name(), ago(days));
    }
}

/// What one image of each use is called in `shop/uses`: nothing else holds it.
pub(super) const USES: [&str; 18] = [
    "service",
    "blue",
    "green",
    "zero",
    "task",
    "alone",
    "dual-stack",
    "fips",
    "aliased",
    "latest",
    "rule",
    "schedule",
    "rollback",
    "daemon",
    "daemon-before",
    "job",
    "machine",
    "nobody",
];

fn push_others(
    address: &str,
    releases: &[Release],
    history: &mut History,
) -> BTreeMap<&'static str, Pushed> {
    let mut others = BTreeMap::new();
    let mut seed = 0;
    let mut image = |architecture: &str| {
        seed += 1;
        Artifact::image(architecture, &Layer::of(seed, 2000))
    };
    let web = |generation: usize| {
        let digest = releases[generation].digest("web");
        Pushed::found(address, "shop/web", digest)
    };
    let mut push =
        |name: &'static str, artifact: Artifact, repository: &str, tags: &[&str], days| {
            let pushed = artifact.push(address, repository, tags);
            history.push(&pushed, days);
            others.insert(name, pushed.clone());
            pushed
        };

    push(
        "plain-old",
        image("amd64"),
        "shop/web",
        &["plain-old"],
        150.0,
    );
    push("plain-new", image("amd64"), "shop/web", &["plain-new"], 3.0);
    // Releases as scripts of `docker manifest` leave them: three tags, one release.
    for (names, commit, days) in [
        (
            ["joined-old", "joined-old-amd64", "joined-old-arm64"],
            "c0ffee01",
            160.0,
        ),
        (
            ["joined-new", "joined-new-amd64", "joined-new-arm64"],
            "c0ffee02",
            1.5,
        ),
    ] {
        let amd64 = push(
            names[1],
            image("amd64"),
            "shop/joined",
            &[&format!("{commit}-amd64")],
            days,
        );
        let arm64 = push(
            names[2],
            image("arm64"),
            "shop/joined",
            &[&format!("{commit}-arm64")],
            days,
        );
        let index = Artifact::index([(&amd64, Some("amd64")), (&arm64, Some("arm64"))]);
        push(names[0], index, "shop/joined", &[commit], days);
    }
    // Signatures by tag, of a release that goes and of one that stays.
    for (name, generation) in [("signature-old", 0), ("signature-new", 3)] {
        let tag = format!("{}.sig", web(generation).digest.replace(':', "-"));
        let signature = Artifact::signature(&format!("signed {generation}"));
        push(name, signature, "shop/web", &[&tag], AGES[generation]);
    }
    // And by subject.
    for (name, generation) in [("referrer-old", 0), ("referrer-new", 3)] {
        let report = Artifact::of("application/sarif+json", &format!("report {generation}"));
        push(
            name,
            report.about(&web(generation)),
            "shop/web",
            &[],
            AGES[generation],
        );
    }
    let strange = Artifact::of("application/vnd.example.model.v1", "weights");
    push("strange", strange, "shop/web", &["model"], 190.0);
    let bundle = Artifact::index([(&web(1), None)]);
    // One of its tags is kept for ever, and the other one expires.
    push("bundle", bundle, "shop/web", &["bundle", "bundle-1"], 90.0);
    // A split job that nobody joined, and one that was joined and not cleaned up.
    let lost = image("arm64");
    push(
        "lost-part",
        lost,
        "shop/web",
        &["deadbeef.partial-arm64"],
        50.0,
    );
    // A push that is under way: parts without an index.
    push("under-way", image("amd64"), "shop/web", &[], 0.01);
    push("leftover", image("amd64"), "shop/web", &[], 20.0);
    // The newest release of `shop/uses`, so that no other one stays for being that.
    push("newest", image("amd64"), "shop/uses", &["newest"], 110.0);
    for name in USES {
        push(
            name,
            image("amd64"),
            "shop/uses",
            &[&format!("u-{name}")],
            120.0,
        );
    }
    others
}
