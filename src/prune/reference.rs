//! Image references as ECS, Lambda and people write them, read into what they mean: a repository of ECR, a tag, a
//! digest. Every host form of one account and region (plain, FIPS, dual-stack) is one registry.
//!
//! This is not `registry::Reference`, which keeps the host as written because it has to be asked.

use std::fmt;

use crate::aws::{EcrHost, parse_ecr_host};
use crate::image::Digest;
use crate::registry::{Reference, ReferenceProblem};

/// The host of ECR Public.
const PUBLIC: &str = "public.ecr.aws";

/// A registry of ECR.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EcrRegistry {
    /// The registry of an account in a region.
    Private {
        /// The twelve-digit account.
        account: String,
        /// The region.
        region: String,
    },
    /// A registry of ECR Public, by its alias: `public.ecr.aws/ALIAS`.
    Public {
        /// The alias.
        alias: String,
    },
}

/// A repository of ECR, whichever host name it was written with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EcrRepository {
    /// Where it is.
    pub registry: EcrRegistry,
    /// Its name there: `shop/web`.
    pub name: String,
}

impl EcrRepository {
    /// A repository of an account in a region.
    pub fn private(
        account: impl Into<String>,
        region: impl Into<String>,
        name: impl Into<String>,
    ) -> Self {
        Self {
            registry: EcrRegistry::Private {
                account: account.into(),
                region: region.into(),
            },
            name: name.into(),
        }
    }

    /// The repository that a host and a path mean; `None` for hosts that are not ECR's. Upper case in a host
    /// means nothing.
    pub fn of(host: &str, path: &str) -> Option<Self> {
        let host = host.to_ascii_lowercase();
        if host == PUBLIC {
            let (alias, name) = path.split_once('/')?;
            return Some(Self {
                registry: EcrRegistry::Public {
                    alias: alias.to_owned(),
                },
                name: name.to_owned(),
            });
        }
        let EcrHost {
            account, region, ..
        } = parse_ecr_host(&host)?;
        Some(Self::private(account, region, path))
    }
}

impl fmt::Display for EcrRegistry {
    /// The plain host name, which is the one that everybody knows.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Private { account, region } => {
                write!(f, "{account}.dkr.ecr.{region}.{}", domain(region))
            }
            Self::Public { alias } => write!(f, "{PUBLIC}/{alias}"),
        }
    }
}

impl fmt::Display for EcrRepository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.name)
    }
}

/// The domain of a region's plain host names.
fn domain(region: &str) -> &'static str {
    match region.split_once('-') {
        Some(("cn", _)) => "amazonaws.com.cn",
        Some(("eusc", _)) => "amazonaws.eu",
        Some((_, rest)) if rest.starts_with("isob-") => "sc2s.sgov.gov",
        Some((_, rest)) if rest.starts_with("isoe-") => "cloud.adc-e.uk",
        Some((_, rest)) if rest.starts_with("isof-") => "csp.hci.ic.gov",
        Some((_, rest)) if rest.starts_with("iso-") => "c2s.ic.gov",
        _ => "amazonaws.com",
    }
}

/// An image of ECR that something names.
///
/// Tag and digest both count: ECS reports `repository:tag@digest`, and whoever wrote it may pull either.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EcrReference {
    /// The repository.
    pub repository: EcrRepository,
    /// The tag; `latest` where the text has neither tag nor digest.
    pub tag: Option<String>,
    /// The digest.
    pub digest: Option<Digest>,
}

/// A text that should name an image and does not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no image reference: {problem}")]
pub struct BadReference {
    /// What was read.
    pub text: String,
    /// What is wrong with it.
    pub problem: ReferenceProblem,
}

impl EcrReference {
    /// Reads `HOST/REPOSITORY[:TAG][@DIGEST]`. `None` for an image of another registry.
    ///
    /// # Errors
    /// A text that is no image reference at all: what it was to protect is not known.
    pub fn parse(text: &str) -> Result<Option<Self>, BadReference> {
        let reference: Reference =
            text.trim()
                .parse()
                .map_err(|error: crate::registry::InvalidReference| BadReference {
                    text: text.to_owned(),
                    problem: error.problem,
                })?;
        let repository = reference.repository();
        let Some(repository) = EcrRepository::of(repository.host(), repository.path()) else {
            return Ok(None);
        };
        let digest = reference.digest();
        let tag = reference.tag().map(ToString::to_string);
        let tag = match (tag, digest) {
            (None, None) => Some("latest".to_owned()),
            (tag, _) => tag,
        };
        Ok(Some(Self {
            repository,
            tag,
            digest,
        }))
    }
}

impl fmt::Display for EcrReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    #[test]
    fn every_host_form_is_one_repository() {
        let expected = EcrRepository::private("123456789012", "us-east-1", "shop/web");
        for host in [
            "123456789012.dkr.ecr.us-east-1.amazonaws.com",
            "123456789012.dkr.ecr-fips.us-east-1.amazonaws.com",
            "123456789012.dkr-ecr.us-east-1.on.aws",
            "123456789012.dkr-ecr-fips.us-east-1.on.aws",
            "123456789012.DKR.ECR.US-EAST-1.AMAZONAWS.COM",
        ] {
            let read = EcrReference::parse(&format!("{host}/shop/web:v1")).unwrap();
            assert_eq!(read.unwrap().repository, expected, "{host}");
        }
    }

    #[test]
    fn tag_and_digest_are_both_kept() {
        let host = "123456789012.dkr.ecr.us-east-1.amazonaws.com";
        let read = |rest: &str| {
            let read = EcrReference::parse(&format!("{host}/web{rest}")).unwrap();
            let read = read.unwrap();
            (read.tag, read.digest.map(|digest| digest.to_string()))
        };
        let digest = format!("sha256:{HEX}");
        assert_eq!(
            read(&format!(":v1@{digest}")),
            (Some("v1".to_owned()), Some(digest.clone()))
        );
        assert_eq!(read(&format!("@{digest}")), (None, Some(digest)));
        assert_eq!(read(""), (Some("latest".to_owned()), None));
    }

    #[test]
    fn other_registries_are_not_ours_and_nonsense_is_an_error() {
        assert_eq!(EcrReference::parse("nginx:1"), Ok(None));
        assert_eq!(EcrReference::parse("ghcr.io/a/b@sha256:00").ok(), None);
        assert!(EcrReference::parse("<IMAGE1_NAME>").is_err());
        let public = EcrReference::parse("public.ecr.aws/nginx/nginx:1").unwrap();
        assert_eq!(public.unwrap().to_string(), "public.ecr.aws/nginx/nginx:1");
    }

    #[test]
    fn names_are_shown_with_the_plain_host_of_their_partition() {
        for (region, host) in [
            ("cn-north-1", "1.dkr.ecr.cn-north-1.amazonaws.com.cn/web"),
            (
                "eusc-de-east-1",
                "1.dkr.ecr.eusc-de-east-1.amazonaws.eu/web",
            ),
            ("us-iso-east-1", "1.dkr.ecr.us-iso-east-1.c2s.ic.gov/web"),
            (
                "us-isob-east-1",
                "1.dkr.ecr.us-isob-east-1.sc2s.sgov.gov/web",
            ),
            (
                "ap-northeast-1",
                "1.dkr.ecr.ap-northeast-1.amazonaws.com/web",
            ),
        ] {
            assert_eq!(EcrRepository::private("1", region, "web").to_string(), host);
        }
    }
}
