//! Pages: how long they may be, and the token of the next one.
//!
//! A token is opaque to the client; it is bound to the operation and the repository that gave it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::error::ApiError;

/// What a request says of its page.
#[derive(Debug)]
pub(super) struct Page {
    /// The most entries.
    pub(super) limit: usize,
    /// Where it begins, as the token before said.
    pub(super) from: Option<String>,
    scope: String,
}

/// The limits of an operation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) default: usize,
    pub(super) most: usize,
}

/// Of the Describe and List operations.
pub(super) const LISTS: Limits = Limits {
    default: 100,
    most: 1000,
};

impl Page {
    /// Checks `maxResults` and `nextToken`. `scope` is what the token is bound to.
    pub(super) fn new(
        scope: String,
        limits: Limits,
        max_results: Option<i64>,
        next_token: Option<&str>,
    ) -> Result<Self, ApiError> {
        let limit = match max_results {
            None => limits.default,
            Some(wanted) => match usize::try_from(wanted) {
                Ok(limit) if (1..=limits.most).contains(&limit) => limit,
                _ if wanted < 1 => {
                    let constraint = "Member must have value greater than or equal to 1";
                    return Err(ApiError::constraint("maxResults", constraint));
                }
                _ => {
                    let constraint = format!(
                        "Member must have value less than or equal to {}",
                        limits.most
                    );
                    return Err(ApiError::constraint("maxResults", &constraint));
                }
            },
        };
        let from = match next_token {
            None => None,
            Some(token) => {
                let text = match after_empty(token) {
                    Some((_, first)) if first.is_empty() => {
                        let from = None;
                        return Ok(Self { limit, from, scope });
                    }
                    Some((_, again)) => decode(&again),
                    None => decode(token),
                };
                let from = text.as_deref().and_then(|text| text.split_once('|'));
                let from = from.filter(|(other, _)| *other == scope);
                let (_, from) = from.ok_or_else(invalid)?;
                Some(from.to_owned())
            }
        };
        Ok(Self { limit, from, scope })
    }

    /// Where it begins, when places are numbers. 0 without a token.
    pub(super) fn place(&self) -> Result<u64, ApiError> {
        let from = self.from.as_deref();
        from.map_or(Ok(0), |from| from.parse().map_err(|_| invalid()))
    }

    /// The token of a page that begins at `from`.
    pub(super) fn token(&self, from: &str) -> String {
        STANDARD.encode(format!("{}|{from}", self.scope))
    }
}

/// What the token of an empty page begins with. How many of them came in a row follows, so that no two tokens are
/// the same, and the token that led to the first of them.
const AGAIN: &str = "again|";

/// The token of an empty page: it leads where `token` led.
pub(super) fn again(token: Option<&str>) -> String {
    let token = token.unwrap_or_default();
    let (count, led_by) = after_empty(token).unwrap_or((0, token.to_owned()));
    STANDARD.encode(format!("{AGAIN}{}|{led_by}", count + 1))
}

/// Of an empty page's token: how many of them came in a row, and the token that led to the first.
fn after_empty(token: &str) -> Option<(u64, String)> {
    let text = decode(token)?;
    let (count, led_by) = text.strip_prefix(AGAIN)?.split_once('|')?;
    Some((count.parse().ok()?, led_by.to_owned()))
}

fn decode(token: &str) -> Option<String> {
    String::from_utf8(STANDARD.decode(token).ok()?).ok()
}

fn invalid() -> ApiError {
    ApiError::invalid("Invalid parameter at 'nextToken': the token is not of this list")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_of_one_list() {
        let page = Page::new("A/web".to_owned(), LISTS, None, None).unwrap();
        assert_eq!((page.limit, page.place()), (100, Ok(0)));
        let token = page.token("7");
        let next = Page::new("A/web".to_owned(), LISTS, Some(1000), Some(&token)).unwrap();
        assert_eq!((next.limit, next.place()), (1000, Ok(7)));
        let other = Page::new("A/api".to_owned(), LISTS, None, Some(&token));
        assert_eq!(other.unwrap_err().code, "InvalidParameterException");
        assert!(Page::new("A/web".to_owned(), LISTS, None, Some("7")).is_err());
    }

    #[test]
    fn the_token_of_an_empty_page_leads_where_the_page_was_to_begin() {
        let first = again(None);
        let page = Page::new("A/web".to_owned(), LISTS, None, Some(&first)).unwrap();
        assert_eq!(page.place(), Ok(0));
        let later = again(Some(&page.token("7")));
        let page = Page::new("A/web".to_owned(), LISTS, None, Some(&later)).unwrap();
        assert_eq!(page.place(), Ok(7));
    }

    #[test]
    fn so_do_those_of_several_in_a_row_and_no_two_are_the_same() {
        let begun = Page::new("A/web".to_owned(), LISTS, None, None).unwrap();
        for (token, place) in [(None, 0), (Some(begun.token("7")), 7)] {
            let one = again(token.as_deref());
            let two = again(Some(&one));
            let three = again(Some(&two));
            assert!(one != two && two != three);
            // However many there are, the token stays short.
            assert_eq!(three.len(), one.len());
            for token in [two, three] {
                let page = Page::new("A/web".to_owned(), LISTS, None, Some(&token)).unwrap();
                assert_eq!(page.place(), Ok(place));
                assert!(
                    Page::new("A/api".to_owned(), LISTS, None, Some(&token)).is_err() || place == 0
                );
            }
        }
    }

    #[test]
    fn a_page_is_neither_empty_nor_too_long() {
        for wanted in [-1, 0, 1001] {
            let page = Page::new(String::new(), LISTS, Some(wanted), None);
            assert!(page.unwrap_err().message.contains("maxResults"));
        }
    }
}
