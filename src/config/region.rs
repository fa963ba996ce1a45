//! The form of an AWS region's name: a slip there would ask a host that does not exist.

/// Whether it could be a region: `ap-northeast-1`. Which regions there are changes too often to be known here.
pub(super) fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    parts.len() >= 3
        && parts
            .iter()
            .all(|part| !part.is_empty() && part.bytes().all(plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_have_at_least_three_parts() {
        for region in ["ap-northeast-1", "us-gov-west-1", "cn-north-1"] {
            assert!(is_region(region), "{region}");
        }
        for text in [
            "",
            "tokyo",
            "ap-1",
            "ap--1",
            "AP-NORTHEAST-1",
            "ap-northeast-1 ",
        ] {
            assert!(!is_region(text), "{text:?}");
        }
    }
}
