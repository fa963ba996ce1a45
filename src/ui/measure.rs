//! Widths of text in terminal columns, and amounts for people: bytes, durations, counts.

use std::time::Duration;

use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

/// Columns that `text` takes; the text holds no escape sequences.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// `text` cut to at most `columns`, with an ellipsis where something was left out.
pub(crate) fn truncate(text: &str, columns: usize) -> String {
    truncate_with(text, columns, "…")
}

/// [`truncate`] with another ellipsis, for terminals without that character.
pub(crate) fn truncate_with(text: &str, columns: usize, ellipsis: &str) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let Some(room) = columns.checked_sub(width(ellipsis)) else {
        return String::new();
    };
    let mut cut = String::new();
    let mut used = 0;
    for grapheme in text.graphemes(true) {
        let next = used + width(grapheme);
        if next > room {
            break;
        }
        cut.push_str(grapheme);
        used = next;
    }
    cut.push_str(ellipsis);
    cut
}

/// `text` with spaces behind it up to `columns`.
pub(crate) fn pad(text: &str, columns: usize) -> String {
    let fill = columns.saturating_sub(width(text));
    format!("{text}{:fill$}", "")
}

/// `text` without control characters, tabs as spaces; escape sequences are left out whole.
///
/// What a build step writes may move the cursor or change colours; drawn inside our picture it
/// must not.
pub(crate) fn printable(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\t' => clean.push_str("    "),
            '\x1b' => skip_escape(&mut characters),
            character if character.is_control() => {}
            character => clean.push(character),
        }
    }
    clean
}

/// Skips what follows an escape character: CSI up to its final byte, OSC up to its terminator,
/// else one character.
fn skip_escape(characters: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    match characters.next() {
        Some('[') => {
            for character in characters.by_ref() {
                if ('\x40'..='\x7e').contains(&character) {
                    break;
                }
            }
        }
        Some(']') => {
            while let Some(character) = characters.next() {
                if character == '\x07' {
                    break;
                }
                if character == '\x1b' {
                    characters.next_if_eq(&'\\');
                    break;
                }
            }
        }
        _ => {}
    }
}

/// A size in decimal units as registries show it: `512 B`, `1.4 kB`, `57.0 MB`.
pub(crate) fn bytes(count: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if count < 1000 {
        return format!("{count} B");
    }
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let mut amount = count as f64 / 1000.0;
    let mut unit = 0;
    // 999.95 would be shown as 1000.0.
    while amount >= 999.95 && unit + 1 < UNITS.len() {
        amount /= 1000.0;
        unit += 1;
    }
    format!("{amount:.1} {}", UNITS[unit])
}

/// A duration as short as it stays useful: `0.4s`, `12.3s`, `2m05s`, `1h02m`.
pub(crate) fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..60 => format!("{:.1}s", duration.as_secs_f64().min(59.9)),
        60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h{:02}m", seconds / 3600, seconds % 3600 / 60),
    }
}

/// Lines of whole words of at most so many columns; a longer word has a line of its own.
pub(crate) fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if width(line) + 1 + width(word) <= columns => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// `1 step`, `2 steps`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truncates_by_columns_not_characters() {
        assert_eq!(truncate("abcdef", 6), "abcdef");
        assert_eq!(truncate("abcdef", 5), "abcd…");
        assert_eq!(truncate("漢字漢字", 8), "漢字漢字");
        // A wide character that fits only half is left out.
        assert_eq!(truncate("漢字漢字", 6), "漢字…");
        assert_eq!(width(&truncate("漢字漢字", 6)), 5);
        assert_eq!(truncate("abc", 0), "");
        assert_eq!(truncate("abc", 1), "…");
    }

    #[test]
    fn pads_by_columns() {
        assert_eq!(pad("漢", 4), "漢  ");
        assert_eq!(pad("abcdef", 3), "abcdef");
    }

    #[test]
    fn leaves_escape_sequences_out() {
        assert_eq!(printable("\x1b[1;32mok\x1b[0m\t!"), "ok    !");
        assert_eq!(printable("\x1b]0;title\x07text"), "text");
        assert_eq!(
            printable("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\"),
            "link"
        );
        assert_eq!(printable("50%\r100%"), "50%100%");
        assert_eq!(printable("cut\x1b"), "cut");
    }

    #[test]
    fn amounts() {
        assert_eq!(bytes(0), "0 B");
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(1000), "1.0 kB");
        assert_eq!(bytes(999_960), "1.0 MB");
        assert_eq!(bytes(57_000_000), "57.0 MB");
        assert_eq!(duration(Duration::from_millis(420)), "0.4s");
        assert_eq!(duration(Duration::from_millis(59_990)), "59.9s");
        assert_eq!(duration(Duration::from_secs(125)), "2m05s");
        assert_eq!(duration(Duration::from_secs(3725)), "1h02m");
        assert_eq!(count(1, "step"), "1 step");
        assert_eq!(count(0, "step"), "0 steps");
    }
}
