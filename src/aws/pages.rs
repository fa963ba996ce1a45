//! Reading a list of AWS's to its end, page by page.
//!
//! The SDK's own paginators end a list without a word in some cases, and what is missing from a list
//! of uses would be deleted. Here an empty page with a token goes on, and a token that comes again, whenever it was
//! there before, is an error.

use std::collections::BTreeSet;

use super::AwsError;

/// More pages than any list has. Each has room for at least ten entries.
const MOST: usize = 100_000;
/// How many pages in a row may hold nothing, where that is counted.
const EMPTY: usize = 30;

/// Where a list stands.
#[derive(Debug)]
pub(super) struct Pages<'a> {
    action: &'static str,
    region: &'a str,
    seen: BTreeSet<String>,
    next: Option<String>,
    empty: usize,
}

impl<'a> Pages<'a> {
    /// Before the first page.
    pub(super) fn of(action: &'static str, region: &'a str) -> Self {
        Self {
            action,
            region,
            seen: BTreeSet::new(),
            next: None,
            empty: 0,
        }
    }

    /// The token of the page that is to be asked for.
    pub(super) fn token(&self) -> Option<String> {
        self.next.clone()
    }

    /// As [`Self::turn`], for lists whose pages are rarely empty: takes also how many entries came with the page.
    ///
    /// # Errors
    /// The same, or more than 30 pages in a row hold nothing.
    pub(super) fn turn_after(
        &mut self,
        entries: usize,
        token: Option<&str>,
    ) -> Result<bool, AwsError> {
        let more = self.turn(token)?;
        self.empty = if entries == 0 { self.empty + 1 } else { 0 };
        if more && self.empty > EMPTY {
            let problem = format!("the list has no end: {EMPTY} pages in a row hold nothing");
            return Err(AwsError::invalid(self.action, self.region, problem));
        }
        Ok(more)
    }

    /// Takes the token that came with a page; whether there is another page.
    ///
    /// # Errors
    /// The token was there before, or the list has more than 100,000 pages: it would have no end.
    pub(super) fn turn(&mut self, token: Option<&str>) -> Result<bool, AwsError> {
        let Some(token) = token.filter(|token| !token.is_empty()) else {
            self.next = None;
            return Ok(false);
        };
        if self.seen.len() >= MOST || !self.seen.insert(token.to_owned()) {
            let problem = "the list has no end: it gives the same token again and again";
            return Err(AwsError::invalid(self.action, self.region, problem));
        }
        self.next = Some(token.to_owned());
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_ends_without_a_token_and_never_repeats_one() {
        let mut pages = Pages::of("ecs:ListClusters", "eu-west-1");
        assert_eq!(pages.token(), None);
        assert!(pages.turn(Some("a")).unwrap());
        assert_eq!(pages.token().as_deref(), Some("a"));
        assert!(pages.turn(Some("b")).unwrap());
        assert!(!pages.turn(Some("")).unwrap());
        assert!(!pages.turn(None).unwrap());
        let error = pages.turn(Some("a")).unwrap_err();
        assert_eq!(error.action, "ecs:ListClusters");
        assert_eq!(error.kind, super::super::AwsErrorKind::Invalid);
    }

    #[test]
    fn empty_pages_go_on_and_not_for_ever() {
        let mut pages = Pages::of("ecr:DescribeImages", "eu-west-1");
        assert!(pages.turn_after(3, Some("a")).unwrap());
        assert!(pages.turn_after(0, Some("b")).unwrap());
        assert!(!pages.turn_after(0, None).unwrap());
        let mut pages = Pages::of("ecr:DescribeImages", "eu-west-1");
        let end = (0..=EMPTY).find(|n| pages.turn_after(0, Some(&n.to_string())).is_err());
        assert_eq!(end, Some(EMPTY));
        let mut pages = Pages::of("ecr:DescribeImages", "eu-west-1");
        for n in 0..=EMPTY {
            assert!(pages.turn_after(n % 2, Some(&n.to_string())).unwrap());
        }
    }
}
