//! Records of releases (release.json): what they name is in use, and was released.

use std::path::Path;

use super::findings::Findings;
use super::image_text;
use crate::prune::{EcrReference, KnownRelease, Source};
use crate::release::record::{ImageRecord, Record, State, read};

/// Reads the record at `path`, which is shown as `name`.
pub(super) fn record(findings: &Findings, path: &Path, name: &str) {
    match read(path) {
        Ok(record) => use_record(findings, name, &record),
        Err(error) => {
            let problem = super::lists::chain(&error);
            findings.unlisted(format!("{} {name}", Source::Record.label()), problem);
        }
    }
}

/// A release that the scan refused keeps its images, which somebody may look into; it was no release.
fn use_record(findings: &Findings, name: &str, record: &Record) {
    findings.count(Source::Record, 1);
    let at = record.completed_at.as_deref();
    let at = at.unwrap_or(&record.started_at).parse().ok();
    let at = at.filter(|_| record.state != State::Refused);
    for image in record.images.values() {
        let copies = image.copies.iter();
        for repository in [&image.repository].into_iter().chain(copies) {
            match images(repository, image) {
                Ok(images) => {
                    let released = images.first().and_then(|one| {
                        let repository = one.repository.clone();
                        let digest = image.digest;
                        at.map(|at| KnownRelease {
                            repository,
                            digest,
                            at,
                        })
                    });
                    if let Some(release) = released {
                        findings.release(release);
                    }
                    for image in images {
                        findings.reference(Source::Record, name, image);
                    }
                }
                Err(problem) => findings.bad_reference(Source::Record, name, &problem),
            }
        }
    }
}

/// What an image of a record means in one of its repositories: its digest, its platforms, and its tags.
fn images(repository: &str, image: &ImageRecord) -> Result<Vec<EcrReference>, String> {
    let Some(found) = image_text::written_down(repository)?.into_iter().next() else {
        return Ok(Vec::new());
    };
    let named = |tag: Option<&String>, digest| EcrReference {
        repository: found.repository.clone(),
        tag: tag.cloned(),
        digest: Some(digest),
    };
    let mut all = vec![named(None, image.digest)];
    all.extend(image.tags.iter().map(|tag| named(Some(tag), image.digest)));
    let platforms = image.platforms.values();
    all.extend(platforms.map(|platform| named(None, platform.manifest)));
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::Digest;

    fn record_of(state: &str) -> String {
        let host = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";
        let digest = |text: &str| Digest::of(text).to_string();
        serde_json::json!({
            "schema": "launchway.release/v1",
            "launchway": "0.1.0",
            "state": state,
            "startedAt": "2026-03-01T00:00:00Z",
            "baseline": "none",
            "changed": true,
            "images": { "web": {
                "repository": format!("{host}/web"),
                "digest": digest("index"),
                "reference": format!("{host}/web@{}", digest("index")),
                "mediaType": "application/vnd.oci.image.index.v1+json",
                "size": 1,
                "tags": ["v1", "main"],
                "changed": true,
                "reason": "",
                "copies": [format!("{host}/copy"), "ghcr.io/a/copy"],
                "platforms": { "linux/amd64": { "manifest": digest("amd64"), "manifestSize": 1 } },
            } },
        })
        .to_string()
    }

    fn read_text(text: &str) -> super::super::findings::Found {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("release.json");
        std::fs::write(&path, text).unwrap();
        let findings = Findings::new("", "");
        record(&findings, &path, "release.json");
        findings.finish()
    }

    #[test]
    fn digests_platforms_tags_and_copies_are_in_use() {
        let found = read_text(&record_of("complete"));
        let names: Vec<&str> = found
            .uses
            .iter()
            .map(|one| one.image.repository.name.as_str())
            .collect();
        assert_eq!(
            names,
            ["copy"; 4]
                .into_iter()
                .chain(["web"; 4])
                .collect::<Vec<_>>()
        );
        assert!(
            found
                .uses
                .iter()
                .any(|one| one.image.tag.as_deref() == Some("main"))
        );
        let digest = Some(Digest::of("amd64"));
        assert!(found.uses.iter().any(|one| one.image.digest == digest));
        assert_eq!(found.releases.len(), 2);
        assert_eq!(found.releases[0].digest, Digest::of("index"));
    }

    #[test]
    fn what_was_refused_is_kept_and_no_release() {
        let found = read_text(&record_of("refused"));
        assert_eq!((found.uses.len(), found.releases.len()), (8, 0));
    }

    #[test]
    fn a_record_that_cannot_be_read_is_refused() {
        let found = read_text("{");
        assert_eq!(found.refusals[0].name, "record release.json");
        assert!(found.uses.is_empty());
    }
}
