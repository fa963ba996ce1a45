//! Tags as the distribution specification allows them.

use std::fmt;
use std::str::FromStr;

/// The longest tag that registries take.
const MAX_LENGTH: usize = 128;

/// A tag: up to 128 of `A-Z a-z 0-9 _ . -`, beginning with neither `.` nor `-`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(String);

/// The text cannot be a tag.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTag {
    /// There is no text.
    #[error("a tag cannot be empty")]
    Empty,
    /// It is longer than 128 characters.
    #[error("the tag `{}…` has {length} characters; at most {MAX_LENGTH} are allowed", start(.text))]
    TooLong {
        /// The text.
        text: String,
        /// Its length in bytes.
        length: usize,
    },
    /// It begins with a character that may only follow others.
    #[error("the tag `{text}` begins with `{character}`; a tag begins with a letter, digit or `_`")]
    BadStart {
        /// The text.
        text: String,
        /// Its first character.
        character: char,
    },
    /// It has a character that no tag may have.
    #[error(
        "the tag `{text}` contains `{character}`; \
         only letters, digits, `_`, `.` and `-` are allowed"
    )]
    BadCharacter {
        /// The text.
        text: String,
        /// The first character that is not allowed.
        character: char,
    },
}

/// The beginning of a text that is too long to show.
fn start(text: &str) -> String {
    text.chars().take(24).collect()
}

impl Tag {
    /// Checks the text.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidTag> {
        let text = text.into();
        let Some(first) = text.chars().next() else {
            return Err(InvalidTag::Empty);
        };
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        if let Some(character) = text.chars().find(|c| !allowed(*c)) {
            return Err(InvalidTag::BadCharacter { text, character });
        }
        if matches!(first, '.' | '-') {
            return Err(InvalidTag::BadStart {
                text,
                character: first,
            });
        }
        if text.len() > MAX_LENGTH {
            let length = text.len();
            return Err(InvalidTag::TooLong { text, length });
        }
        Ok(Self(text))
    }

    /// `latest`, which a reference without tag and digest means.
    pub fn latest() -> Self {
        Self("latest".to_owned())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Tag {
    type Err = InvalidTag;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::new(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_registries_take() {
        let longest = "x".repeat(MAX_LENGTH);
        for text in ["latest", "v1.2.3", "_x", "1", "A-b_c.d", longest.as_str()] {
            assert_eq!(Tag::new(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn says_what_is_wrong() {
        for (text, expected) in [
            (String::new(), "cannot be empty"),
            ("feature/x".to_owned(), "contains `/`"),
            ("a b".to_owned(), "contains ` `"),
            ("v1+2".to_owned(), "contains `+`"),
            (".x".to_owned(), "begins with `.`"),
            ("-x".to_owned(), "begins with `-`"),
            ("x".repeat(129), "has 129 characters"),
            ("ü".to_owned(), "contains `ü`"),
        ] {
            let message = Tag::new(text).unwrap_err().to_string();
            assert!(message.contains(expected), "{message}");
        }
    }
}
