//! Manual approvals of CodePipeline: which wait, and which one is meant.
//!
//! Choosing is pure. A token is of one execution alone, so what was shown to a person and what is
//! answered are compared before the answer goes out: an approval is never given to an execution
//! that nobody looked at.

mod choose;
mod find;

pub use choose::{Choice, ChooseError, choose, still_waits};
pub use find::{Pipeline, Waiting, find, waiting_in};

/// The longest summary of an answer, in characters.
pub const MAX_SUMMARY: usize = 512;

/// Where a pipeline is looked at in a browser.
pub fn console_link(pipeline: &str, region: &str) -> String {
    let domain = match region {
        _ if region.starts_with("cn-") => "console.amazonaws.cn",
        _ if region.starts_with("us-gov-") => "console.amazonaws-us-gov.com",
        _ => "console.aws.amazon.com",
    };
    format!(
        "https://{region}.{domain}/codesuite/codepipeline/pipelines/{pipeline}/view?region={region}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_partition_has_a_console_of_its_own() {
        assert_eq!(
            console_link("shop", "ap-northeast-1"),
            "https://ap-northeast-1.console.aws.amazon.com/codesuite/codepipeline/pipelines/shop/\
             view?region=ap-northeast-1"
        );
        let china = console_link("shop", "cn-north-1");
        assert!(china.starts_with("https://cn-north-1.console.amazonaws.cn/"));
    }
}
