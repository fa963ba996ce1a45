//! Which repositories the places have, and which place to ask about a repository.

use std::collections::BTreeMap;

use crate::aws::{AwsError, EcrImages, FoundRepository};
use crate::prune::{EcrRegistry, EcrRepository, Place};

/// A repository, and whom to ask about it.
#[derive(Clone, Debug)]
pub(in crate::prune) struct Found {
    /// Which one.
    pub(in crate::prune) id: EcrRepository,
    /// As ECR's API names it.
    pub(in crate::prune) name: FoundRepository,
    /// The images of its region, with credentials for it.
    pub(in crate::prune) images: EcrImages,
}

/// What the places told.
#[derive(Debug, Default)]
pub(in crate::prune) struct Registries {
    /// The repositories, each once, though several places may lead to it.
    pub(in crate::prune) found: BTreeMap<EcrRepository, Found>,
    /// The places that did not tell: the account and the error.
    pub(in crate::prune) failed: Vec<(String, AwsError)>,
}

/// Asks every place that has repositories: for those of these names, or for all.
pub(in crate::prune) async fn find(places: &[Place], names: Option<&[String]>) -> Registries {
    let asked = places.iter().filter(|place| place.repositories);
    let told = futures::future::join_all(asked.map(async |place| {
        let images = place.aws.ecr_images(&place.region).await;
        let found = match names {
            Some(names) => images.repositories_named(names).await,
            None => images.repositories().await,
        };
        (place, images, found)
    }));
    let mut registries = Registries::default();
    for (place, images, told) in told.await {
        let told = match told {
            Ok(told) => told,
            Err(error) => {
                registries.failed.push((place.account.clone(), error));
                continue;
            }
        };
        for name in told {
            let id = EcrRepository {
                registry: EcrRegistry::Private {
                    account: name.account.clone(),
                    region: place.region.clone(),
                },
                name: name.name.clone(),
            };
            // The first place that leads to a repository is asked about it.
            registries.found.entry(id.clone()).or_insert(Found {
                id,
                name,
                images: images.clone(),
            });
        }
    }
    registries
}
