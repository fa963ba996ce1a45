use super::*;

const LAYERS: &str = r#""layers":[{"mediaType":"application/vnd.docker.image.rootfs.diff.tar.gzip","digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","size":7,"x-layer":true}]"#;

fn soci(name: &str) -> Digest {
    Digest::of(name)
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

fn oci(rest: &str) -> String {
    format!(
        r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","size":9}},{LAYERS}{rest}}}"#
    )
}

fn annotated(manifest: &str, index: Option<Digest>) -> String {
    text(image_manifest(manifest.as_bytes(), Change::Set(index)).unwrap())
}

#[test]
fn members_and_their_order_stay() {
    let index = soci("a");
    let before = oci(r#","x-new":{"z":1,"a":[2]},"annotations":{"a":"1","z":"\u003c2\u003e"}"#);
    let expected = oci(&format!(
        r#","x-new":{{"z":1,"a":[2]}},"annotations":{{"a":"1","com.amazon.soci.index-digest":"{index}","z":"\u003c2\u003e"}}"#
    ));
    assert_eq!(annotated(&before, Some(index)), expected);
    assert_eq!(annotated(&expected, None), before);
}

#[test]
fn another_index_takes_the_place_of_the_old_one() {
    let plain = oci("");
    let first = annotated(&plain, Some(soci("a")));
    let second = annotated(&first, Some(soci("b")));
    assert_eq!(second, annotated(&plain, Some(soci("b"))));
    assert_eq!(annotated(&second, None), plain);
}

#[test]
fn what_needs_no_change_keeps_its_bytes() {
    // A layout that nobody would write.
    let odd = format!(" {}\n\n", oci("").replace(':', " : "));
    assert_eq!(annotated(&odd, None), odd);
    let annotated_once = oci(&format!(
        r#","annotations":{{ "com.amazon.soci.index-digest":"{}" }}"#,
        soci("a")
    ));
    assert_eq!(annotated(&annotated_once, Some(soci("a"))), annotated_once);
}

#[test]
fn a_docker_manifest_becomes_an_oci_manifest_with_docker_layers() {
    let docker = "{\n   \"schemaVersion\": 2,\n   \"mediaType\": \"application/vnd.docker.distribution.manifest.v2+json\",\n   \"config\": {\n      \"mediaType\": \"application/vnd.docker.container.image.v1+json\",\n      \"size\": 9,\n      \"digest\": \"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"\n   },\n   \"layers\": [\n      {\n         \"mediaType\": \"application/vnd.docker.image.rootfs.diff.tar.gzip\"\n      }\n   ]\n}";
    let index = soci("a");
    let converted = annotated(docker, Some(index));
    let expected = docker
        .replace(media_type::DOCKER_MANIFEST, media_type::OCI_MANIFEST)
        .replace(media_type::DOCKER_CONFIG, media_type::OCI_CONFIG)
        .replace(
            "   ]\n}",
            &format!("   ],\n   \"annotations\": {{\n      \"com.amazon.soci.index-digest\": \"{index}\"\n   }}\n}}"),
        );
    assert_eq!(converted, expected);
    // Converted as well where it gets no SOCI index: its neighbours do.
    assert!(annotated(docker, None).contains(media_type::OCI_MANIFEST));
    let kept = image_manifest(converted.as_bytes(), Change::Keep).unwrap();
    assert_eq!(text(kept), converted);
}

#[test]
fn what_is_no_manifest_is_refused() {
    for (document, says) in [
        ("", "EOF"),
        ("[]", "`the document` is not an object"),
        (r#"{"annotations":[]}"#, "`annotations` is not an object"),
        (
            r#"{"mediaType":"application/vnd.docker.distribution.manifest.v2+json","config":1}"#,
            "`config` is not an object",
        ),
    ] {
        let error = image_manifest(document.as_bytes(), Change::Set(Some(soci("a")))).unwrap_err();
        assert!(error.to_string().contains(says), "{document}: {error}");
    }
}

#[test]
fn buildkits_manifest_is_predicted() {
    let folder = "testdata/soci/annotate/buildkit";
    let read = |name: &str| std::fs::read(format!("{folder}/{name}")).unwrap();
    let index: Digest = text(read("soci-index")).trim().parse().unwrap();
    for case in ["plain", "annotated"] {
        let before = read(&format!("{case}.json"));
        let predicted = annotated_like_buildkit(&before, index).unwrap();
        assert_eq!(text(predicted), text(read(&format!("{case}.soci.json"))));
    }
}

#[test]
fn an_attestation_follows_its_image_and_keeps_all_else() {
    let entry = |name: &str| Entry {
        digest: soci(name),
        size: 3,
    };
    let of = |subject: &str| {
        let layers = LAYERS;
        format!(
            r#"{{"schemaVersion":2,"artifactType":"application/vnd.docker.attestation.manifest.v1+json",{layers},"subject":{subject}}}"#
        )
    };
    let subject = |name: &str, size: u64| {
        of(&format!(
            r#"{{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{}","size":{size},"x":1}}"#,
            soci(name)
        ))
    };
    let replaced = Replacement {
        manifest: entry("new"),
        soci: Change::Keep,
    };
    let replacements = [(soci("old"), replaced)].into();
    let after = |before: &str| text(attestation(before.as_bytes(), &replacements).unwrap());
    assert_eq!(after(&subject("old", 7)), subject("new", 3));
    for same in [
        subject("other", 7),
        format!(" {}", of("null")),
        "{}".to_owned(),
    ] {
        assert_eq!(after(&same), same);
    }
}
