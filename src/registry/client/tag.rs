//! Tags of a repository, and following pages of lists.

use reqwest::header::LINK;
use reqwest::{Method, Url};
use serde::Deserialize;

use super::answer::{Answer, text};
use super::endpoint::same_origin;
use super::scope::Access;
use super::transport::Call;
use super::{Client, Error, ErrorKind};
use crate::registry::Repository;

/// How much of one page is read.
pub(super) const PAGE: u64 = 16 << 20;
/// How many tags are asked for at a time.
const COUNT: &str = "1000";

impl Client {
    /// All tags of a repository, in the registry's order. A repository that does not exist is
    /// [`ErrorKind::RepositoryNotFound`].
    pub async fn list_tags(&self, repository: &Repository) -> Result<Vec<String>, Error> {
        #[derive(Deserialize)]
        struct Page {
            /// `null` in distribution when there are none.
            tags: Option<Vec<String>>,
        }
        let mut call = self.prepare(repository, Access::Pull, Method::GET, "/tags/list")?;
        call.url.query_pairs_mut().append_pair("n", COUNT);
        let mut all = Vec::new();
        loop {
            let answer = self.call(&call, PAGE).await?;
            let page: Page = serde_json::from_slice(&answer.body).map_err(|error| {
                let problem = "the answer is not a list of tags";
                call.error(ErrorKind::Protocol(problem)).with_source(error)
            })?;
            all.extend(page.tags.unwrap_or_default());
            match next_page(&call, &answer)? {
                Some(next) => call.url = next,
                None => return Ok(all),
            }
        }
    }
}

/// The next page of a list (RFC 8288 `Link` with `rel="next"`), which must be on the same
/// registry and another page than this one.
pub(super) fn next_page(call: &Call<'_>, answer: &Answer) -> Result<Option<Url>, Error> {
    let Some(link) = text(&answer.headers, LINK).and_then(next_link) else {
        return Ok(None);
    };
    let next = call.url.join(link).ok();
    let next = next.filter(|next| same_origin(next, &call.url) && *next != call.url);
    let problem = "the registry's link to the next page leads nowhere";
    next.map(Some)
        .ok_or_else(|| call.error(ErrorKind::Protocol(problem)))
}

/// The target of the first link whose relation is `next`.
fn next_link(header: &str) -> Option<&str> {
    header.split(',').find_map(|link| {
        let (target, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
        parameters
            .split(';')
            .filter_map(|parameter| parameter.split_once('='))
            .any(|(name, value)| {
                name.trim().eq_ignore_ascii_case("rel") && value.trim().trim_matches('"') == "next"
            })
            .then_some(target)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_next_page() {
        for (header, expected) in [
            (
                r#"</v2/a/tags/list?n=2&last=b>; rel="next""#,
                Some("/v2/a/tags/list?n=2&last=b"),
            ),
            (
                r#"</first>; rel="prev", <http://x/y>;rel=next"#,
                Some("http://x/y"),
            ),
            (r#"</first>; rel="prev""#, None),
            ("nonsense", None),
        ] {
            assert_eq!(next_link(header), expected);
        }
    }
}
