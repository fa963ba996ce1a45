//! Which images get SOCI indexes, and what their builds must be asked for. Reads only the plan's
//! inputs; indexing is `release`'s and `soci`'s.

use std::collections::BTreeMap;

use launchway_soci::index::IMAGE_ANNOTATION;

use super::{Mode, Options, PlanError};
use crate::bake::Target;
use crate::config::SociSettings;
use crate::soci::SociOptions;

/// What the command line says about SOCI.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SociWish {
    /// Nothing: a release does what the `soci` block says, `bake` and `build` do without.
    #[default]
    AsDeclared,
    /// On, whatever `enabled` says; the block's other attributes count.
    On,
    /// Off.
    Off,
}

/// How a pushed target is indexed, if it is.
pub(super) fn options(
    target: &Target,
    settings: Option<&SociSettings>,
    options: &Options,
) -> Option<SociOptions> {
    let on = match options.soci {
        SociWish::On => true,
        SociWish::Off => false,
        SociWish::AsDeclared => {
            options.mode == Mode::Release && settings.is_some_and(|settings| settings.enabled)
        }
    };
    let settings = settings.cloned().unwrap_or_default();
    let named = settings
        .targets
        .is_none_or(|targets| targets.contains(&target.name));
    (on && named).then(|| SociOptions {
        version: settings.version,
        span_size: settings.span_size,
        min_layer_size: settings.min_layer_size,
        ..SociOptions::default()
    })
}

/// Makes the exporter write layers that can be indexed and that Fargate reads: gzip (or no
/// compression, where the target says so), those of base images too, which may be zstd.
pub(super) fn require(
    target: &Target,
    exporter: &mut BTreeMap<String, String>,
) -> Result<(), PlanError> {
    let needs: [(&str, &[&str], &str); 3] = [
        ("compression", &["gzip", "uncompressed"], "gzip"),
        (
            "force-compression",
            &["true"],
            "true, since layers of base images may be zstd",
        ),
        ("oci-mediatypes", &["true"], "true"),
    ];
    for (attribute, accepted, needed) in needs {
        let value = exporter
            .entry(attribute.to_owned())
            .or_insert_with(|| accepted[0].to_owned());
        if !accepted.contains(&value.as_str()) {
            return Err(PlanError::SociOutput {
                target: target.name.clone(),
                attribute: attribute.to_owned(),
                value: value.clone(),
                needed,
            });
        }
    }
    // An inline cache is part of the image's configuration, and only publishing would make it: what
    // is published would not be what was indexed.
    if target.cache_to.iter().any(|cache| cache.kind == "inline") {
        return Err(PlanError::Unavailable {
            target: target.name.clone(),
            feature: "the cache `type=inline` with SOCI indexes".to_owned(),
        });
    }
    // BuildKit takes `annotation.KEY`, `annotation-manifest.KEY` and both with `[platform]`.
    let ours = |key: &String| {
        key.starts_with("annotation") && key.ends_with(&format!(".{IMAGE_ANNOTATION}"))
    };
    if exporter.keys().any(ours) {
        return Err(PlanError::SociAnnotation {
            target: target.name.clone(),
            annotation: IMAGE_ANNOTATION,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
