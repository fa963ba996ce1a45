//! Patterns over names: `*`, `?`, `[a-z]`, `[^x]` and `\` as in Go's `path.Match`, which buildx
//! uses for `--set` and for targets on the command line.

/// Whether the text has a character that makes it a pattern.
pub(crate) fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '[', ']'])
}

/// Whether the whole name matches. `None` for a malformed pattern.
pub(crate) fn matches(pattern: &str, name: &str) -> Option<bool> {
    Some(whole(&parse(pattern)?, name, Some('/')))
}

/// As [`matches`], and `*`, `?` and classes stand for slashes, too: for names whose slashes mean nothing to
/// the service that keeps them.
pub(crate) fn covers(pattern: &str, name: &str) -> Option<bool> {
    Some(whole(&parse(pattern)?, name, None))
}

fn whole(tokens: &[Token], name: &str, separator: Option<char>) -> bool {
    let name: Vec<char> = name.chars().collect();
    // reachable[i]: the tokens so far match the first i characters.
    let mut reachable = vec![false; name.len() + 1];
    reachable[0] = true;
    for token in tokens {
        let mut next = vec![false; name.len() + 1];
        for at in 0..=name.len() {
            match token {
                Token::Any => {
                    let here = reachable[at];
                    let before = at > 0 && next[at - 1] && Some(name[at - 1]) != separator;
                    next[at] = here || before;
                }
                _ => {
                    let before = at > 0 && reachable[at - 1];
                    next[at] = before && token.accepts(name[at - 1], separator);
                }
            }
        }
        reachable = next;
    }
    reachable.last().copied().unwrap_or(false)
}

enum Token {
    Any,
    One,
    Literal(char),
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
}

impl Token {
    fn accepts(&self, c: char, separator: Option<char>) -> bool {
        match self {
            Token::Any | Token::One => Some(c) != separator,
            Token::Literal(literal) => *literal == c,
            Token::Class { negated, ranges } => {
                ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)) != *negated
            }
        }
    }
}

fn parse(pattern: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        tokens.push(match c {
            '*' => Token::Any,
            '?' => Token::One,
            '\\' => Token::Literal(chars.next()?),
            '[' => {
                let negated = chars.next_if_eq(&'^').is_some();
                let mut ranges = Vec::new();
                while ranges.is_empty() || chars.peek() != Some(&']') {
                    let low = class_char(&mut chars)?;
                    let high = match chars.next_if_eq(&'-') {
                        Some(_) => class_char(&mut chars)?,
                        None => low,
                    };
                    ranges.push((low, high));
                }
                chars.next();
                Token::Class { negated, ranges }
            }
            c => Token::Literal(c),
        });
    }
    Some(tokens)
}

fn class_char(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<char> {
    match chars.next()? {
        '-' | ']' => None,
        '\\' => chars.next(),
        c => Some(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_names() {
        for (pattern, name, expected) in [
            ("*", "app", Some(true)),
            ("app-*", "app-1", Some(true)),
            ("app-*", "app", Some(false)),
            ("a?p", "app", Some(true)),
            ("[a-c]*", "batch", Some(true)),
            ("[^a-c]*", "batch", Some(false)),
            ("*-*-x", "a-b-c-x", Some(true)),
            ("", "", Some(true)),
            ("[", "a", None),
            ("[]a]", "a", None),
            ("a\\*", "a*", Some(true)),
            ("*", "a/b", Some(false)),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn names_without_structure_match_across_slashes() {
        for (pattern, name, expected) in [
            ("*", "a/b", Some(true)),
            ("shop/*", "shop/web/x", Some(true)),
            ("shop?web", "shop/web", Some(true)),
            ("shop/*", "shop", Some(false)),
            ("[", "a", None),
        ] {
            assert_eq!(covers(pattern, name), expected, "{pattern} {name}");
        }
    }
}
