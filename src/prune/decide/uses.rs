//! The part of what is in use that is about one repository.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;

use crate::image::Digest;
use crate::prune::{EcrRepository, InUse, KnownRelease, Use, UsedBy};

/// The part of [`InUse`] that is about one repository.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RepositoryUses {
    /// What is named, and by whom.
    pub uses: Vec<NamedImage>,
    /// When each digest was released last, as records tell.
    pub releases: BTreeMap<Digest, Timestamp>,
    /// Every digest that is in use, of whatever repository, and who uses it: what is about one of them may be in a
    /// repository of its own.
    pub everywhere: Arc<BTreeMap<Digest, UsedBy>>,
}

/// A tag, a digest or both, and who names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NamedImage {
    /// The tag.
    pub tag: Option<String>,
    /// The digest.
    pub digest: Option<Digest>,
    /// Who.
    pub by: UsedBy,
}

impl RepositoryUses {
    /// What `in_use` says of a repository. For many repositories make one [`UsesIndex`].
    pub fn of(in_use: &InUse, repository: &EcrRepository) -> Self {
        UsesIndex::new(in_use).of(repository).clone()
    }

    fn add_use(&mut self, one: &Use) {
        self.uses.push(NamedImage {
            tag: one.image.tag.clone(),
            digest: one.image.digest,
            by: one.by.clone(),
        });
    }

    fn add_release(&mut self, release: &KnownRelease) {
        let latest = self.releases.entry(release.digest).or_insert(release.at);
        *latest = release.at.max(*latest);
    }
}

/// What is in use by repository, so that finding the uses of one does not look at all.
#[derive(Clone, Debug, Default)]
pub struct UsesIndex {
    by_repository: HashMap<EcrRepository, RepositoryUses>,
    none: RepositoryUses,
}

impl UsesIndex {
    /// Sorts everything that is in use by repository.
    pub fn new(in_use: &InUse) -> Self {
        let mut by_repository: HashMap<EcrRepository, RepositoryUses> = HashMap::new();
        let mut everywhere: BTreeMap<Digest, UsedBy> = BTreeMap::new();
        for one in &in_use.uses {
            if let Some(digest) = one.image.digest {
                // The same one whatever the order.
                let by = everywhere.entry(digest).or_insert_with(|| one.by.clone());
                if one.by < *by {
                    *by = one.by.clone();
                }
            }
            let repository = one.image.repository.clone();
            by_repository.entry(repository).or_default().add_use(one);
        }
        for release in &in_use.releases {
            let repository = release.repository.clone();
            let uses = by_repository.entry(repository).or_default();
            uses.add_release(release);
        }
        let everywhere = Arc::new(everywhere);
        for uses in by_repository.values_mut() {
            uses.everywhere = Arc::clone(&everywhere);
        }
        Self {
            by_repository,
            none: RepositoryUses {
                everywhere,
                ..RepositoryUses::default()
            },
        }
    }

    /// What is known of a repository; empty where nothing names it.
    pub fn of(&self, repository: &EcrRepository) -> &RepositoryUses {
        self.by_repository.get(repository).unwrap_or(&self.none)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prune::testing::{ago, digest};
    use crate::prune::{EcrReference, Source};

    #[test]
    fn uses_are_found_by_repository_whatever_host_names_it() {
        let by = UsedBy {
            source: Source::Task,
            name: "prod".to_owned(),
        };
        let uses = [
            "123456789012.dkr.ecr.us-east-1.amazonaws.com/web:v1",
            "123456789012.dkr-ecr-fips.us-east-1.on.aws/web:v2",
            "123456789012.dkr.ecr.us-west-2.amazonaws.com/web:v3",
        ];
        let web = EcrRepository::private("123456789012", "us-east-1", "web");
        let release = |hours| KnownRelease {
            repository: web.clone(),
            digest: digest(1),
            at: ago(hours),
        };
        let in_use = InUse {
            uses: uses
                .into_iter()
                .map(|text| Use {
                    image: EcrReference::parse(text).unwrap().unwrap(),
                    by: by.clone(),
                })
                .collect(),
            releases: vec![release(5), release(2), release(9)],
            ..InUse::default()
        };
        let index = UsesIndex::new(&in_use);
        let found = index.of(&web);
        let tags: Vec<_> = found.uses.iter().map(|one| one.tag.as_deref()).collect();
        assert_eq!(tags, [Some("v1"), Some("v2")]);
        assert_eq!(found.releases[&digest(1)], ago(2), "the newest");
        assert_eq!(*found, RepositoryUses::of(&in_use, &web));
        let other = EcrRepository::private("123456789012", "us-east-1", "other");
        assert_eq!(*index.of(&other), RepositoryUses::default());
    }

    /// A signature may be elsewhere than its image.
    #[test]
    fn digests_in_use_are_known_everywhere() {
        let by = |name: &str| UsedBy {
            source: Source::Task,
            name: name.to_owned(),
        };
        let web = format!(
            "123456789012.dkr.ecr.us-east-1.amazonaws.com/web@{}",
            digest(1)
        );
        let uses = ["b", "a"].map(|name| Use {
            image: EcrReference::parse(&web).unwrap().unwrap(),
            by: by(name),
        });
        let in_use = InUse {
            uses: uses.into(),
            ..InUse::default()
        };
        let index = UsesIndex::new(&in_use);
        for name in ["web", "signatures"] {
            let repository = EcrRepository::private("123456789012", "us-east-1", name);
            let found = &index.of(&repository).everywhere;
            assert_eq!(**found, BTreeMap::from([(digest(1), by("a"))]), "{name}");
        }
    }
}
