//! `<NAME>` in a text: finding and replacing placeholders.

/// A placeholder's name may hold letters, digits, `_`, `-` and `.`.
pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
}

/// Whether this name was probably meant as an image: upper case with `IMAGE` in it.
pub(super) fn looks_like_image(name: &str) -> bool {
    name.contains("IMAGE") && !name.bytes().any(|byte| byte.is_ascii_lowercase())
}

/// A text after its placeholders were replaced.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Replaced {
    /// The new text.
    pub(super) text: String,
    /// The names that were replaced, in order.
    pub(super) used: Vec<String>,
    /// The names that `lookup` did not know, in order; they stand in the text as before.
    pub(super) left: Vec<String>,
}

/// Replaces every `<NAME>` for which `lookup` has a value. What was put in is not looked at again.
pub(super) fn replace<'v>(text: &str, lookup: impl Fn(&str) -> Option<&'v str>) -> Replaced {
    let mut replaced = Replaced::default();
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        let (before, tail) = rest.split_at(start);
        replaced.text.push_str(before);
        let name = tail[1..]
            .split_once('>')
            .map(|(name, _)| name)
            .filter(|name| is_name(name));
        let Some(name) = name else {
            replaced.text.push('<');
            rest = &tail[1..];
            continue;
        };
        if let Some(value) = lookup(name) {
            replaced.text.push_str(value);
            replaced.used.push(name.to_owned());
        } else {
            replaced.text.push_str(&tail[..name.len() + 2]);
            replaced.left.push(name.to_owned());
        }
        rest = &tail[name.len() + 2..];
    }
    replaced.text.push_str(rest);
    replaced
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replaced(text: &str) -> Replaced {
        replace(text, |name| match name {
            "A" => Some("<B>"),
            "B" => Some("b"),
            _ => None,
        })
    }

    #[test]
    fn replaces_once_and_leaves_the_unknown() {
        let result = replaced("x<A>y<B><C>z < 3 > <<B>");
        assert_eq!(result.text, "x<B>yb<C>z < 3 > <b");
        assert_eq!(result.used, ["A", "B", "B"]);
        assert_eq!(result.left, ["C"]);
    }

    #[test]
    fn leaves_other_brackets_alone() {
        for text in ["", "<", "<>", "a < b", "<A", "A>", "<a b>", "<ü>"] {
            assert_eq!(replaced(text).text, text);
            assert!(replaced(text).left.is_empty(), "{text}");
        }
    }

    #[test]
    fn knows_what_was_meant_as_an_image() {
        assert!(looks_like_image("IMAGE_WEB_NAME"));
        assert!(looks_like_image("WEB_IMAGE1"));
        assert!(!looks_like_image("TASK_DEFINITION"));
        assert!(!looks_like_image("image"));
    }
}
