//! Lambda: the versions of functions that an alias names, the newest ones, and the unpublished one.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;

use futures::{StreamExt as _, stream};

use super::sections::Sections;
use super::{AT_ONCE, Look};
use crate::aws::{AwsError, FunctionImage, Functions, ImageFunction, LATEST_VERSION};
use crate::prune::Source;

/// Every function that is an image.
pub(super) async fn functions(look: &Look<'_>, sections: Sections<'_>) {
    look.findings.count(Source::Function, 0);
    let lambda = look.place.aws.functions(&look.place.region).await;
    let found = match lambda.images().await {
        Ok(found) => found,
        Err(error) => return look.findings.failed(&error),
    };
    let kept = found.iter().filter_map(|function| {
        let keep = sections.keep(&function.name, look.findings)?;
        Some((function, keep))
    });
    stream::iter(kept.collect::<Vec<_>>())
        .for_each_concurrent(AT_ONCE, |(one, keep)| function(look, &lambda, one, keep))
        .await;
}

async fn function(look: &Look<'_>, lambda: &Functions, function: &ImageFunction, keep: usize) {
    look.findings.count(Source::Function, 1);
    // One list that does not load must not hide what the other tells.
    let aliased = lambda.aliased(&function.name).await;
    let published = lambda.versions(&function.name).await;
    let list = |error: AwsError| look.findings.failed_of(&function.name, &error);
    let aliased = aliased.map_err(list).unwrap_or_default();
    let published = published.map_err(list).unwrap_or_default();
    for version in versions(aliased, published, keep) {
        let name = format!("{}:{version}", function.name);
        match image(look, lambda, function, &version).await {
            Ok(Some(image)) => {
                for text in [&image.image, &image.resolved].into_iter().flatten() {
                    look.findings.image(Source::Function, &name, text, None);
                }
                if image.image.is_none() && image.resolved.is_none() {
                    let problem = "Lambda does not tell its image";
                    look.findings
                        .bad_reference(Source::Function, &name, problem);
                }
            }
            Ok(None) => {}
            Err(error) => look.findings.failed_of(&name, &error),
        }
    }
}

async fn image(
    look: &Look<'_>,
    lambda: &Functions,
    function: &ImageFunction,
    version: &str,
) -> Result<Option<Arc<FunctionImage>>, AwsError> {
    let arn = format!("{}:{version}", function.arn);
    if let Some(known) = look.cache.functions.get(&arn) {
        return Ok(Some(known));
    }
    let found = lambda.image(&function.name, version).await?;
    Ok(found.map(|image| match version {
        LATEST_VERSION => Arc::new(image),
        // A number is never given twice, not even to another function of this name.
        _ => look.cache.functions.put(arn, image),
    }))
}

/// The versions that count: the unpublished one, those of aliases, and the newest published ones. Lambda counts
/// them; what is no number is new.
fn versions(
    aliased: BTreeSet<String>,
    mut published: Vec<String>,
    keep: usize,
) -> BTreeSet<String> {
    published.sort_by_key(|version| Reverse(version.parse().unwrap_or(u64::MAX)));
    let mut all = aliased;
    all.extend(published.into_iter().take(keep));
    all.insert(LATEST_VERSION.to_owned());
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliased_newest_and_unpublished_versions_count() {
        let texts = |texts: &[&str]| texts.iter().map(|one| (*one).to_owned()).collect();
        let published: Vec<String> = ["1", "2", "9", "10", "11"].map(str::to_owned).into();
        let found = versions(texts(&["2"]), published, 2);
        assert_eq!(found, texts(&["2", "10", "11", "$LATEST"]));
        let found = versions(BTreeSet::new(), Vec::new(), 2);
        assert_eq!(found, texts(&["$LATEST"]));
    }
}
