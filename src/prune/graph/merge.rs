//! Each digest once. A list that is read in pages while tags move may show a manifest twice.

use std::borrow::Cow;

use crate::prune::{Content, Manifest, Status};

/// The manifests by digest. Of one that comes twice everything counts that could keep it.
pub(super) fn distinct(manifests: &[Manifest]) -> Vec<Cow<'_, Manifest>> {
    let mut sorted: Vec<&Manifest> = manifests.iter().collect();
    sorted.sort_by_key(|one| one.digest);
    let mut distinct: Vec<Cow<'_, Manifest>> = Vec::with_capacity(sorted.len());
    for manifest in sorted {
        match distinct.last_mut() {
            Some(last) if last.digest == manifest.digest => merge(last.to_mut(), manifest),
            _ => distinct.push(Cow::Borrowed(manifest)),
        }
    }
    distinct
}

fn merge(into: &mut Manifest, other: &Manifest) {
    into.tags.extend(other.tags.iter().cloned());
    into.tags.sort_unstable();
    into.tags.dedup();
    into.size = into.size.max(other.size);
    into.pushed_at = match (into.pushed_at, other.pushed_at) {
        (Some(one), Some(two)) => Some(one.max(two)),
        _ => None,
    };
    into.pulled_at = into.pulled_at.max(other.pulled_at);
    into.subject = into.subject.max(other.subject);
    into.artifact_type = into.artifact_type.take().max(other.artifact_type.clone());
    if into.status != other.status {
        into.status = Status::Other("several at once".to_owned());
    }
    if rank(&other.content) > rank(&into.content) {
        into.content = other.content.clone();
    }
}

/// What could not be read counts before what was.
fn rank(content: &Content) -> u8 {
    match content {
        Content::NotRead => 0,
        Content::Read(_) => 1,
        Content::Unreadable(_) => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::media_type::OCI_INDEX;
    use crate::prune::testing::manifest;

    #[test]
    fn a_manifest_that_comes_twice_is_one_with_all_its_tags() {
        let mut one = manifest(1, OCI_INDEX);
        one.tags = vec!["a".to_owned()];
        let mut two = one.clone();
        two.tags = vec!["b".to_owned(), "a".to_owned()];
        two.pushed_at = None;
        two.content = Content::Unreadable("x".to_owned());
        let all = [one, manifest(0, OCI_INDEX), two];
        let distinct = distinct(&all);
        assert_eq!(distinct.len(), 2);
        let merged = distinct.iter().find(|one| !one.tags.is_empty()).unwrap();
        assert_eq!(merged.tags, ["a", "b"]);
        assert_eq!(merged.pushed_at, None, "unknown is new");
        assert_eq!(merged.content, Content::Unreadable("x".to_owned()));
    }
}
