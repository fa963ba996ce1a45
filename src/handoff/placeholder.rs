//! `<NAME>` in a text: finding and replacing placeholders.

/// A placeholder's name may hold letters, digits, `_`, `-` and `.`.
pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
}

/// Whether `<name>` in a text was probably meant as a placeholder: upper case, as in `<IMAGE1_NAME>`
/// and `<ACCOUNT_ID>`. `<title>` and `<br>` are something else.
pub(super) fn looks_meant(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_uppercase())
        && !name.bytes().any(|byte| byte.is_ascii_lowercase())
}

/// The placeholder for a target that has none: `log-router` is `IMAGE_LOG_ROUTER`.
pub(super) fn for_target(target: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let name: String = target.chars().map(plain).collect();
    format!("IMAGE_{}", name.to_ascii_uppercase())
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
pub(super) fn replace(text: &str, lookup: impl Fn(&str) -> Option<String>) -> Replaced {
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
            replaced.text.push_str(&value);
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
            "A" => Some("<B>".to_owned()),
            "B" => Some("b".to_owned()),
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
    fn knows_what_was_meant_as_a_placeholder() {
        for name in ["IMAGE_WEB_NAME", "IMAGE1_NAME", "ACCOUNT", "X-1"] {
            assert!(looks_meant(name), "{name}");
        }
        for name in ["title", "Title", "1", "_", "-"] {
            assert!(!looks_meant(name), "{name}");
        }
    }
}
