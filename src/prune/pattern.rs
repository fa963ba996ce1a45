//! Patterns over names of repositories, tags, clusters, families and functions.

use std::fmt;
use std::str::FromStr;

use crate::bake::pattern;

/// A name, or a pattern of names: `*`, `?`, `[a-z]`, all of which stand for slashes, too.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NamePattern(String);

impl NamePattern {
    /// The pattern that every name matches.
    pub fn any() -> Self {
        Self("*".to_owned())
    }

    /// Whether the whole name matches.
    pub fn covers(&self, name: &str) -> bool {
        // It was checked when it was read.
        pattern::covers(&self.0, name) == Some(true)
    }

    /// Whether it covers every name that another one covers. False where that is hard to tell.
    ///
    /// Taken as a text, `other` is like a name that it covers, but for its `*` and `?`. Where the only sign in
    /// `self` is `*`, nothing else can have taken those, and it takes whatever they stand for as well.
    pub fn covers_all_of(&self, other: &Self) -> bool {
        self == other
            || !self.0.contains(['?', '[', ']', '\\'])
                && !other.0.contains(['[', ']', '\\'])
                && self.covers(&other.0)
    }

    /// Whether it is one name, and no pattern.
    pub fn is_exact(&self) -> bool {
        !pattern::is_pattern(&self.0) && !self.0.contains('\\')
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for NamePattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("a name is empty".to_owned());
        }
        match pattern::covers(text, "") {
            Some(_) => Ok(Self(text.to_owned())),
            None => Err(format!(
                "{text:?} is no pattern: a bracket or a backslash is left open"
            )),
        }
    }
}

impl fmt::Display for NamePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_covers_whole_names() {
        let pattern: NamePattern = "shop/*".parse().unwrap();
        assert!(pattern.covers("shop/web"));
        assert!(!pattern.covers("shop"));
        assert!(!pattern.is_exact());
        assert!("web".parse::<NamePattern>().unwrap().is_exact());
        assert!("[".parse::<NamePattern>().is_err());
        assert!("".parse::<NamePattern>().is_err());
    }

    #[test]
    fn a_pattern_covers_all_of_a_narrower_one() {
        let covers = |one: &str, other: &str| {
            let one: NamePattern = one.parse().unwrap();
            one.covers_all_of(&other.parse().unwrap())
        };
        for (one, other) in [
            ("*", "shop/web"),
            ("*", "*"),
            ("shop/*", "shop/web"),
            ("shop/*", "shop/w*"),
            ("shop/*", "shop/we?"),
            ("*-*", "a-*"),
            ("[ab]", "[ab]"),
            ("a?", "a?"),
        ] {
            assert!(covers(one, other), "{one} {other}");
        }
        for (one, other) in [
            ("shop/*", "*"),
            ("shop/web", "shop/*"),
            ("shop/*", "shop"),
            ("?", "*"),
            ("*-*", "[a-z]"),
            ("a*", "b*"),
        ] {
            assert!(!covers(one, other), "{one} {other}");
        }
    }
}
