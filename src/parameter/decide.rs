//! Whether a parameter must be written: what it holds against what it should hold.

use super::value::Document;
use crate::aws::StoredParameter;
use crate::config::{ParameterSettings, ValueForm, WriteOn};

/// What is to be done with a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It does not exist.
    Create,
    /// It holds something else, or is written at every release.
    Overwrite,
    /// It holds what it should, in this version.
    Keep {
        /// The version.
        version: i64,
    },
    /// SSM cannot turn one type into another.
    OtherKind {
        /// As SSM names it: `SecureString`.
        found: String,
    },
}

/// Compares `wanted` with what is there.
///
/// A document that names the same images is the same, whatever its commit and time: deploying it
/// again would change nothing. Other values are the same when the text is.
pub fn decide(
    settings: &ParameterSettings,
    wanted: &str,
    stored: Option<&StoredParameter>,
) -> Decision {
    let Some(stored) = stored else {
        return Decision::Create;
    };
    if stored.kind != settings.kind.as_str() {
        return Decision::OtherKind {
            found: stored.kind.clone(),
        };
    }
    let there = stored.value.expose();
    let same = match settings.value {
        ValueForm::Json => same_images(wanted, there),
        ValueForm::Reference | ValueForm::Digest | ValueForm::Tag => wanted == there,
    };
    if same && settings.on == WriteOn::Change {
        Decision::Keep {
            version: stored.version,
        }
    } else {
        Decision::Overwrite
    }
}

fn same_images(one: &str, other: &str) -> bool {
    let images = |text: &str| {
        let document: Document = serde_json::from_str(text).ok()?;
        let images = document.images.into_iter();
        let references = images.map(|(target, image)| (target, image.reference));
        Some((document.schema, references.collect::<Vec<_>>()))
    };
    images(one).is_some_and(|one| images(other) == Some(one))
}

#[cfg(test)]
mod tests {
    use launchway_buildkit::Secret;

    use super::super::value;
    use super::super::value::tests::{record, settings};
    use super::*;
    use crate::config::ParameterKind;

    fn stored(text: &str) -> StoredParameter {
        StoredParameter {
            value: Secret::new(text),
            kind: "String".to_owned(),
            version: 7,
            modified: None,
        }
    }

    #[test]
    fn the_same_images_are_not_written_again() {
        let settings = settings(ValueForm::Json);
        let first = value(&settings, &record(&["web", "api"])).unwrap();
        assert_eq!(decide(&settings, &first, None), Decision::Create);
        let keep = Decision::Keep { version: 7 };
        assert_eq!(decide(&settings, &first, Some(&stored(&first))), keep);

        // Another commit, another time, the same images.
        let mut later = record(&["web", "api"]);
        later.source.commit = Some("f".repeat(40));
        later.completed_at = Some("2030-01-01T00:00:00Z".to_owned());
        let later = value(&settings, &later).unwrap();
        assert_ne!(first, later);
        assert_eq!(decide(&settings, &later, Some(&stored(&first))), keep);

        let mut other = record(&["web", "api"]);
        let image = other.images.get_mut("api").unwrap();
        image.reference = image.reference.replace("registry", "mirror");
        let other = value(&settings, &other).unwrap();
        let decision = decide(&settings, &other, Some(&stored(&first)));
        assert_eq!(decision, Decision::Overwrite);
    }

    #[test]
    fn what_is_no_document_of_ours_is_overwritten() {
        let settings = settings(ValueForm::Json);
        let wanted = value(&settings, &record(&["web"])).unwrap();
        for there in ["", "initial", "{}", "[]", &wanted.replace("/v1", "/v2")] {
            let decision = decide(&settings, &wanted, Some(&stored(there)));
            assert_eq!(decision, Decision::Overwrite, "{there}");
        }
    }

    #[test]
    fn texts_are_compared_as_texts() {
        let mut settings = settings(ValueForm::Tag);
        let there = stored("1.4.0");
        assert_eq!(
            decide(&settings, "1.4.0", Some(&there)),
            Decision::Keep { version: 7 }
        );
        assert_eq!(
            decide(&settings, "1.5.0", Some(&there)),
            Decision::Overwrite
        );
        settings.on = WriteOn::Always;
        assert_eq!(
            decide(&settings, "1.4.0", Some(&there)),
            Decision::Overwrite
        );
        settings.kind = ParameterKind::SecureString;
        let other = Decision::OtherKind {
            found: "String".to_owned(),
        };
        assert_eq!(decide(&settings, "1.5.0", Some(&there)), other);
    }
}
