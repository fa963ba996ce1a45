//! Fetching the facts: documents, and whether blobs are there. No layer and no zTOC is read.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use launchway_soci::index::SociIndex;

use super::facts::{
    Facts, IndexFacts, LayerFacts, PlatformFacts, RegistryKind, SociFacts, ZtocFacts,
};
use crate::aws::parse_ecr_host;
use crate::image::{Descriptor, Digest, Index, Platform, annotation};
use crate::registry::{self, Client, Reference, Repository};
use crate::soci::LayerType;
use crate::soci::lookup::{self, Found, LookError};
use crate::soci::source_image::{PlatformImage, SourceImage};

/// Requests at once.
const AT_ONCE: usize = 8;
/// The registry of ECR Public.
const ECR_PUBLIC: [&str; 2] = ["public.ecr.aws", "ecr-public.aws.com"];

/// Finds out about an image: about `platforms`, or all if none are named.
pub async fn read(
    registry: &Client,
    reference: &Reference,
    platforms: &[Platform],
) -> Result<Facts, LookError> {
    let (image, found) = lookup::look(registry, reference, platforms).await?;
    let there = ztocs(registry, &image.repository, &found)
        .await
        .map_err(|error| lookup::failed(reference, error))?;
    let platforms = found
        .iter()
        .map(|(one, found)| platform(&image, one, found, &there))
        .collect();
    Ok(Facts {
        reference: reference.to_string(),
        registry: kind(image.repository.host()),
        is_index: image.index.is_some(),
        strays: image.index.as_ref().map(strays).unwrap_or_default(),
        soci_before_images: image.index.as_ref().is_some_and(soci_before_images),
        platforms,
    })
}

/// Which zTOCs the repository has.
async fn ztocs(
    registry: &Client,
    repository: &Repository,
    found: &[(PlatformImage, Found)],
) -> Result<BTreeMap<Digest, bool>, registry::Error> {
    let wanted: BTreeSet<Digest> = found
        .iter()
        .flat_map(|(_, found)| match found {
            Found::Index { index, .. } => index.ztocs.as_slice(),
            Found::Nothing | Found::Unusable { .. } => &[],
        })
        .map(|entry| entry.digest)
        .collect();
    stream::iter(wanted)
        .map(|digest| async move {
            let there = registry.has_blob(repository, digest).await?;
            Ok((digest, there))
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await
}

fn platform(
    image: &SourceImage,
    one: &PlatformImage,
    found: &Found,
    there: &BTreeMap<Digest, bool>,
) -> PlatformFacts {
    let layers = one.manifest.layers.iter().map(|layer| LayerFacts {
        digest: layer.digest,
        size: layer.size,
        kind: LayerType::of(&layer.media_type),
    });
    let listed = |digest: Digest| {
        let mut entries = image.index.iter().flat_map(Index::soci_indexes);
        entries.any(|entry| entry.digest == digest)
    };
    let (soci, is_listed) = match found {
        Found::Nothing => (SociFacts::Nothing, false),
        Found::Unusable { problem, .. } => {
            let problem = problem.clone();
            (SociFacts::Unusable { problem }, false)
        }
        Found::Index { digest, index, .. } => {
            (SociFacts::Index(index_facts(index, there)), listed(*digest))
        }
    };
    PlatformFacts {
        platform: one.platform.clone(),
        layers: layers.collect(),
        soci,
        is_listed,
    }
}

fn index_facts(index: &SociIndex, there: &BTreeMap<Digest, bool>) -> IndexFacts {
    let ztocs = index.ztocs.iter().map(|entry| ZtocFacts {
        digest: entry.digest,
        layer: entry.layer,
        is_there: there.get(&entry.digest).copied().unwrap_or(false),
    });
    IndexFacts {
        version: index.version,
        ztocs: ztocs.collect(),
    }
}

fn kind(host: &str) -> RegistryKind {
    if parse_ecr_host(host).is_some() {
        RegistryKind::EcrPrivate
    } else if ECR_PUBLIC.contains(&host) {
        RegistryKind::EcrPublic
    } else {
        RegistryKind::Other {
            host: host.to_owned(),
        }
    }
}

/// SOCI entries that name an image which the index does not list.
fn strays(index: &Index) -> Vec<Digest> {
    let images: BTreeSet<Digest> = index.images().map(|entry| entry.digest).collect();
    let stray = |entry: &&Descriptor| {
        let named = entry.annotations.get(annotation::SOCI_IMAGE_DIGEST);
        let named = named.and_then(|text| text.parse::<Digest>().ok());
        named.is_some_and(|named| !images.contains(&named))
    };
    let strays: BTreeSet<Digest> = index
        .soci_indexes()
        .filter(stray)
        .map(|entry| entry.digest)
        .collect();
    strays.into_iter().collect()
}

/// Whether a client that takes the first entry of its platform would take a SOCI index.
fn soci_before_images(index: &Index) -> bool {
    let soci: Vec<&Descriptor> = index.soci_indexes().collect();
    let images: Vec<&Descriptor> = index.images().collect();
    index.manifests.iter().enumerate().any(|(place, entry)| {
        soci.contains(&entry)
            && index.manifests[place..]
                .iter()
                .any(|later| images.contains(&later) && later.platform == entry.platform)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registries_that_fargate_loads_from() {
        for (host, expected) in [
            (
                "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
                RegistryKind::EcrPrivate,
            ),
            ("public.ecr.aws", RegistryKind::EcrPublic),
        ] {
            assert_eq!(kind(host), expected);
        }
        assert!(matches!(kind("ghcr.io"), RegistryKind::Other { host } if host == "ghcr.io"));
    }

    #[test]
    fn what_is_wrong_with_the_order_and_the_links_of_an_index() {
        let entry = |name: &str, rest: &str| {
            let digest = Digest::of(name);
            format!(
                r#"{{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{digest}","size":1,"platform":{{"os":"linux","architecture":"amd64"}}{rest}}}"#
            )
        };
        let soci = |name: &str, about: &str| {
            let about = Digest::of(about);
            entry(
                name,
                &format!(
                    r#","annotations":{{"com.amazon.soci.image-manifest-digest":"{about}"}},"artifactType":"application/vnd.amazon.soci.index.v2+json""#
                ),
            )
        };
        let index = |entries: &[String]| -> Index {
            let entries = entries.join(",");
            let text = format!(r#"{{"schemaVersion":2,"manifests":[{entries}]}}"#);
            serde_json::from_str(&text).unwrap()
        };
        let good = index(&[entry("a", ""), soci("s", "a")]);
        assert!(strays(&good).is_empty() && !soci_before_images(&good));
        let bad = index(&[soci("s", "a"), soci("t", "gone"), entry("a", "")]);
        assert_eq!(strays(&bad), [Digest::of("t")]);
        assert!(soci_before_images(&bad));
    }
}
