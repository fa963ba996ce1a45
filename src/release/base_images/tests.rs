use launchway_buildkit::BuildFailure;

use super::*;
use crate::plan::{BaseImagePlan, CachePlan, ContextPlan};

/// A mirror of docker.io.
const ECR: &str = "1.dkr.ecr.eu-west-1.amazonaws.com/docker-hub";

/// A solve with this mirror.
pub(in crate::release) fn solve() -> SolvePlan {
    SolvePlan {
        target: "web".to_owned(),
        platform: "linux/amd64".parse().unwrap(),
        context: ContextPlan {
            directory: None,
            url: None,
            dockerfile_directory: None,
            dockerfile: "Dockerfile".to_owned(),
            dockerfile_inline: None,
            named: [].into(),
        },
        attributes: [].into(),
        fresh_attributes: [].into(),
        attestations: [].into(),
        exporter: [].into(),
        base_images: BaseImagePlan {
            mirrors: [("docker.io".to_owned(), ECR.to_owned())].into(),
            ..BaseImagePlan::default()
        },
        cache: CachePlan::default(),
        entitlements: Vec::new(),
    }
}

fn failure(message: &str) -> Option<MirrorFailure> {
    let failure = BuildFailure {
        message: message.to_owned(),
        kind: FailureKind::Registry,
        vertex: None,
        source: None,
        code: launchway_buildkit::Code::Unknown,
    };
    let connect_to =
        |name: &str| name.replace("1.dkr.ecr.eu-west-1.amazonaws.com", "127.0.0.1:5000");
    MirrorFailure::of(&failure, &solve(), connect_to)
}

#[test]
fn failures_of_mirrored_images_are_told_from_others() {
    use MirrorAnswer::{Busy, Missing, Refused};
    let nginx = ("docker.io/library/nginx:9", "library/nginx:9", true);
    let metadata = "nginx:9: failed to resolve source metadata for docker.io/library/nginx:9: ";
    let layer = "failed to copy: httpReadSeeker: failed open: ";
    for (message, expected) in [
        (
            format!("{metadata}127.0.0.1:5000/docker-hub/library/nginx:9: not found"),
            Some((nginx, Missing)),
        ),
        (
            format!("{metadata}unexpected status from HEAD request to http://127.0.0.1:5000/v2/docker-hub/library/nginx/manifests/9: 503 Service Unavailable"),
            Some((nginx, Busy)),
        ),
        (
            format!("{metadata}toomanyrequests: rate exceeded"),
            Some((nginx, Busy)),
        ),
        (
            format!("{metadata}unexpected status from HEAD request to http://x: 403 Forbidden"),
            Some((nginx, Refused)),
        ),
        (
            format!("{layer}content at http://127.0.0.1:5000/v2/docker-hub/user/app/blobs/sha256:00 not found: not found"),
            Some((("docker.io/user/app", "user/app", false), Missing)),
        ),
        (
            "quay.io/x:1: failed to resolve source metadata for quay.io/x:1: not found".to_owned(),
            None,
        ),
        (
            format!("{layer}http://127.0.0.1:5000/v2/shop/web/blobs/sha256:00: 503 Service Unavailable"),
            None,
        ),
        (
            "failed to push 127.0.0.1:5000/docker-hub/x: http://127.0.0.1:5000/v2/docker-hub/x/blobs/uploads: 404".to_owned(),
            None,
        ),
    ] {
        let expected = expected.map(|((image, path, before_any_step), answer)| MirrorFailure {
            image: image.to_owned(),
            mirrored: format!("{ECR}/{path}"),
            answer,
            before_any_step,
        });
        assert_eq!(failure(&message), expected, "{message}");
    }
}

#[test]
fn waiting_ends_and_repeats_no_step() {
    let message = "failed to resolve source metadata for docker.io/library/a:1: ";
    let pauses = |failure: &MirrorFailure, no_cache| -> Vec<u64> {
        let pauses = (1..).map_while(|tries| failure.pause(tries, no_cache));
        pauses.map(|pause| pause.as_secs()).collect()
    };
    let missing = failure(&format!("{message}not found")).unwrap();
    assert_eq!(pauses(&missing, true), [1, 2, 4]);
    let busy = failure(&format!("{message}500 Internal Server Error")).unwrap();
    assert_eq!(pauses(&busy, false), [1, 2, 4, 8, 16]);
    let refused = failure(&format!("{message}401 Unauthorized")).unwrap();
    assert_eq!(pauses(&refused, false), [0; 0]);
    let layer = failure("failed to copy: http://127.0.0.1:5000/v2/docker-hub/a/blobs/x: not found");
    let layer = layer.unwrap();
    assert_eq!(pauses(&layer, false), [1, 2, 4]);
    assert_eq!(pauses(&layer, true), [0; 0]);
}
