//! Real ECR host names on a registry of ours, and base images from a mirror.

use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::process::Command;
use std::sync::{Arc, Mutex};

use launchway::exit;
use launchway::image::media_type;
use launchway::registry::fault::{Fault, FaultRegistry, Quirks, Requests};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::support::{
    ECR_HOST, EcrStage, Engine, Layer, Project, crane, image, output, part,
    read_with_official_library,
};

/// Two releases of the shop; returns how many platforms of `web` can be loaded lazily.
fn release_the_shop_twice(soci: &str) -> usize {
    let stage = EcrStage::new();
    let project = Project::shop(ECR_HOST);
    let settings = project.read("launchway.hcl");
    project.write("launchway.hcl", &format!("{settings}{soci}"));
    stage.engine.succeed(&project, &["release"]);
    let first = project.record();
    stage.engine.succeed(&project, &["release"]);
    let second = project.record();
    for (target, image) in first["images"].as_object().unwrap() {
        let again = &second["images"][target];
        let name = format!("{ECR_HOST}/shop-{target}");
        assert_eq!(image["repository"], name.as_str(), "{image:#}");
        assert_eq!(image["changed"], true, "{target}");
        assert_eq!(again["changed"], false, "{target}");
        assert_eq!(image["digest"], again["digest"], "{target}");
        let here = format!("{}/shop-{target}:production", stage.registry.address);
        assert_eq!(crane(&["digest", &here]), image["digest"]);
    }
    for file in ["release.json", "release.env", "shop/taskdef.json"] {
        let text = project.read(format!("launchway-out/{file}"));
        assert!(!text.contains(&stage.registry.address), "{file}: {text}");
    }
    let cached = stage.registry.tags("shop-cache");
    assert!(cached.contains("web-arm64"), "{cached:?}");
    let web = format!("{}/shop-web:production", stage.registry.address);
    read_with_official_library(&web).len()
}

#[test]
fn the_shop_is_released_to_ecr_host_names_and_then_nothing_changed() {
    assert_eq!(release_the_shop_twice(""), 0);
}

#[test]
fn the_shop_is_released_to_ecr_host_names_with_soci() {
    let soci = "soci { min_layer_size = \"64KiB\" }\n";
    assert_eq!(release_the_shop_twice(soci), 2);
}

#[test]
fn the_daemon_logs_in_to_an_endpoint_as_to_its_registry() {
    let stage = EcrStage::with_login();
    let project = Project::shop(ECR_HOST);
    stage.engine.succeed(&project, &["release", "web"]);
    assert!(!stage.aws.bodies("GetAuthorizationToken").is_empty());
    let web = format!("{}/shop-web:production", stage.registry.address);
    let mut crane = Command::new(part("crane"));
    let digest = output(stage.logged_in(crane.args(["digest", &web])));
    let record = project.record();
    assert_eq!(record["images"]["web"]["digest"], digest.trim());
}

const BAKE: &str = r#"
variable "REGISTRY" {}
target "default" {
  contexts  = { named = "docker-image://library/busybox:1" }
  args      = { TAG = "1" }
  platforms = ["linux/amd64", "linux/arm64"]
  tags      = ["${REGISTRY}/app:live"]
}
"#;

/// Images named in every way that there is.
const DOCKERFILE: &str = r"# syntax=docker/dockerfile:1
ARG TAG=none
FROM --platform=$BUILDPLATFORM docker.io/library/busybox AS build
RUN echo built > /built
FROM named AS more
RUN echo context > /context
FROM busybox:$TAG
COPY --from=build /built /
COPY --from=more /context /
COPY --from=user/tool:2 /bin/busybox /tool
RUN --mount=from=public.ecr.aws/docker/library/busybox:1,target=/other cp /other/etc/passwd /copied
";

const MIRRORS: &str = r#"
release { baseline = "tag:live" }
base_images {
  mirrors = {
    "docker.io"      = "${REGISTRY}/docker-hub"
    "public.ecr.aws" = "${REGISTRY}/ecr-public"
  }
}
"#;

/// Nothing listens there: a request to Docker Hub would fail the build, and be seen here.
struct Nowhere {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Nowhere {
    fn open() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let mut line = String::new();
                let _ = BufReader::new(&stream).read_line(&mut line);
                seen.lock().unwrap().push(line);
            }
        });
        Self { address, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// A stage whose registry has the base image under these names, and whose daemon reaches nothing
/// else.
fn stage_with(names: &[&str]) -> (EcrStage, Nowhere) {
    let mut stage = EcrStage::new();
    let address = &stage.registry.address;
    let base = format!("{address}/base/busybox:stable");
    for name in names {
        crane(&["copy", &base, &format!("{address}/{name}")]);
    }
    let nowhere = Nowhere::open();
    let proxy = format!("http://{}", nowhere.address);
    stage.engine.set("HTTPS_PROXY", &proxy);
    stage.engine.set("NO_PROXY", "127.0.0.1");
    (stage, nowhere)
}

#[test]
fn bases_come_from_a_mirror_and_the_image_is_the_same() {
    let hub = ["library/busybox:latest", "library/busybox:1", "user/tool:2"];
    let mirrored = hub.map(|name| format!("docker-hub/{name}"));
    let names: Vec<&str> = mirrored.iter().map(String::as_str).chain(hub).collect();
    let public = [
        "ecr-public/docker/library/busybox:1",
        "docker/library/busybox:1",
    ];
    let (mut stage, nowhere) = stage_with(&[names, public.to_vec()].concat());
    let files = [
        ("docker-bake.hcl", BAKE),
        ("launchway.hcl", MIRRORS),
        ("Dockerfile", DOCKERFILE),
    ];
    let project = Project::of(ECR_HOST, &files);

    stage.engine.succeed(&project, &["release"]);
    let with = project.record();
    assert_eq!(nowhere.asked(), [""; 0]);
    let plan = stage.engine.succeed(&project, &["plan"]).stdout;
    let (_, bases) = plan.split_once("Base images\n").unwrap();
    let expected = [
        &format!("  docker.io from {ECR_HOST}/docker-hub"),
        "    library/busybox:1",
        "    library/busybox:latest",
        "    user/tool:2",
        &format!("  public.ecr.aws from {ECR_HOST}/ecr-public"),
        "    docker/library/busybox:1",
    ];
    assert_eq!(bases.lines().collect::<Vec<_>>(), expected);

    // Docker Hub itself, as far as the daemon can tell.
    let address = &stage.registry.address;
    let endpoints = ["docker.io", "public.ecr.aws", ECR_HOST];
    let endpoints = endpoints.map(|host| format!("{host}=http://{address}"));
    stage
        .engine
        .set("LAUNCHWAY_REGISTRY_ENDPOINTS", endpoints.join(","));
    let (release, _) = MIRRORS.split_once("base_images").unwrap();
    project.write("launchway.hcl", release);
    stage.engine.succeed(&project, &["release"]);
    let without = project.record();
    assert_eq!(nowhere.asked(), [""; 0]);
    let image = |record: &Value| record["images"]["default"].clone();
    assert_eq!(image(&with)["changed"], true);
    assert_eq!(image(&without)["changed"], false);
    assert_eq!(image(&with)["digest"], image(&without)["digest"]);
    for platform in ["linux/amd64", "linux/arm64"] {
        let steps = &image(&without)["platforms"][platform]["steps"];
        assert_eq!(steps["total"], steps["cached"], "{platform}: {steps}");
    }
}

/// A project whose one base image, by its name on Docker Hub, is to come from this mirror.
fn mirrored(mirror: &str, registry: &str, dockerfile: &str) -> Project {
    let bake = r#"
      variable "REGISTRY" {}
      target "default" {
        platforms = ["linux/amd64", "linux/arm64"]
        tags      = ["${REGISTRY}/app:live"]
      }
    "#;
    let settings = format!("base_images {{ mirrors = {{ \"docker.io\" = \"{mirror}\" }} }}\n");
    let files = [
        ("docker-bake.hcl", bake),
        ("launchway.hcl", &settings),
        ("Dockerfile", dockerfile),
    ];
    Project::of(registry, &files)
}

#[test]
fn a_base_that_no_mirror_has_is_reported_with_both_names_and_what_to_do() {
    let (stage, nowhere) = stage_with(&[]);
    let mirror = format!("{ECR_HOST}/docker-hub");
    let project = mirrored(&mirror, ECR_HOST, "FROM scratch AS one\nFROM nginx:9\n");
    stage
        .engine
        .run(&project, &["bake", "--push"])
        .assert_failed(
            exit::REGISTRY,
            &[
                "Dockerfile:2",
                ">>> FROM nginx:9",
                "docker.io/library/nginx:9",
                &format!("{mirror}/library/nginx:9"),
                "trying again in 4 s",
                "rule for docker-hub with the upstream registry-1.docker.io",
                "ecr:BatchImportUpstreamImage",
            ],
        );
    assert_eq!(nowhere.asked(), [""; 0]);
}

/// The first pulls through a cache fail; nothing but the pull is repeated.
#[test]
fn a_mirror_that_imports_an_image_first_is_waited_for() {
    let runtime = Runtime::new().unwrap();
    let registry = runtime
        .block_on(FaultRegistry::start(Quirks::default()))
        .unwrap();
    let folder = tempfile::Builder::new().prefix("lw-").tempdir().unwrap();
    let engine = Engine::in_folder(&folder.path().join("state"));
    let layer = Layer::of(1, 4096);
    let manifests = ["amd64", "arm64"].map(|architecture| {
        let (config, manifest) = image(architecture, std::slice::from_ref(&layer));
        let repository = "hub/library/tiny";
        registry.add_blob(repository, layer.compressed.clone());
        registry.add_blob(repository, config);
        let found = registry.add_manifest(repository, None, media_type::OCI_MANIFEST, manifest);
        json!({
            "mediaType": found.media_type, "digest": found.digest, "size": found.size,
            "platform": { "os": "linux", "architecture": architecture },
        })
    });
    let index = json!({
        "schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": manifests,
    });
    let index = index.to_string();
    registry.add_manifest("hub/library/tiny", Some("1"), media_type::OCI_INDEX, index);
    let dockerfile = "FROM tiny:1\nCOPY Dockerfile /\n";
    let project = mirrored(
        &format!("{}/hub", registry.host()),
        &registry.host(),
        dockerfile,
    );

    let pulls = || Requests::new("*", "/hub/library/tiny/manifests/1");
    let unknown = || Fault::refuse(404, "NAME_UNKNOWN", "the repository does not exist");
    for fault in [
        unknown(),
        Fault::unavailable(),
        Fault::too_many_requests("1"),
    ] {
        registry.fail(pulls(), fault, 1);
    }
    let release = engine.succeed(&project, &["release"]);
    let told = release
        .stderr
        .matches("cannot be pulled from its mirror yet");
    assert!((1..=6).contains(&told.count()), "{}", release.stderr);
    assert_eq!(registry.tags("app").len(), 1);

    // One that stays busy is given up, as something that may work later.
    project.write("Dockerfile", "FROM tiny:2\nCOPY Dockerfile /\n");
    let busy = Requests::new("*", "/hub/library/tiny/manifests/2");
    registry.fail(busy, Fault::unavailable(), 1000);
    let says = [
        "docker.io/library/tiny:2",
        "trying again in 16 s",
        "hint: The mirror is busy",
    ];
    let outcome = engine.run(&project, &["release"]);
    outcome.assert_failed(exit::TEMPORARY, &says);
}

#[test]
fn the_stable_frontend_is_never_pulled_and_another_one_comes_from_the_mirror() {
    let (stage, nowhere) = stage_with(&[]);
    let mirror = format!("{ECR_HOST}/docker-hub");
    let labs = "# syntax=docker/dockerfile:1-labs\nFROM scratch\nCOPY Dockerfile /\n";
    let project = mirrored(&mirror, ECR_HOST, labs);
    stage.engine.run(&project, &["bake"]).assert_failed(
        exit::REGISTRY,
        &[
            "Dockerfile:1",
            "docker.io/docker/dockerfile:1-labs",
            &format!("{mirror}/docker/dockerfile:1-labs"),
        ],
    );
    // The argument goes before the line.
    let argument = "*.args.BUILDKIT_SYNTAX=docker/dockerfile:1.7";
    stage.engine.succeed(&project, &["bake", "--set", argument]);
    project.write("Dockerfile", &labs.replace(":1-labs", ":1"));
    stage.engine.succeed(&project, &["bake"]);
    // `build` reads no file of ours, so nothing but the built-in frontend can have served it.
    stage.engine.succeed(&project, &["build", "."]);
    assert_eq!(nowhere.asked(), [""; 0]);
}
