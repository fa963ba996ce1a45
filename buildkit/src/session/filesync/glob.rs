//! One glob in the dialect of Docker's ignore files, compiled.
//!
//! `*` and `?` stay inside a path component, `**` crosses components, `[a-z]` and `[^a-z]` are
//! classes, a backslash takes the next character as it is. A glob always describes a whole path.
//! The semantics are those that moby/patternmatcher documents; accidents of its translation to a
//! regular expression (`\d` matches digits there, `[*]` matches brackets) are left out.
//!
//! This file knows nothing of lists, of `!` or of parent directories; see `pattern`.

/// A compiled glob. Matching takes time proportional to pattern times path, whatever the pattern.
#[derive(Debug)]
pub(super) struct Glob {
    tokens: Vec<Token>,
    /// The literal text before the first and after the last wildcard: most paths fail here.
    head: String,
    tail: String,
    shape: Shape,
}

/// What `**` means.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum DoubleStar {
    /// Any number of components, as in ignore files.
    CrossesComponents,
    /// The same as `*`, for globs that are matched with a single name.
    IsStar,
}

/// Why a glob cannot be compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum GlobError {
    /// `[abc`
    #[error("a character class is not closed")]
    UnclosedClass,
    /// `[]` or `[^]`
    #[error("a character class is empty")]
    EmptyClass,
    /// `[a-]`, `[-a]` or `[z-a]`
    #[error("a character class has a bad range")]
    BadRange,
    /// `abc\`
    #[error("a backslash at the end escapes nothing")]
    TrailingBackslash,
}

#[derive(Debug, PartialEq, Eq)]
enum Token {
    Char(char),
    /// `?`: anything but a slash.
    Any,
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
    /// `*`
    Star,
    /// `**` at the end: everything.
    Rest,
    /// `**/`, or `**` before anything else: nothing, or text that ends with a slash. Always
    /// followed by `InDirs`, its state after the first character.
    Dirs,
    InDirs,
}

/// Which shortcut answers for the whole glob once head and tail fit.
#[derive(Debug)]
enum Shape {
    Literal,
    OneStar,
    OneRest,
    OneDirs,
    General,
}

impl Glob {
    /// Compiles `pattern`.
    pub(super) fn new(pattern: &str, double_star: DoubleStar) -> Result<Self, GlobError> {
        let tokens = parse(pattern, double_star)?;
        let literal = |token: &Token| match token {
            Token::Char(c) => Some(*c),
            _ => None,
        };
        let head: String = tokens.iter().map_while(literal).collect();
        let tail: String = {
            let reversed: Vec<char> = tokens.iter().rev().map_while(literal).collect();
            reversed.into_iter().rev().collect()
        };
        let wild: Vec<&Token> = tokens.iter().filter(|t| literal(t).is_none()).collect();
        let shape = match wild.as_slice() {
            [] => Shape::Literal,
            [Token::Star] => Shape::OneStar,
            [Token::Rest] => Shape::OneRest,
            [Token::Dirs, Token::InDirs] => Shape::OneDirs,
            _ => Shape::General,
        };
        Ok(Self {
            tokens,
            head,
            tail,
            shape,
        })
    }

    /// Whether the whole of `path` fits.
    pub(super) fn matches(&self, path: &str) -> bool {
        if let Shape::Literal = self.shape {
            return path == self.head;
        }
        let Some(middle) = path
            .strip_prefix(self.head.as_str())
            .and_then(|rest| rest.strip_suffix(self.tail.as_str()))
        else {
            return false;
        };
        match self.shape {
            Shape::OneStar => !middle.contains('/'),
            Shape::OneRest => true,
            Shape::OneDirs => middle.is_empty() || middle.ends_with('/'),
            Shape::Literal | Shape::General => self.states_after(path).last() == Some(&true),
        }
    }

    /// Whether some path that begins with `prefix` may fit.
    pub(super) fn may_match_after(&self, prefix: &str) -> bool {
        let shared = self.head.len().min(prefix.len());
        self.head.as_bytes()[..shared] == prefix.as_bytes()[..shared]
            && self.states_after(prefix).contains(&true)
    }

    /// The states of the automaton after `text`: one per token, and the accepting one last.
    fn states_after(&self, text: &str) -> Vec<bool> {
        let mut now = vec![false; self.tokens.len() + 1];
        let mut next = now.clone();
        self.enter(&mut now, 0);
        for c in text.chars() {
            next.fill(false);
            let mut alive = false;
            for (at, token) in self.tokens.iter().enumerate().filter(|(at, _)| now[*at]) {
                let (stay, advance) = match token {
                    Token::Char(expected) => (false, c == *expected),
                    Token::Any => (false, c != '/'),
                    Token::Class { negated, ranges } => {
                        let listed = ranges.iter().any(|(low, high)| (*low..=*high).contains(&c));
                        (false, listed != *negated)
                    }
                    Token::Star => (c != '/', false),
                    Token::Rest => (true, false),
                    Token::Dirs => (false, false),
                    Token::InDirs => (true, c == '/'),
                };
                if stay {
                    self.enter(&mut next, at);
                }
                if advance {
                    self.enter(&mut next, at + 1);
                }
                alive |= stay || advance;
            }
            std::mem::swap(&mut now, &mut next);
            if !alive {
                break;
            }
        }
        now
    }

    /// Sets the state `at` and those that it reaches without a character.
    fn enter(&self, states: &mut [bool], at: usize) {
        if std::mem::replace(&mut states[at], true) {
            return;
        }
        match self.tokens.get(at) {
            Some(Token::Star | Token::Rest) => self.enter(states, at + 1),
            Some(Token::Dirs) => {
                self.enter(states, at + 1);
                self.enter(states, at + 2);
            }
            _ => {}
        }
    }
}

fn parse(pattern: &str, double_star: DoubleStar) -> Result<Vec<Token>, GlobError> {
    let mut tokens = Vec::with_capacity(pattern.len());
    let mut rest = pattern.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '*' if double_star == DoubleStar::CrossesComponents && rest.peek() == Some(&'*') => {
                rest.next();
                let with_slash = rest.next_if_eq(&'/').is_some();
                // `**name` at the very start, with no other wildcard, is any path that ends in
                // `name`: the one place where `**` need not stop at a slash.
                let suffix_only = tokens.is_empty()
                    && !with_slash
                    && !rest
                        .clone()
                        .any(|c| matches!(c, '*' | '?' | '[' | ']' | '\\'));
                if rest.peek().is_none() || suffix_only {
                    tokens.push(Token::Rest);
                } else {
                    tokens.extend([Token::Dirs, Token::InDirs]);
                }
            }
            '*' => tokens.push(Token::Star),
            '?' => tokens.push(Token::Any),
            '[' => tokens.push(class(&mut rest)?),
            '\\' => tokens.push(Token::Char(
                rest.next().ok_or(GlobError::TrailingBackslash)?,
            )),
            literal => tokens.push(Token::Char(literal)),
        }
    }
    Ok(tokens)
}

/// The rest of a class, after its `[`.
fn class(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Result<Token, GlobError> {
    let negated = rest.next_if_eq(&'^').is_some();
    let mut ranges = Vec::new();
    loop {
        if rest.next_if_eq(&']').is_some() {
            return if ranges.is_empty() {
                Err(GlobError::EmptyClass)
            } else {
                Ok(Token::Class { negated, ranges })
            };
        }
        let low = class_char(rest)?;
        let high = if rest.next_if_eq(&'-').is_some() {
            class_char(rest)?
        } else {
            low
        };
        if low > high {
            return Err(GlobError::BadRange);
        }
        ranges.push((low, high));
    }
}

fn class_char(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Result<char, GlobError> {
    match rest.next().ok_or(GlobError::UnclosedClass)? {
        '-' | ']' => Err(GlobError::BadRange),
        '\\' => rest.next().ok_or(GlobError::UnclosedClass),
        c => Ok(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn glob(pattern: &str) -> Glob {
        Glob::new(pattern, DoubleStar::CrossesComponents).unwrap()
    }

    #[test]
    fn whole_paths() {
        #[rustfmt::skip]
        let table: &[(&str, &[&str], &[&str])] = &[
            // pattern      fits                                does not
            ("a",           &["a"],                             &["b", "aa", "a/b", ""]),
            ("a/b",         &["a/b"],                           &["a", "b", "a/b/c", "x/a/b"]),
            ("*",           &["a", ".hidden", "a b", ""],       &["a/b", "/"]),
            ("*.go",        &["x.go", ".go"],                   &["x.goo", "a/x.go"]),
            ("a*",          &["a", "ab"],                       &["ba", "a/b"]),
            ("a*c*e",       &["ace", "abcde", "accee"],         &["ade", "abc/de"]),
            ("*/x",         &["a/x", "/x"],                     &["x", "a/b/x"]),
            ("a?c",         &["abc", "a\u{e9}c"],               &["ac", "a/c", "abbc"]),
            ("**",          &["a", "a/b", "a/b/c"],             &[]),
            ("**/x",        &["x", "a/x", "a/b/x"],             &["ax", "a/xy", "x/a"]),
            ("**x",         &["x", "ax", "a/bx", "a/x"],        &["xa", "x/a"]),
            ("**x*",        &["xa", "a/x", "a/b/xy"],           &["ax", "x/a"]),
            ("**/*.md",     &["a.md", "a/b.md", ".md"],         &["a.mdx", "a.md/x"]),
            ("a/**",        &["a/", "a/b", "a/b/c"],            &["a", "ab", "b/a/c"]),
            ("a**",         &["a", "ab", "a/b", "ab/c"],        &["b", "ba"]),
            ("a/**/b",      &["a/b", "a/x/b", "a/x/y/b"],       &["a/xb", "ab", "a/b/c"]),
            ("a**b",        &["ab", "ax/b", "a/b"],             &["axb", "a/xb"]),
            ("**/a/**/b",   &["a/b", "x/a/y/b"],                &["x/b", "a/y/bx"]),
            ("**/**/x",     &["x", "a/x", "a/b/x"],             &["ax"]),
            ("[a-c]x",      &["ax", "bx", "cx"],                &["dx", "x", "abx"]),
            ("[^a-c]x",     &["dx", "/x", "]x"],                &["ax", "x"]),
            ("[a\\]\\-]",   &["a", "]", "-"],                   &["\\", "b"]),
            ("\\*",         &["*"],                             &["a", "\\*", ""]),
            ("\\a\\?",      &["a?"],                            &["ab", "\\a?"]),
            ("a]",          &["a]"],                            &["a"]),
            ("a.b+(c)|$^{}",&["a.b+(c)|$^{}"],                  &["axb+(c)|$^{}"]),
            ("ab*ba",       &["abba", "abxba"],                 &["aba"]),
            ("\u{65e5}*.\u{672c}", &["\u{65e5}x.\u{672c}"],     &["\u{65e5}/x.\u{672c}"]),
        ];
        for (pattern, fits, does_not) in table {
            for path in *fits {
                assert!(glob(pattern).matches(path), "{pattern} should fit {path}");
            }
            for path in *does_not {
                assert!(
                    !glob(pattern).matches(path),
                    "{pattern} must not fit {path}"
                );
            }
        }
    }

    #[test]
    fn a_single_name_has_no_double_star() {
        let glob = Glob::new("a**b", DoubleStar::IsStar).unwrap();
        assert!(glob.matches("axxb"));
        assert!(!glob.matches("ax/b"));
    }

    #[test]
    fn prefixes_that_may_lead_to_a_match() {
        #[rustfmt::skip]
        let table: &[(&str, &[&str], &[&str])] = &[
            ("a/b/c",  &["a/", "a/b/"],          &["b/", "a/c/", "a/b/c/"]),
            ("*/b",    &["a/", "x/"],            &["a/b/", "a/x/"]),
            ("a/**",   &["a/", "a/b/"],          &["b/"]),
            ("**/x",   &["a/", "a/b/"],          &[]),
            ("*.md",   &[],                      &["a/", "a.md/"]),
            ("a*/x/y", &["a/", "ab/", "ab/x/"],  &["b/", "a/y/"]),
        ];
        for (pattern, may, cannot) in table {
            for prefix in *may {
                assert!(glob(pattern).may_match_after(prefix), "{pattern} {prefix}");
            }
            for prefix in *cannot {
                assert!(!glob(pattern).may_match_after(prefix), "{pattern} {prefix}");
            }
        }
    }

    #[test]
    fn bad_globs() {
        #[rustfmt::skip]
        let table = [
            ("[",      GlobError::UnclosedClass),
            ("[a",     GlobError::UnclosedClass),
            ("a[^",    GlobError::UnclosedClass),
            ("[a\\",   GlobError::UnclosedClass),
            ("[]",     GlobError::EmptyClass),
            ("[^]",    GlobError::EmptyClass),
            ("[]a]",   GlobError::EmptyClass),
            ("[a-]",   GlobError::BadRange),
            ("[-a]",   GlobError::BadRange),
            ("[z-a]",  GlobError::BadRange),
            ("abc\\",  GlobError::TrailingBackslash),
        ];
        for (pattern, expected) in table {
            let error = Glob::new(pattern, DoubleStar::CrossesComponents).unwrap_err();
            assert_eq!(error, expected, "{pattern}");
        }
    }

    #[test]
    fn many_stars_take_no_exponential_time() {
        let pattern = "**/a*".repeat(20) + "/never";
        let path = "a/".repeat(500) + "x";
        assert!(!glob(&pattern).matches(&path));
    }
}
