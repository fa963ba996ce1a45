//! Names of resources.

use crate::aws::parse_ecr_host;
use crate::registry::Repository;

/// Where a resource is. A part that is not known is `*`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The region.
    pub region: String,
    /// The account, twelve digits.
    pub account: String,
}

impl Place {
    /// `arn:<partition>:<service>:<region>:<account>:<resource>`.
    pub fn arn(&self, service: &str, resource: &str) -> String {
        let partition = partition_of(&self.region);
        format!(
            "arn:{partition}:{service}:{}:{}:{resource}",
            self.region, self.account
        )
    }
}

/// The partition of a region, as ARNs name it.
pub fn partition_of(region: &str) -> &'static str {
    [
        ("cn-", "aws-cn"),
        ("us-gov-", "aws-us-gov"),
        ("eusc-", "aws-eusc"),
        ("us-iso-", "aws-iso"),
        ("us-isob-", "aws-iso-b"),
        ("eu-isoe-", "aws-iso-e"),
        ("us-isof-", "aws-iso-f"),
        ("eu-isof-", "aws-iso-f"),
    ]
    .into_iter()
    .find_map(|(start, partition)| region.starts_with(start).then_some(partition))
    .unwrap_or("aws")
}

/// A repository of ECR, or a prefix of some.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EcrRepository {
    /// Account and region of its registry.
    pub place: Place,
    /// `shop/web`.
    pub path: String,
}

impl EcrRepository {
    /// The repository on ECR; `None` for other registries, ECR Public too.
    pub fn of(repository: &Repository) -> Option<Self> {
        Self::on(repository.host(), repository.path())
    }

    /// The repository `path` of a registry.
    pub fn on(host: &str, path: &str) -> Option<Self> {
        let host = parse_ecr_host(host)?;
        Some(Self {
            place: Place {
                region: host.region,
                account: host.account,
            },
            path: path.to_owned(),
        })
    }

    /// Its ARN.
    pub fn arn(&self) -> String {
        self.place.arn("ecr", &format!("repository/{}", self.path))
    }

    /// The ARN of all repositories below it; with an empty path, of all in the registry.
    pub fn below(&self) -> String {
        if self.path.is_empty() {
            return self.place.arn("ecr", "repository/*");
        }
        self.place
            .arn("ecr", &format!("repository/{}/*", self.path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_partition() {
        for (host, arn) in [
            (
                "123456789012.dkr.ecr.ap-northeast-1.amazonaws.com",
                "arn:aws:ecr:ap-northeast-1:123456789012:repository/shop/web",
            ),
            (
                "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn",
                "arn:aws-cn:ecr:cn-north-1:123456789012:repository/shop/web",
            ),
            (
                "123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com",
                "arn:aws-us-gov:ecr:us-gov-west-1:123456789012:repository/shop/web",
            ),
            (
                "123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu",
                "arn:aws-eusc:ecr:eusc-de-east-1:123456789012:repository/shop/web",
            ),
            (
                "123456789012.dkr.ecr.us-isob-east-1.sc2s.sgov.gov",
                "arn:aws-iso-b:ecr:us-isob-east-1:123456789012:repository/shop/web",
            ),
        ] {
            assert_eq!(EcrRepository::on(host, "shop/web").unwrap().arn(), arn);
        }
        assert_eq!(EcrRepository::on("ghcr.io", "shop/web"), None);
        assert_eq!(EcrRepository::on("public.ecr.aws", "shop/web"), None);
    }
}
