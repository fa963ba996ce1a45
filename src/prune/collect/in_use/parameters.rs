//! SSM parameters that name releases: what they name is in use, and what they named was released.

use std::sync::Arc;

use futures::{StreamExt as _, stream};

use super::parameter_value::{self, Unread};
use super::{AT_ONCE, Look};
use crate::aws::{AwsError, AwsErrorKind, StoredParameter};
use crate::prune::{KnownRelease, Source};

/// The section of a declared parameter.
pub(super) fn section(declared: &str) -> String {
    format!("parameter \"{declared}\"")
}

/// Every declared parameter: a name, or all below a path.
pub(super) async fn parameters(look: &Look<'_>) {
    look.findings.count(Source::Parameter, 0);
    stream::iter(&look.settings.parameters)
        .for_each_concurrent(AT_ONCE, async |declared| {
            let read = match declared.strip_suffix('*') {
                Some(path) => below(look, declared, path).await,
                None => named(look, declared).await,
            };
            if let Err(error) = read {
                look.findings.failed_of(declared, &error);
            }
        })
        .await;
}

async fn named(look: &Look<'_>, name: &str) -> Result<(), AwsError> {
    let store = look.place.aws.parameter_store(Some(&look.place.region));
    let Some(stored) = store.await?.get(name, true).await? else {
        return Ok(());
    };
    look.findings.count(Source::Parameter, 1);
    look.findings.matched(section(name));
    match parameter_value::read(stored.value.expose()) {
        Ok(read) => use_parameter(look, name, &stored, &read).await,
        Err(error) => {
            bad(look, name, &error);
            Ok(())
        }
    }
}

/// Not every parameter below a path is of ours: what no release could have written is left alone, and a
/// plain word (`debug`, `v1`) is most often a setting. It may be a tag as well, so that it is told.
async fn below(look: &Look<'_>, declared: &str, path: &str) -> Result<(), AwsError> {
    let Look { place, .. } = look;
    let found = place.aws.parameters_below(&place.region, path).await?;
    look.findings.count(Source::Parameter, found.len());
    if !found.is_empty() {
        look.findings.matched(section(declared));
    }
    let read = found
        .iter()
        .map(|(name, stored)| (name, stored, parameter_value::read(stored.value.expose())));
    let (tags, read): (Vec<_>, Vec<_>) =
        read.partition(|(.., read)| matches!(read, Err(Unread::Tag)));
    if let Some((name, ..)) = tags.first() {
        let more = match tags.len() {
            1 => String::new(),
            count => format!(", and {} more there", count - 1),
        };
        let error = Unread::Tag;
        look.findings.warn(format!(
            "parameter {name}{more} protects nothing: {error}, if a release wrote it"
        ));
    }
    stream::iter(read)
        .for_each_concurrent(AT_ONCE, async |(name, stored, read)| match read {
            Ok(read) => {
                if let Err(error) = use_parameter(look, name, stored, &read).await {
                    look.findings.failed_of(name, &error);
                }
            }
            Err(Unread::Foreign) => {}
            Err(error) => bad(look, name, &error),
        })
        .await;
    Ok(())
}

fn bad(look: &Look<'_>, name: &str, error: &Unread) {
    let problem = error.to_string();
    look.findings
        .bad_reference(Source::Parameter, name, &problem);
}

async fn use_parameter(
    look: &Look<'_>,
    name: &str,
    stored: &StoredParameter,
    read: &parameter_value::Named,
) -> Result<(), AwsError> {
    for image in &read.images {
        look.findings
            .reference(Source::Parameter, name, image.clone());
    }
    if read.images.is_empty() {
        return Ok(());
    }
    for release in read.releases(stored.modified) {
        look.findings.release(release);
    }
    for release in history(look, name, stored.version).await?.iter() {
        look.findings.release(release.clone());
    }
    Ok(())
}

/// What the versions of a parameter that SSM keeps tell of releases. It is asked for once per
/// version: nothing but a new version changes it.
async fn history(
    look: &Look<'_>,
    name: &str,
    version: i64,
) -> Result<Arc<Vec<KnownRelease>>, AwsError> {
    let place = look.place;
    let key = format!("{} {} {name} {version}", place.account, place.region);
    if let Some(known) = look.cache.histories.get(&key) {
        return Ok(known);
    }
    let store = place.aws.parameter_store(Some(&place.region)).await?;
    let mut releases = Vec::new();
    let versions = match store.history(name, true).await {
        Ok(versions) => versions,
        // It was deleted since it was read; what it named then still counts.
        Err(error) if matches!(error.kind, AwsErrorKind::NotFound { .. }) => {
            return Ok(Arc::default());
        }
        Err(error) => return Err(error),
    };
    for one in versions {
        // An earlier value may have been anything.
        if let Ok(read) = parameter_value::read(one.stored.value.expose()) {
            releases.extend(read.releases(one.stored.modified));
        }
    }
    Ok(look.cache.histories.put(key, releases))
}
