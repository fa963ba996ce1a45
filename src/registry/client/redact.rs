//! URLs as they may be shown.

use reqwest::Url;

/// The URL without user information, query and fragment: upload states, signed storage URLs and
/// token requests carry secrets there.
pub(super) fn display_url(url: &Url) -> String {
    let mut shown = url.clone();
    shown.set_query(None);
    shown.set_fragment(None);
    // Both fail only for URLs that cannot have user information at all.
    let _ = shown.set_username("");
    let _ = shown.set_password(None);
    shown.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_nothing_that_may_be_secret() {
        let url = "https://user:hunter2@host:1/v2/x?X-Amz-Signature=abc#token";
        let shown = display_url(&Url::parse(url).unwrap());
        assert_eq!(shown, "https://host:1/v2/x");
    }
}
