//! Amounts of prune for people. Sizes are binary (MiB, GiB), because storage is billed so.

use crate::ui::measure;

/// `0 B`, `20.0 KiB`, `1.2 GiB`.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    #[expect(clippy::cast_precision_loss, reason = "few digits are shown")]
    let mut amount = bytes as f64 / 1024.0;
    let mut unit = 0;
    // 1023.95 would be shown as 1024.0.
    while amount >= 1023.95 && unit + 1 < UNITS.len() {
        amount /= 1024.0;
        unit += 1;
    }
    format!("{amount:.1} {}", UNITS[unit])
}

/// `1,234,567`.
pub(super) fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 release`, `2,000 repositories`.
pub(super) fn count(amount: u64, noun: &str) -> String {
    let noun = match (amount, noun.strip_suffix('y')) {
        (1, _) => noun.to_owned(),
        (_, Some(stem)) => format!("{stem}ies"),
        (_, None) => format!("{noun}s"),
    };
    format!("{} {noun}", number(amount))
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn list(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// Lines of whole words in `columns`, each with `indent` spaces before it; a longer word has a line of its own.
pub(super) fn wrapped(text: &str, indent: usize, columns: usize) -> String {
    let lines = measure::wrapped(&measure::printable(text), columns.saturating_sub(indent));
    let lines: Vec<String> = lines
        .iter()
        .map(|line| format!("{:indent$}{line}\n", ""))
        .collect();
    lines.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts() {
        for (bytes, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1_048_575, "1.0 MiB"),
            (300 << 20, "300.0 MiB"),
            (3 << 40, "3.0 TiB"),
        ] {
            assert_eq!(size(bytes), text);
        }
        assert_eq!(number(999), "999");
        assert_eq!(number(1000), "1,000");
        assert_eq!(number(12_345_678), "12,345,678");
        assert_eq!(count(1, "repository"), "1 repository");
        assert_eq!(count(2000, "repository"), "2,000 repositories");
        assert_eq!(count(0, "tag"), "0 tags");
        let parts =
            |names: &[&str]| list(&names.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(parts(&["a", "b", "c"]), "a, b and c");
        assert_eq!(parts(&["a"]), "a");
    }

    #[test]
    fn lines_hold_whole_words() {
        assert_eq!(wrapped("aa bb cc", 2, 7), "  aa bb\n  cc\n");
        assert_eq!(wrapped("aaaaaaaaaa b", 0, 4), "aaaaaaaaaa\nb\n");
    }
}
