//! What an image text means, as ECS, Lambda, Batch and people write it, beside the digest that was pulled.

use std::collections::BTreeSet;

use crate::image::Digest;
use crate::prune::EcrReference;

/// Characters of templates: a text with one of these may become anything.
const TEMPLATE: [char; 4] = ['$', '<', '{', '%'];

/// The images of ECR that a text and the digest that was pulled for it mean; none where the image is of
/// another registry. The text may say tag and digest, and each protects.
///
/// A text that is no image reference is an error only where it could have meant ECR: it has `ecr` between
/// dots or hyphens, as every host of ECR does, or the characters of a template. `Nginx` is wrong, too, and
/// whatever it means is not in ECR.
///
/// # Errors
/// Why the text, or the digest of an image of ECR, cannot be read.
pub(super) fn images(text: &str, pulled: Option<&str>) -> Result<Vec<EcrReference>, String> {
    let mut reference = match EcrReference::parse(text) {
        Ok(Some(reference)) => reference,
        Ok(None) if has_host_like_ecr(text) => {
            return Err(format!(
                "{text:?} has a host like ECR's, and no form of it that is known"
            ));
        }
        Ok(None) => return Ok(Vec::new()),
        Err(error) if could_be_ecr(text) => return Err(error.to_string()),
        Err(_) => return Ok(Vec::new()),
    };
    let Some(pulled) = pulled.filter(|digest| !digest.is_empty()) else {
        return Ok(vec![reference]);
    };
    let Ok(pulled) = pulled.parse::<Digest>() else {
        return Err(format!("{pulled:?} is no digest of {text}"));
    };
    match reference.digest {
        None => {
            reference.digest = Some(pulled);
            Ok(vec![reference])
        }
        Some(digest) if digest == pulled => Ok(vec![reference]),
        Some(_) => {
            let other = EcrReference {
                tag: None,
                digest: Some(pulled),
                ..reference.clone()
            };
            Ok(vec![reference, other])
        }
    }
}

fn could_be_ecr(text: &str) -> bool {
    text.contains(TEMPLATE) || mentions_ecr(text)
}

/// Whether a text has what every host of ECR has: `.dkr.ecr.`, `.dkr-ecr-fips.`, `public.ecr.aws`.
pub(super) fn mentions_ecr(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let parts = [".ecr.", ".ecr-", "-ecr.", "-ecr-"];
    parts.iter().any(|part| text.contains(part))
}

fn has_host_like_ecr(text: &str) -> bool {
    let host = text.trim().split('/').next().unwrap_or_default();
    let host = host.to_ascii_lowercase();
    ["dkr.ecr", "dkr-ecr"]
        .iter()
        .any(|part| host.contains(part))
}

fn is_public(text: &str) -> bool {
    let host = text.split('/').next().unwrap_or_default();
    host.eq_ignore_ascii_case("public.ecr.aws")
}

/// Every text in a longer one that looks like an image of ECR, without the scheme of a URL. One that is
/// put together when it is used (`…/web:{}`) is among them, and cannot be read.
pub(super) fn inside(text: &str) -> BTreeSet<&str> {
    let ends = |c: char| c.is_whitespace() || "\"'`,;()[]\\=|".contains(c);
    let words = text.split(ends);
    let words = words.map(|word| word.rsplit("://").next().unwrap_or(word));
    words
        .filter(|word| word.contains('/'))
        .filter(|word| has_host_like_ecr(word) || is_public(word))
        .map(|word| word.trim_end_matches(['.', '/']))
        .collect()
}

/// The images that a text means which somebody wrote down to protect them, so that it says the registry.
///
/// # Errors
/// Why it protects nothing.
pub(super) fn written_down(text: &str) -> Result<Vec<EcrReference>, String> {
    let host = text.split_once('/').map(|(host, _)| host);
    if !host.is_some_and(|host| host.contains(['.', ':']) || host == "localhost") {
        return Err(format!("{text:?} names no registry"));
    }
    match EcrReference::parse(text) {
        Err(error) => Err(error.to_string()),
        Ok(_) => images(text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: &str = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";

    fn read(text: &str, pulled: Option<&str>) -> Vec<(Option<String>, Option<Digest>)> {
        let found = images(text, pulled).unwrap();
        found.into_iter().map(|one| (one.tag, one.digest)).collect()
    }

    #[test]
    fn tag_and_pulled_digest_both_count() {
        let (old, new) = (Digest::of("old"), Digest::of("new"));
        let tag = Some("v1".to_owned());
        let text = format!("{HOST}/web:v1");
        assert_eq!(read(&text, None), [(tag.clone(), None)]);
        let pulled = new.to_string();
        assert_eq!(read(&text, Some(&pulled)), [(tag.clone(), Some(new))]);
        // ecrm's fault 1: what ECS reports since agent 1.83.
        let text = format!("{HOST}/web:v1@{old}");
        assert_eq!(read(&text, None), [(tag.clone(), Some(old))]);
        let both = [(tag, Some(old)), (None, Some(new))];
        assert_eq!(read(&text, Some(&pulled)), both);
    }

    /// ecrm's fault 3.
    #[test]
    fn every_host_form_counts() {
        for host in [
            "123456789012.dkr.ecr-fips.us-east-1.amazonaws.com",
            "123456789012.dkr-ecr.us-east-1.on.aws",
            "123456789012.dkr-ecr-fips.us-east-1.on.aws",
            "123456789012.Dkr.Ecr.US-East-1.AmazonAWS.com",
        ] {
            let found = images(&format!("{host}/web:1"), None).unwrap();
            assert_eq!(found.len(), 1, "{host}");
        }
    }

    #[test]
    fn what_could_mean_ecr_and_cannot_be_read_is_an_error() {
        for text in [
            "<IMAGE1_NAME>",
            "${IMAGE}",
            "{{ image }}",
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com/Web:1",
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:",
            "https://123456789012.dkr.ecr.eu-west-1.amazonaws.com/web",
            "123456789012.dkr.ecr.mars-1.amazonaws.example/web",
            "VPCE-1.DKR.ECR.EU-WEST-1.VPCE.AMAZONAWS.COM/web:1",
            "vpce-1.dkr.ecr.eu-west-1.vpce.amazonaws.com/web:1",
        ] {
            assert!(images(text, None).is_err(), "{text}");
        }
        for text in ["nginx", "Nginx:Latest", "ghcr.io/a/B", "My-Secret", ""] {
            assert_eq!(images(text, None), Ok(Vec::new()), "{text}");
        }
        assert!(images(&format!("{HOST}/web:1"), Some("sha256:12")).is_err());
        assert_eq!(images("nginx", Some("sha256:12")), Ok(Vec::new()));
    }

    #[test]
    fn images_are_found_in_longer_texts() {
        let text = format!("docker run {HOST}/web:1, then 'https://{HOST}/api@sha256:0'.");
        let expected = [format!("{HOST}/api@sha256:0"), format!("{HOST}/web:1")];
        let found: Vec<&str> = inside(&text).into_iter().collect();
        assert_eq!(found, expected);
        let text = format!("{}/web:1 Public.ecr.aws/a/b:1", HOST.to_uppercase());
        assert_eq!(inside(&text).len(), 2);
        assert!(inside(&format!("{HOST} is a registry")).is_empty());
        assert!(inside("arn:aws:ecr:eu-west-1:1:repository/web").is_empty());
        let computed = format!("States.Format('{HOST}/web:{{}}', $.tag)");
        let found = inside(&computed);
        assert!(images(found.first().unwrap(), None).is_err(), "{found:?}");
    }

    #[test]
    fn what_is_written_down_names_its_registry() {
        assert_eq!(written_down(&format!("{HOST}/web:1")).unwrap().len(), 1);
        assert_eq!(written_down("ghcr.io/a/b:1"), Ok(Vec::new()));
        for text in ["web", "shop/web:1", "sha256:00", "Nginx", "ghcr.io/A/b"] {
            assert!(written_down(text).is_err(), "{text}");
        }
    }
}
