//! A small JSON reader that keeps positions, the digits of numbers and the order of keys. Strict:
//! no comments, no trailing commas.

/// Arrays and objects inside of each other that are allowed.
const DEPTH_LIMIT: usize = 100;

/// A value and where it stands, in bytes.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) kind: NodeKind,
}

#[derive(Clone, Debug)]
pub(crate) enum NodeKind {
    Null,
    Bool(bool),
    /// As written.
    Number(String),
    String(Text),
    Array(Vec<Node>),
    /// Keys may be there twice; what that means is the caller's affair.
    Object(Vec<(Text, Node)>),
}

/// A string: its content, and where each part of it was written.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    pub(crate) text: String,
    /// Pairs of (offset in `text`, offset in the file): one for the start and one after each
    /// escape sequence.
    marks: Vec<(usize, usize)>,
}

impl Text {
    /// The offset in the file of an offset in the text.
    pub(crate) fn place(&self, offset: usize) -> usize {
        let after = self.marks.partition_point(|(inside, _)| *inside <= offset);
        let (inside, outside) = self.marks[after.saturating_sub(1)];
        outside + offset.saturating_sub(inside)
    }
}

/// What is wrong with the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    pub(crate) offset: usize,
    pub(crate) length: usize,
    pub(crate) message: String,
}

/// Reads one value that fills the whole text.
pub(crate) fn read(text: &str) -> Result<Node, SyntaxError> {
    let mut reader = Reader {
        text,
        at: if text.starts_with('\u{feff}') { 3 } else { 0 },
    };
    let node = reader.value(0)?;
    reader.space();
    if reader.at < text.len() {
        return Err(reader.unexpected("the end of the file"));
    }
    Ok(node)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
    }

    fn eat(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    fn unexpected(&self, wanted: &str) -> SyntaxError {
        let message = match self.rest().chars().next() {
            Some(found) => format!("expected {wanted}, found {found:?}"),
            None => format!("expected {wanted}, found the end of the file"),
        };
        let length = self.rest().chars().next().map_or(0, char::len_utf8);
        SyntaxError {
            offset: self.at,
            length,
            message,
        }
    }

    fn value(&mut self, depth: usize) -> Result<Node, SyntaxError> {
        self.space();
        let start = self.at;
        if depth > DEPTH_LIMIT {
            let message = format!("more than {DEPTH_LIMIT} nested levels");
            return Err(SyntaxError {
                offset: start,
                length: 1,
                message,
            });
        }
        let kind = match self.rest().bytes().next() {
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.array(depth)?,
            Some(b'"') => NodeKind::String(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            _ if self.eat("true") => NodeKind::Bool(true),
            _ if self.eat("false") => NodeKind::Bool(false),
            _ if self.eat("null") => NodeKind::Null,
            _ => return Err(self.unexpected("a value")),
        };
        Ok(Node {
            start,
            end: self.at,
            kind,
        })
    }

    fn object(&mut self, depth: usize) -> Result<NodeKind, SyntaxError> {
        self.at += 1;
        let mut items = Vec::new();
        self.space();
        if self.eat("}") {
            return Ok(NodeKind::Object(items));
        }
        loop {
            self.space();
            if !self.rest().starts_with('"') {
                return Err(self.unexpected("a key in quotes"));
            }
            let key = self.string()?;
            self.space();
            if !self.eat(":") {
                return Err(self.unexpected("\":\""));
            }
            items.push((key, self.value(depth + 1)?));
            self.space();
            if self.eat("}") {
                return Ok(NodeKind::Object(items));
            }
            if !self.eat(",") {
                return Err(self.unexpected("\",\" or \"}\""));
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<NodeKind, SyntaxError> {
        self.at += 1;
        let mut items = Vec::new();
        self.space();
        if self.eat("]") {
            return Ok(NodeKind::Array(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.space();
            if self.eat("]") {
                return Ok(NodeKind::Array(items));
            }
            if !self.eat(",") {
                return Err(self.unexpected("\",\" or \"]\""));
            }
        }
    }

    fn number(&mut self) -> Result<NodeKind, SyntaxError> {
        let rest = self.rest();
        let end = rest
            .find(|c: char| !matches!(c, '0'..='9' | '-' | '+' | '.' | 'e' | 'E'))
            .unwrap_or(rest.len());
        let digits = rest[..end].to_owned();
        if serde_json::from_str::<serde_json::Number>(&digits).is_err() && !is_number(&digits) {
            let message = format!("{digits} is not a number");
            return Err(SyntaxError {
                offset: self.at,
                length: end,
                message,
            });
        }
        self.at += end;
        Ok(NodeKind::Number(digits))
    }

    fn string(&mut self) -> Result<Text, SyntaxError> {
        let opening = self.at;
        self.at += 1;
        let mut text = String::new();
        let mut marks = vec![(0, self.at)];
        loop {
            let Some(c) = self.rest().chars().next() else {
                return Err(SyntaxError {
                    offset: opening,
                    length: 1,
                    message: "this string does not end".to_owned(),
                });
            };
            match c {
                '"' => {
                    self.at += 1;
                    return Ok(Text { text, marks });
                }
                '\\' => {
                    text.push(self.escape()?);
                    marks.push((text.len(), self.at));
                }
                c if c < ' ' => {
                    return Err(SyntaxError {
                        offset: self.at,
                        length: 1,
                        message: "a control character in a string; write it as an escape sequence"
                            .to_owned(),
                    });
                }
                c => {
                    text.push(c);
                    self.at += c.len_utf8();
                }
            }
        }
    }

    fn escape(&mut self) -> Result<char, SyntaxError> {
        let start = self.at;
        let bad = |length: usize| SyntaxError {
            offset: start,
            length,
            message: "this is no escape sequence".to_owned(),
        };
        self.at += 1;
        let Some(c) = self.rest().chars().next() else {
            return Err(bad(1));
        };
        self.at += c.len_utf8();
        Ok(match c {
            '"' | '\\' | '/' => c,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let high = self.unit().ok_or_else(|| bad(2))?;
                if !(0xd800..0xdc00).contains(&high) {
                    // A lone low surrogate stands for nothing; Go puts the replacement there.
                    return Ok(char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER));
                }
                let before = self.at;
                let low = if self.eat("\\u") { self.unit() } else { None };
                match low {
                    Some(low) if (0xdc00..0xe000).contains(&low) => {
                        let code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                        char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
                    }
                    _ => {
                        self.at = before;
                        char::REPLACEMENT_CHARACTER
                    }
                }
            }
            _ => return Err(bad(1 + c.len_utf8())),
        })
    }

    fn unit(&mut self) -> Option<u32> {
        let digits = self.rest().get(..4)?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let unit = u32::from_str_radix(digits, 16).ok()?;
        self.at += 4;
        Some(unit)
    }
}

/// The grammar of JSON numbers, for those that are too large for a double.
fn is_number(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let (number, power) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && digits(fraction)
        && digits(power.strip_prefix(['+', '-']).unwrap_or(power))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_survive_escapes() {
        let source = r#"{"a": "x\né${y}"}"#;
        let node = read(source).unwrap();
        let NodeKind::Object(items) = node.kind else {
            panic!("an object")
        };
        let NodeKind::String(text) = &items[0].1.kind else {
            panic!("a string")
        };
        let inside = text.text.find('y').unwrap();
        assert_eq!(text.place(inside), source.find('y').unwrap());
    }

    #[test]
    fn surrogate_pairs_are_one_character() {
        let node = read(r#""\ud83d\ude00 \ud83d""#).unwrap();
        let NodeKind::String(text) = node.kind else {
            panic!("a string")
        };
        assert_eq!(text.text, "\u{1f600} \u{fffd}");
    }

    #[test]
    fn errors_say_what_was_expected() {
        for (text, message, offset) in [
            ("{\"a\" 1}", "expected \":\", found '1'", 5),
            ("[1, ]", "expected a value, found ']'", 4),
            (
                "[1",
                "expected \",\" or \"]\", found the end of the file",
                2,
            ),
            ("\"abc", "this string does not end", 0),
            ("01", "01 is not a number", 0),
            ("1 x", "expected the end of the file, found 'x'", 2),
            (r#""\x""#, "this is no escape sequence", 1),
        ] {
            let error = read(text).unwrap_err();
            assert_eq!(
                (error.message.as_str(), error.offset),
                (message, offset),
                "{text}"
            );
        }
        assert!(read(&"[".repeat(100_000)).is_err());
    }
}
