//! ECR's scanning on moto, which knows the shapes of its answers.

use launchway::aws::parse_ecr_host;
use launchway::image::Digest;
use launchway::scan::{Scanner as _, Severity};
use serde_json::{Value, json};

use super::{HOST, aws, complete, image, no_result, scanner};
use crate::service::Service;

/// A call that Launchway itself never makes.
async fn post(url: &str, operation: Option<&str>, body: &Value) {
    let mut request = reqwest::Client::new().post(url).body(body.to_string());
    if let Some(operation) = operation {
        let target = format!("AmazonEC2ContainerRegistry_V20150921.{operation}");
        let scope = "AKIAEXAMPLE/20260302/ap-northeast-1/ecr/aws4_request";
        let signature =
            format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0");
        request = request
            .header("X-Amz-Target", target)
            .header("Content-Type", "application/x-amz-json-1.1")
            .header("Authorization", signature);
    } else {
        request = request.header("Content-Type", "application/json");
    }
    let answer = request.send().await.unwrap();
    let status = answer.status();
    assert!(
        status.is_success(),
        "{status}: {}",
        answer.text().await.unwrap()
    );
}

#[tokio::test]
async fn results_of_moto_are_read() {
    let service = Service::aws();
    let endpoint = format!("http://{}", service.address);
    let host = parse_ecr_host(HOST).unwrap();
    aws(&endpoint)
        .create_ecr_repository(&host, "shop/web")
        .await
        .unwrap();
    for name in ["web", "old"] {
        let manifest = json!({
            "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": { "mediaType": "application/vnd.oci.image.config.v1+json", "size": 1, "digest": Digest::of(name) },
            "layers": [],
        });
        let put = json!({
            "repositoryName": "shop/web", "imageTag": name, "imageDigest": Digest::of(name),
            "imageManifest": manifest.to_string(),
        });
        post(&endpoint, Some("PutImage"), &put).await;
    }

    // Nothing is there: it is started, and moto finds something in every image.
    let (first, _) = scanner(&endpoint);
    let result = complete(first.scan(&image()).await.unwrap());
    let [finding] = result.findings.as_slice() else {
        panic!("{result:?}")
    };
    assert_eq!(finding.id, "CVE-9999-9999");
    assert_eq!(finding.severity, Severity::High);
    assert_eq!(finding.package.as_deref(), Some("moto_fake"));
    assert!(result.scanned_at.is_some() && !result.reused);
    // Now it is there.
    assert!(complete(first.scan(&image()).await.unwrap()).reused);

    // A result of our own, for another image.
    let results = json!({
        "region": "ap-northeast-1",
        "results": [{
            "registryId": "123456789012", "repositoryName": "shop/web",
            "imageId": { "imageDigest": Digest::of("old") },
            "imageScanStatus": { "status": "FAILED", "description": "The operating system is not known" },
        }],
    });
    let path = format!("{endpoint}/moto-api/static/ecr/scan-finding-results");
    post(&path, None, &results).await;
    let mut old = image();
    old.manifest = Digest::of("old");
    let reason = no_result(first.scan(&old).await.unwrap());
    assert!(reason.starts_with("ECR says FAILED"), "{reason}");
}
