//! Whole releases that Trivy (a script that prints what the real one would) refuses or lets pass.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use launchway::exit;
use serde_json::{Value, json};

use crate::support::{Outcome, PASSWORD, Project, Registry, Stage, USER, crane};

pub(super) const BAKE: &str = r#"variable "REGISTRY" {}
group "default" { targets = ["web", "api"] }
target "web" {
  context   = "web"
  platforms = ["linux/amd64", "linux/arm64"]
  tags      = ["${REGISTRY}/shop/web:live"]
}
target "api" {
  context   = "api"
  platforms = ["linux/amd64"]
  tags      = ["${REGISTRY}/shop/api:live"]
}
"#;

/// Nothing has to run on any platform.
const DOCKERFILE: &str = "FROM scratch\nCOPY page.txt /\n";

pub(super) const SETTINGS: &str = "scan {\n  scanner = \"trivy\"\n}\n";

/// A project of two images; `settings` is its launchway.hcl.
pub(super) fn project(registry: &str, settings: &str) -> Project {
    let files = [
        ("docker-bake.hcl", BAKE),
        ("launchway.hcl", settings),
        ("web/Dockerfile", DOCKERFILE),
        ("web/page.txt", "web\n"),
        ("api/Dockerfile", DOCKERFILE),
        ("api/page.txt", "api\n"),
    ];
    Project::of(registry, &files)
}

/// A Trivy in a folder of its own: it wants the documented arguments, notes them, and prints
/// `web.json` or `api.json` beside it.
pub(crate) struct Trivy {
    folder: tempfile::TempDir,
}

impl Trivy {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let script = r#"#!/bin/sh
here=$(dirname "$0")
[ "$1 $2 $3 $4" = "image --quiet --format json" ] || { echo "bad arguments: $*" >&2; exit 64; }
shift 4
[ "$*" = "--list-all-pkgs --scanners vuln --severity UNKNOWN,LOW,MEDIUM,HIGH,CRITICAL $6" ] ||
  { echo "bad arguments: $*" >&2; exit 64; }
case "$6" in *@sha256:*) ;; *) echo "$6 is no digest" >&2; exit 64;; esac
login=nobody
case "$DOCKER_CONFIG" in */launchway-login-*)
  login=$(sed 's/.*"auth":"\([^"]*\)".*/\1/' "$DOCKER_CONFIG/config.json" | base64 -d | cut -d: -f1);;
esac
echo "$6 $login ${TRIVY_PASSWORD:+with a password} $TRIVY_SEVERITY $TRIVY_TIMEOUT" >> "$here/calls"
if [ -e "$here/broken" ]; then cat "$here/broken" >&2; exit 1; fi
case "$6" in */web@*) cat "$here/web.json";; *) cat "$here/api.json";; esac
"#;
        let path = folder.path().join("trivy");
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        let trivy = Self { folder };
        trivy.finds("web", &[]);
        trivy.finds("api", &[]);
        trivy
    }

    /// From now on it finds these (id, severity, fixed version) in an image.
    pub(crate) fn finds(&self, image: &str, found: &[(&str, &str, &str)]) {
        let vulnerabilities: Vec<Value> = found
            .iter()
            .map(|(id, severity, fixed)| {
                json!({
                    "VulnerabilityID": id, "PkgName": "libssl3", "InstalledVersion": "3.0.15",
                    "FixedVersion": fixed, "Severity": severity, "Title": format!("{id} is a hole"),
                    "PrimaryURL": format!("https://avd.example/{id}"),
                })
            })
            .collect();
        let report = json!({
            "SchemaVersion": 2, "ArtifactName": image, "ArtifactType": "container_image",
            "Results": [{ "Target": "debian", "Class": "os-pkgs", "Vulnerabilities": vulnerabilities }],
        });
        fs::write(self.file(&format!("{image}.json")), report.to_string()).unwrap();
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What it was called with, one line each.
    pub(crate) fn calls(&self) -> Vec<String> {
        let calls = fs::read_to_string(self.file("calls")).unwrap_or_default();
        calls.lines().map(str::to_owned).collect()
    }

    /// `PATH` with it.
    pub(crate) fn path(&self) -> String {
        let rest = std::env::var("PATH").unwrap();
        format!("{}:{rest}", self.folder.path().display())
    }
}

fn release(stage: &Stage, project: &Project, trivy: &Trivy, arguments: &[&str]) -> Outcome {
    let arguments: Vec<&str> = ["release"].iter().chain(arguments).copied().collect();
    let mut command = stage.engine.command(project, &arguments);
    Outcome::of(command.env("PATH", trivy.path()).output().unwrap())
}

#[track_caller]
fn succeeds(outcome: &Outcome) {
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
}

fn tags(registry: &Registry) -> usize {
    registry.tags("shop/web").len() + registry.tags("shop/api").len()
}

#[test]
fn a_release_is_refused_then_passes_with_an_ignore() {
    let stage = Stage::new();
    let trivy = Trivy::new();
    let cache = format!(
        "cache {{\n  repository = \"{}/shop/cache\"\n}}\n",
        stage.registry.address
    );
    let project = project(&stage.registry.address, &format!("{SETTINGS}{cache}"));
    trivy.finds(
        "web",
        &[("CVE-2026-1", "HIGH", "3.0.16"), ("CVE-2026-2", "LOW", "")],
    );

    let refused = release(&stage, &project, &trivy, &[]);
    refused.assert_failed(
        exit::SCAN_GATE,
        &[
            "the scan refused web, and no tag was moved",
            "CVE-2026-1  libssl3  3.0.15",
            "CVE-2026-1 is a hole",
            "Below HIGH: 1 low",
            "hint: It has a fix",
        ],
    );
    assert_eq!(tags(&stage.registry), 0);
    let record = project.record();
    assert_eq!(record["state"], "refused");
    let web = &record["images"]["web"];
    assert_eq!(web["scan"]["scanner"], "trivy");
    assert_eq!(web["scan"]["decision"], "refused");
    assert_eq!(web["scan"]["counts"], json!({ "LOW": 1, "HIGH": 1 }));
    assert_eq!(web["scan"]["failing"][0]["id"], "CVE-2026-1");
    assert_eq!(
        web["scan"]["failing"][0]["platforms"],
        json!(["linux/amd64", "linux/arm64"])
    );
    assert_eq!(record["images"]["api"]["scan"]["decision"], "passed");
    // What was built is in the registry by digest, and its cache, too.
    let digest = web["digest"].as_str().unwrap();
    crane(&[
        "manifest",
        &format!("{}/shop/web@{digest}", stage.registry.address),
    ]);
    assert!(!stage.registry.tags("shop/cache").is_empty());
    // Every finding is written down.
    let report = project.json("launchway-out/scan.json");
    assert_eq!(report["passed"], false);
    let sarif = project.json("launchway-out/scan.sarif");
    assert_eq!(sarif["runs"][0]["results"].as_array().unwrap().len(), 2);
    assert!(!project.path().join("launchway-out/release.env").exists());

    // Manifests were scanned, and no index.
    let address = &stage.registry.address;
    let manifests: Vec<String> = ["web", "api"]
        .iter()
        .flat_map(|image| {
            let platforms = record["images"][image]["platforms"].as_object().unwrap();
            platforms.values().map(move |built| {
                let manifest = built["manifest"].as_str().unwrap();
                format!("{address}/shop/{image}@{manifest}")
            })
        })
        .collect();
    let mut calls = trivy.calls();
    calls.sort();
    let mut wanted: Vec<String> = manifests
        .iter()
        .map(|reference| format!("{reference} nobody   600s"))
        .collect();
    wanted.sort();
    assert_eq!(calls, wanted);

    // What was refused is not old the next time, whatever it is compared with.
    fs::copy(
        project.path().join("launchway-out/release.json"),
        project.path().join("refused.json"),
    )
    .unwrap();
    let again = release(
        &stage,
        &project,
        &trivy,
        &["--baseline", "record:refused.json"],
    );
    again.assert_failed(exit::SCAN_GATE, &["the scan refused web"]);
    assert_eq!(tags(&stage.registry), 0);

    // Somebody looked at it.
    let ignore = r#"scan {
  scanner = "trivy"
  ignore  = [
    { id = "CVE-2026-1", package = "libssl3", reason = "TLS ends at the load balancer", until = "9999-12-31" },
    { id = "CVE-2020-1", reason = "long gone", until = "9999-12-31" },
    { id = "CVE-2020-2", reason = "over", until = "2020-01-31" },
  ]
}
"#;
    project.write("launchway.hcl", &format!("{ignore}{cache}"));
    project.commit("Ignore CVE-2026-1");
    let passed = release(&stage, &project, &trivy, &[]);
    succeeds(&passed);
    for says in [
        "Scan       passed; 1 high, 1 low, of these 1 ignored",
        "launchway-out/scan.json",
    ] {
        assert!(passed.stderr.contains(says), "{says}:\n{}", passed.stderr);
    }
    let record = project.record();
    assert_eq!(record["state"], "complete");
    let scan = &record["images"]["web"]["scan"];
    assert_eq!(scan["decision"], "passed");
    assert_eq!(scan["ignored"][0]["ignored"]["until"], "9999-12-31");
    let live = format!("{}/shop/web:live", stage.registry.address);
    assert_eq!(crane(&["digest", &live]), record["images"]["web"]["digest"]);
    let report = project.json("launchway-out/scan.json");
    assert_eq!(report["unusedIgnores"][0]["id"], "CVE-2020-1");
    assert_eq!(report["expiredIgnores"][0]["id"], "CVE-2020-2");

    // Something new is found in what is deployed: that is told, and stops nothing.
    trivy.finds("web", &[("CVE-2026-3", "CRITICAL", "")]);
    let unchanged = release(&stage, &project, &trivy, &["--require-change"]);
    assert_eq!(unchanged.code, Some(4), "{}", unchanged.stderr);
    let says = "Scan       not refused: it did not change; 1 critical";
    assert!(unchanged.stderr.contains(says), "{}", unchanged.stderr);

    // It is not let through to those who do not have it yet.
    let promoted = ["--tag", "production", "--baseline", "tag:live"];
    let refused = release(&stage, &project, &trivy, &promoted);
    refused.assert_failed(exit::SCAN_GATE, &["the scan refused web"]);
    let production = "production".to_owned();
    assert!(!stage.registry.tags("shop/web").contains(&production));

    // A changed image with the same finding is refused, and the tag stays.
    project.write("web/page.txt", "changed\n");
    project.commit("Change web");
    let before = crane(&["digest", &live]);
    let refused = release(&stage, &project, &trivy, &["--progress", "rawjson"]);
    assert_eq!(refused.code, Some(13), "{}", refused.stderr);
    assert_eq!(crane(&["digest", &live]), before);
    let events: Vec<Value> = refused
        .stderr
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let count = |name: &str| {
        let events = events.iter();
        events
            .filter(|event| event["launchway"]["event"] == name)
            .count()
    };
    assert_eq!((count("scanStarted"), count("scanCompleted")), (3, 3));
    assert_eq!(events.last().unwrap()["error"]["exit"], 13);
    // And is released all the same where somebody says so.
    let calls = trivy.calls().len();
    succeeds(&release(&stage, &project, &trivy, &["--no-scan"]));
    assert_eq!(trivy.calls().len(), calls);
    assert_ne!(crane(&["digest", &live]), before);
    assert_eq!(project.record()["images"]["web"].get("scan"), None);
}

#[test]
fn a_scanner_that_cannot_work_moves_no_tag() {
    let stage = Stage::new();
    let trivy = Trivy::new();
    let project = project(&stage.registry.address, SETTINGS);

    // Found out before anything is built.
    let missing = stage.engine.command(&project, &["release"]);
    let mut missing = missing;
    let outcome = Outcome::of(missing.env("PATH", bare_path()).output().unwrap());
    outcome.assert_failed(
        exit::CONFIGURATION,
        &[
            "cannot scan with trivy",
            "there is no program trivy in PATH",
            "Install Trivy",
        ],
    );
    assert!(!outcome.stderr.contains("BuildKit"), "{}", outcome.stderr);
    project.write("launchway.hcl", "scan {\n}\n");
    let outcome = release(&stage, &project, &trivy, &[]);
    let says = "is not in ECR, so ECR cannot scan it";
    outcome.assert_failed(exit::CONFIGURATION, &[says, "scanner = \"trivy\""]);
    assert!(!outcome.stderr.contains("BuildKit"), "{}", outcome.stderr);

    project.write("launchway.hcl", SETTINGS);
    fs::write(
        trivy.file("broken"),
        "FATAL the database cannot be downloaded\n",
    )
    .unwrap();
    fs::create_dir_all(project.path().join("launchway-out")).unwrap();
    project.write("launchway-out/scan.json", "{}");
    let outcome = release(&stage, &project, &trivy, &[]);
    outcome.assert_failed(
        exit::SCAN_GATE,
        &[
            "the images were not scanned, and no tag was moved",
            "the database cannot be downloaded",
        ],
    );
    // What was built is known all the same, and no report of an earlier run stands beside it.
    assert_eq!(project.record()["state"], "published");
    assert!(!project.path().join("launchway-out/scan.json").exists());
    fs::remove_file(trivy.file("broken")).unwrap();
    fs::write(trivy.file("api.json"), "<html>").unwrap();
    let outcome = release(&stage, &project, &trivy, &[]);
    let says = "its output cannot be read";
    outcome.assert_failed(exit::SCAN_GATE, &[says, "line 1 column 1", "docs/scan.md"]);
    assert_eq!(tags(&stage.registry), 0);
    // Nothing of that is in the way of the next release.
    trivy.finds("api", &[]);
    succeeds(&release(&stage, &project, &trivy, &[]));
    assert_eq!(tags(&stage.registry), 2);
}

/// A `PATH` with a shell and no Trivy.
fn bare_path() -> &'static str {
    "/usr/bin:/bin"
}

#[test]
fn a_command_scans_chosen_targets_with_a_login_that_stays_secret() {
    let folder = tempfile::tempdir().unwrap();
    let registry = Registry::start_with_login(&folder.path().join("registry"));
    let engine = crate::support::Engine::in_folder(&folder.path().join("state"));
    let trivy = Trivy::new();
    let project = project(
        &registry.address,
        "scan {\n  scanner = \"trivy\"\n  targets = [\"api\"]\n}\n",
    );
    write_login(&folder.path().join("docker"), &registry);
    let run = |arguments: &[&str]| {
        let mut command = engine.command(&project, arguments);
        command.env("PATH", trivy.path());
        command.env("DOCKER_CONFIG", folder.path().join("docker"));
        command.env("TRIVY_SEVERITY", "CRITICAL");
        Outcome::of(command.output().unwrap())
    };
    let outcome = run(&["release"]);
    succeeds(&outcome);
    let calls = trivy.calls();
    let [call] = calls.as_slice() else {
        panic!("{calls:?}")
    };
    assert!(call.contains("/shop/api@sha256:"), "{call}");
    assert!(call.ends_with(&format!(" {USER}   600s")), "{call}");
    let record = project.record();
    assert_eq!(record["images"]["web"].get("scan"), None);
    assert_eq!(record["images"]["api"]["scan"]["decision"], "passed");

    let script = "#!/bin/sh\necho \"$1 $2\" > seen\necho '{\"schema\":\"launchway.findings/v1\",\"noResult\":\"no database\"}'\n";
    project.write("scan.sh", script);
    let path = project.path().join("scan.sh");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    let settings = "scan {\n  scanner = \"command\"\n  command = [\"./scan.sh\", \"{reference}\", \"{platform}\"]\n  targets = [\"api\"]\n}\n";
    project.write("launchway.hcl", settings);
    project.write("api/page.txt", "changed\n");
    project.commit("Scan with a script");
    let outcome = run(&["release"]);
    outcome.assert_failed(
        exit::SCAN_GATE,
        &["no result", "no database", "no_result = \"warn\""],
    );
    assert!(project.read("seen").ends_with(" linux/amd64\n"));
    let settings = settings.replace("targets", "no_result = \"warn\"\n  targets");
    project.write("launchway.hcl", &settings);
    let outcome = run(&["release"]);
    succeeds(&outcome);
    let says = "! no result for linux/amd64: no database";
    assert!(outcome.stderr.contains(says), "{}", outcome.stderr);
    for file in ["release.json", "scan.json", "scan.sarif"] {
        let text = project.read(format!("launchway-out/{file}"));
        assert!(!text.contains(PASSWORD), "{file}");
    }
}

fn write_login(folder: &Path, registry: &Registry) {
    use base64::Engine as _;
    let login = base64::engine::general_purpose::STANDARD.encode(format!("{USER}:{PASSWORD}"));
    fs::create_dir_all(folder).unwrap();
    let config = json!({ "auths": { &registry.address: { "auth": login } } });
    fs::write(folder.join("config.json"), config.to_string()).unwrap();
}
