//! Heredocs without any line. `hcl-edit` 0.10 reads past their end, up to the next delimiter, so
//! they are replaced by an empty string of the same length before it sees the text.

use std::borrow::Cow;

/// The text with `<<EOT`, line break, `EOT` written as `""`; all offsets and lines stay.
pub(super) fn mask_empty(text: &str) -> Cow<'_, str> {
    let mut masked = Cow::Borrowed(text);
    let mut from = 0;
    while let Some(found) = text[from..].find("<<") {
        let start = from + found;
        from = start + 2;
        let Some(length) = empty_heredoc(&text[start..]) else {
            continue;
        };
        let blank: String = text[start..start + length]
            .chars()
            .enumerate()
            .map(|(index, c)| match (index, c) {
                (0 | 1, _) => '"',
                (_, '\n' | '\r') => c,
                _ => ' ',
            })
            .collect();
        masked.to_mut().replace_range(start..start + length, &blank);
        from = start + length;
    }
    masked
}

/// The length of an empty heredoc at the start of the text. Only ASCII delimiters are looked at.
fn empty_heredoc(text: &str) -> Option<usize> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let head = text.strip_prefix("<<")?;
    let head = head.strip_prefix('-').unwrap_or(head);
    let end = head.find(|c| !word(c))?;
    let (delimiter, rest) = head.split_at(end);
    let rest = rest.strip_prefix('\r').unwrap_or(rest).strip_prefix('\n')?;
    let rest = rest
        .trim_start_matches([' ', '\t'])
        .strip_prefix(delimiter)?;
    let ends = rest.chars().next().is_none_or(|c| !word(c) && c.is_ascii());
    (ends && !delimiter.is_empty()).then(|| text.len() - rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_empty_heredocs_are_masked() {
        assert_eq!(mask_empty("a = <<EOT\nEOT\nb"), "a = \"\"   \n   \nb");
        assert_eq!(mask_empty("a = <<-X\r\n  X\n"), "a = \"\"  \r\n   \n");
        for text in [
            "a = <<EOT\nx\nEOT\n",
            "a = <<EOT\nEOTX\nEOT\n",
            "1 << 2",
            "<<",
            "<<E\n",
        ] {
            assert_eq!(mask_empty(text), text);
        }
    }
}
