use super::*;

const AMD64: &str = r#""platform":{"architecture":"amd64","os":"linux"}"#;
const ARM64: &str =
    r#""platform":{"architecture":"arm64","os":"linux","variant":"v8","os.features":["x"]}"#;
const UNKNOWN: &str = r#""platform":{"architecture":"unknown","os":"unknown"}"#;

fn digest(name: &str) -> Digest {
    Digest::of(name)
}

fn entry(name: &str) -> Entry {
    Entry {
        digest: digest(name),
        size: name.len() as u64,
    }
}

fn manifest(name: &str, rest: &str) -> String {
    format!(
        r#"{{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{}","size":{},{rest}}}"#,
        digest(name),
        name.len()
    )
}

fn attestation(name: &str, about: &str) -> String {
    let about = digest(about);
    let annotations = format!(
        r#""annotations":{{"vnd.docker.reference.digest":"{about}","vnd.docker.reference.type":"attestation-manifest"}},{UNKNOWN}"#
    );
    manifest(name, &annotations)
}

fn soci(name: &str, about: &str, platform: &str) -> String {
    let about = digest(about);
    let rest = format!(
        r#""annotations":{{"com.amazon.soci.image-manifest-digest":"{about}"}},{platform},"artifactType":"application/vnd.amazon.soci.index.v2+json""#
    );
    manifest(name, &rest)
}

fn index(entries: &[String]) -> String {
    format!(
        r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{}],"annotations":{{"k":"v"}}}}"#,
        entries.join(",")
    )
}

fn change(from: &str, to: &str, soci: Change<Entry>) -> (Digest, Replacement) {
    let manifest = entry(to);
    (digest(from), Replacement { manifest, soci })
}

fn set(name: &str) -> Change<Entry> {
    Change::Set(Some(entry(name)))
}

#[track_caller]
fn assert_index(before: &[String], changes: &[(Digest, Replacement)], expected: &[String]) {
    let replacements = changes.iter().copied().collect();
    let after = image_index(index(before).as_bytes(), &replacements).unwrap();
    assert_eq!(String::from_utf8(after).unwrap(), index(expected));
}

#[test]
fn images_are_replaced_attestations_follow_and_soci_comes_last() {
    let foreign = manifest("sbom", r#""artifactType":"application/x","x-new":1"#);
    assert_index(
        &[
            manifest("a", &format!(r#"{AMD64},"annotations":{{"only":"here"}}"#)),
            manifest("b", ARM64),
            attestation("proof a", "a"),
            attestation("proof b", "b"),
            attestation("proof of nothing here", "c"),
            foreign.clone(),
        ],
        &[
            change("a", "a2", set("soci a")),
            change("b", "b2", set("soci b")),
        ],
        &[
            manifest("a2", &format!(r#"{AMD64},"annotations":{{"only":"here"}}"#)),
            manifest("b2", ARM64),
            attestation("proof a", "a2"),
            attestation("proof b", "b2"),
            attestation("proof of nothing here", "c"),
            foreign,
            soci("soci a", "a2", AMD64),
            soci("soci b", "b2", ARM64),
        ],
    );
}

#[test]
fn an_attestation_whose_manifest_was_replaced_too_follows_all_the_same() {
    assert_index(
        &[manifest("a", AMD64), attestation("proof", "a")],
        &[
            change("a", "a2", Change::Set(None)),
            change("proof", "proof2", Change::Keep),
        ],
        &[manifest("a2", AMD64), attestation("proof2", "a2")],
    );
}

#[test]
fn old_soci_entries_go_and_those_of_platforms_not_chosen_stay() {
    let before = [
        soci("old a", "a", AMD64),
        manifest("a", AMD64),
        manifest("b", ARM64),
        soci("old b", "b", ARM64),
        soci("of an image that is gone", "c", AMD64),
    ];
    assert_index(
        &before,
        &[
            change("a", "a2", set("new a")),
            change("b", "b", Change::Keep),
        ],
        &[
            manifest("a2", AMD64),
            manifest("b", ARM64),
            soci("new a", "a2", AMD64),
            soci("old b", "b", ARM64),
        ],
    );
    assert_index(
        &before,
        &[
            change("a", "a0", Change::Set(None)),
            change("b", "b2", Change::Keep),
        ],
        &[
            manifest("a0", AMD64),
            manifest("b2", ARM64),
            soci("old b", "b2", ARM64),
        ],
    );
}

#[test]
fn the_same_again_keeps_every_byte() {
    let before = format!(
        " {} ",
        index(&[
            manifest("a", AMD64),
            attestation("proof", "a"),
            soci("soci", "a", AMD64),
        ])
    );
    let changes = [change("a", "a", set("soci"))].into();
    let after = image_index(before.as_bytes(), &changes).unwrap();
    assert_eq!(String::from_utf8(after).unwrap(), before);
}

#[test]
fn embedded_content_goes_with_the_manifest_it_was() {
    let rest = format!(r#""data":"e30=",{AMD64}"#);
    let same = manifest("a", &rest);
    let same = std::slice::from_ref(&same);
    assert_index(same, &[change("a", "a", Change::Keep)], same);
    assert_index(
        &[manifest("a", &rest)],
        &[change("a", "b", Change::Keep)],
        &[manifest("b", AMD64)],
    );
}

#[test]
fn dockers_list_becomes_an_oci_index() {
    let list = index(&[manifest("a", AMD64)])
        .replace(media_type::OCI_INDEX, media_type::DOCKER_MANIFEST_LIST)
        .replace(media_type::OCI_MANIFEST, media_type::DOCKER_MANIFEST);
    let changes = [change("a", "a2", set("soci"))].into();
    let after = image_index(list.as_bytes(), &changes).unwrap();
    let expected = index(&[manifest("a2", AMD64), soci("soci", "a2", AMD64)]);
    assert_eq!(String::from_utf8(after).unwrap(), expected);
}

#[test]
fn a_single_image_gets_an_index_around_it() {
    let config = br#"{"created":"x","os":"linux","architecture":"arm64","variant":"v8","os.version":"","rootfs":{}}"#;
    let wrapped = index_around(entry("a"), Some(entry("soci")), config).unwrap();
    let platform = r#""platform":{"architecture":"arm64","os":"linux","variant":"v8"}"#;
    let expected = index(&[manifest("a", platform), soci("soci", "a", platform)]);
    let expected = expected.replace(r#","annotations":{"k":"v"}}"#, "}");
    assert_eq!(String::from_utf8(wrapped).unwrap(), expected);
}

#[test]
fn what_is_no_index_is_refused() {
    for document in ["{}", r#"{"manifests":{}}"#, "[]"] {
        let error = image_index(document.as_bytes(), &BTreeMap::new()).unwrap_err();
        assert!(error.to_string().contains("is not"), "{error}");
    }
}
