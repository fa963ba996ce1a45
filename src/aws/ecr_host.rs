//! What an ECR host name says: account, region and partition. All forms of one account and
//! region (plain, FIPS, dual-stack) are the same registry.

/// A private ECR registry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EcrHost {
    /// The twelve-digit account.
    pub account: String,
    /// The region, for example `ap-northeast-1`.
    pub region: String,
    /// The AWS partition, which decides about ARNs.
    pub partition: Partition,
    /// A FIPS endpoint.
    pub fips: bool,
    /// An endpoint that speaks IPv6, too.
    pub dual_stack: bool,
}

/// A family of regions with accounts of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Partition {
    /// `aws`: the commercial regions.
    Aws,
    /// `aws-cn`: China.
    China,
    /// `aws-us-gov`.
    GovCloud,
    /// `aws-eusc`: the European Sovereign Cloud.
    EuropeanSovereign,
    /// One of the isolated partitions.
    Isolated,
}

/// Domains after `<account>.dkr.ecr[-fips].<region>.`, with the partition they belong to.
const DOMAINS: [(&str, Partition); 7] = [
    ("amazonaws.com", Partition::Aws),
    ("amazonaws.com.cn", Partition::China),
    ("amazonaws.eu", Partition::EuropeanSovereign),
    ("sc2s.sgov.gov", Partition::Isolated),
    ("c2s.ic.gov", Partition::Isolated),
    ("cloud.adc-e.uk", Partition::Isolated),
    ("csp.hci.ic.gov", Partition::Isolated),
];

/// Domains after `<account>.dkr-ecr[-fips].<region>.`.
const DUAL_STACK_DOMAINS: [(&str, Partition); 2] = [
    ("on.aws", Partition::Aws),
    ("on.amazonwebservices.com.cn", Partition::China),
];

/// Reads `ACCOUNT.dkr.ecr.REGION.amazonaws.com` and its other forms. `None` for any other host,
/// ECR Public's included.
pub fn parse_ecr_host(host: &str) -> Option<EcrHost> {
    let (account, rest) = host.split_once('.')?;
    if account.len() != 12 || !account.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (fips, dual_stack, rest) = [
        ("dkr.ecr.", false, false),
        ("dkr.ecr-fips.", true, false),
        ("dkr-ecr.", false, true),
        ("dkr-ecr-fips.", true, true),
    ]
    .into_iter()
    .find_map(|(prefix, fips, dual)| Some((fips, dual, rest.strip_prefix(prefix)?)))?;
    let (region, domain) = rest.split_once('.')?;
    let domains: &[(&str, Partition)] = if dual_stack {
        &DUAL_STACK_DOMAINS
    } else {
        &DOMAINS
    };
    let (_, partition) = domains.iter().find(|(name, _)| *name == domain)?;
    let well_formed = region.contains('-')
        && region
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    well_formed.then(|| EcrHost {
        account: account.to_owned(),
        region: region.to_owned(),
        partition: if region.starts_with("us-gov-") {
            Partition::GovCloud
        } else {
            *partition
        },
        fips,
        dual_stack,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_form() {
        for (host, region, partition, fips, dual_stack) in [
            (
                "123456789012.dkr.ecr.ap-northeast-1.amazonaws.com",
                "ap-northeast-1",
                Partition::Aws,
                false,
                false,
            ),
            (
                "123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com",
                "us-gov-west-1",
                Partition::GovCloud,
                true,
                false,
            ),
            (
                "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn",
                "cn-north-1",
                Partition::China,
                false,
                false,
            ),
            (
                "123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu",
                "eusc-de-east-1",
                Partition::EuropeanSovereign,
                false,
                false,
            ),
            (
                "123456789012.dkr-ecr.eu-west-1.on.aws",
                "eu-west-1",
                Partition::Aws,
                false,
                true,
            ),
            (
                "123456789012.dkr-ecr-fips.us-east-1.on.aws",
                "us-east-1",
                Partition::Aws,
                true,
                true,
            ),
            (
                "123456789012.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn",
                "cn-north-1",
                Partition::China,
                false,
                true,
            ),
            (
                "123456789012.dkr.ecr.us-iso-east-1.c2s.ic.gov",
                "us-iso-east-1",
                Partition::Isolated,
                false,
                false,
            ),
        ] {
            let expected = EcrHost {
                account: "123456789012".to_owned(),
                region: region.to_owned(),
                partition,
                fips,
                dual_stack,
            };
            assert_eq!(parse_ecr_host(host), Some(expected), "{host}");
        }
    }

    #[test]
    fn leaves_other_hosts_alone() {
        for host in [
            "public.ecr.aws",
            "ghcr.io",
            "12345.dkr.ecr.eu-west-1.amazonaws.com",
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.example",
            "123456789012.dkr.ecr.eu-west-1.evil.com",
            "123456789012.dkr.ecr.EU-WEST-1.amazonaws.com",
            "123456789012.ecr.eu-west-1.amazonaws.com",
            "123456789012.dkr.ecr..amazonaws.com",
            "123456789012.dkr-ecr.eu-west-1.amazonaws.com",
            "",
        ] {
            assert_eq!(parse_ecr_host(host), None, "{host}");
        }
    }
}
