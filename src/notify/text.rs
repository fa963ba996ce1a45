//! Text from anywhere, made fit for a message: without control characters, and cut to a limit where
//! one character is whole.

use super::Mask;

/// Bytes of a text that are looked at. A message shows a small part of this; a secret that stands
/// across the end is cut off with it.
const WINDOW: usize = 64 << 10;

/// What stands where something was left out.
pub(super) const ELLIPSIS: char = '…';

/// Cleans, masks and cuts texts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clean<'a>(pub(super) &'a Mask);

impl Clean<'_> {
    /// One line of at most `longest` characters.
    pub(super) fn line(self, text: &str, longest: usize) -> String {
        let text = self.clean(text);
        let joined = text.split_whitespace().collect::<Vec<_>>().join(" ");
        cut(&joined, longest, |_| 1)
    }

    /// Several lines of at most `longest` characters in all.
    pub(super) fn lines(self, text: &str, longest: usize) -> String {
        let text = self.clean(text);
        cut(text.trim_end(), longest, |_| 1)
    }

    /// The last `count` lines of a log, each of at most `longest` characters. What is hidden is
    /// looked for in the whole log: a key has many lines, and most of them look like nothing.
    pub(super) fn last_lines(self, log: &[String], count: usize, longest: usize) -> Vec<String> {
        let mut seen = 0;
        let mut window: Vec<String> = log
            .iter()
            .rev()
            .map(|line| fit(line))
            .take_while(|line| {
                let within = seen < WINDOW;
                seen += line.len() + 1;
                within
            })
            .collect();
        window.reverse();
        let text = self.0.apply(&window.join("\n"));
        let lines: Vec<&str> = text.lines().collect();
        let last = lines.len().saturating_sub(count);
        let lines = lines[last..].iter();
        lines
            .map(|line| cut(line.trim_end(), longest, |_| 1))
            .collect()
    }

    fn clean(self, text: &str) -> String {
        self.0.apply(&fit(text))
    }
}

/// The text without what is unfit, as far as it is looked at.
fn fit(text: &str) -> String {
    let window = &text[..text.floor_char_boundary(WINDOW)];
    let mut clean = String::with_capacity(window.len());
    let mut escape = Escape::None;
    for character in window.chars() {
        escape = escape.after(character);
        match character {
            _ if escape != Escape::None => {}
            '\n' => clean.push('\n'),
            '\t' => clean.push_str("    "),
            character if is_unfit(character) => {}
            character => clean.push(character),
        }
    }
    clean
}

/// Where in a terminal's escape sequence we are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Escape {
    None,
    /// After ESC.
    Begun,
    /// In `ESC [ … final`.
    Control,
    /// In `ESC ] … BEL`, a title or a link.
    Command,
    /// The last character of a sequence.
    Ended,
}

impl Escape {
    fn after(self, character: char) -> Self {
        match (self, character) {
            (_, '\x1b') => Self::Begun,
            (Self::Begun, '[') => Self::Control,
            (Self::Begun, ']') => Self::Command,
            (Self::Begun, _) | (Self::Command, '\x07') => Self::Ended,
            (Self::Command, _) => Self::Command,
            (Self::Control, '\x40'..='\x7e') => Self::Ended,
            (Self::Control, _) => Self::Control,
            (Self::None | Self::Ended, _) => Self::None,
        }
    }
}

/// Control characters, characters that turn the direction of what follows, and what is no
/// character: no service needs them, some refuse them, and all can be used to make a text look like
/// another one.
fn is_unfit(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
                | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fdd0}'..='\u{fdef}'
        )
        || u32::from(character) & 0xfffe == 0xfffe
}

/// The text, or its beginning and an ellipsis, so that the `cost` of all its characters is at most
/// `budget`.
pub(super) fn cut(text: &str, budget: usize, cost: impl Fn(char) -> usize) -> String {
    let room = budget.checked_sub(cost(ELLIPSIS));
    let mut spent = 0;
    let mut end_with_ellipsis = 0;
    for (at, character) in text.char_indices() {
        if room.is_some_and(|room| spent <= room) {
            end_with_ellipsis = at;
        }
        spent += cost(character);
        if spent > budget {
            return match room {
                Some(_) => format!("{}{ELLIPSIS}", text[..end_with_ellipsis].trim_end()),
                None => String::new(),
            };
        }
    }
    text.to_owned()
}

/// Lines joined up to `budget`; then how many `more` there are: `… and 12 more`. A line that alone
/// is too long is cut.
pub(super) fn join(lines: &[String], budget: usize, cost: impl Fn(char) -> usize + Copy) -> String {
    let price = |text: &str| text.chars().map(cost).sum::<usize>();
    let line_end = cost('\n');
    let mut joined = String::new();
    let mut spent = 0;
    for (index, line) in lines.iter().enumerate() {
        let separator = if index == 0 { 0 } else { line_end };
        let left = lines.len() - index;
        // What it costs to say that there are more, should the next line not fit any more.
        let more = |left: usize| format!("{ELLIPSIS} and {left} more");
        let reserve = match left {
            1 => 0,
            left => line_end + price(&more(left - 1)),
        };
        let room = budget.checked_sub(spent + separator + reserve);
        let fits = room.is_some_and(|room| price(line) <= room);
        if !fits && index > 0 {
            joined.push('\n');
            joined.push_str(&more(left));
            return joined;
        }
        if index > 0 {
            joined.push('\n');
        }
        let line = cut(line, room.unwrap_or_default(), cost);
        spent += separator + price(&line);
        joined.push_str(&line);
    }
    joined
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn clean(text: &str) -> String {
        Clean(&Mask::default()).line(text, 40)
    }

    #[test]
    fn what_could_mislead_is_left_out() {
        assert_eq!(
            clean("\x1b[31mred\x1b[0m and\x1b7 \r\nmore"),
            "red and more"
        );
        assert_eq!(clean("\x1b]0;title\x07a\x1b]8;;http://x\x1b\\b"), "ab");
        assert_eq!(clean("a\u{202e}cod.exe\u{2066}b"), "acod.exeb");
        assert_eq!(clean("x\u{0}\u{ffff}\u{feff}y"), "xy");
        assert_eq!(clean("日本語 العربية 👩‍👩‍👧"), "日本語 العربية 👩‍👩‍👧");
        let long = "é".repeat(10 << 20);
        assert_eq!(clean(&long).chars().count(), 40);
        assert!(clean(&long).ends_with('…'));
    }

    #[test]
    fn what_spans_lines_of_a_log_is_hidden_before_they_are_chosen() {
        let log = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
        let mut lines = log("make: start\n-----BEGIN PRIVATE KEY-----");
        lines.extend((0..20).map(|_| "Planted+".repeat(8)));
        lines.push("\x1b[0mPlan==".to_owned());
        let mask = Mask::default();
        let clean = Clean(&mask);
        assert_eq!(clean.last_lines(&lines, 3, 40), ["make: start", "***"]);
        lines.extend(log("-----END PRIVATE KEY-----\n  exit  1  "));
        assert_eq!(clean.last_lines(&lines, 2, 40), ["***", "  exit  1"]);
        assert_eq!(clean.last_lines(&[], 2, 40), [""; 0]);
        let long = vec!["\t".repeat(WINDOW); 3];
        assert_eq!(clean.last_lines(&long, 10, 40), [""]);
    }

    #[test]
    fn cuts_before_the_character_that_is_too_much() {
        let one = |_: char| 1;
        assert_eq!(cut("abc", 3, one), "abc");
        assert_eq!(cut("abcd", 3, one), "ab…");
        assert_eq!(cut("ab  cd", 4, one), "ab…");
        assert_eq!(cut("abcd", 1, one), "…");
        assert_eq!(cut("abcd", 0, one), "");
        assert_eq!(cut("日本語", 6, char::len_utf8), "日…");
        assert_eq!(cut("日本語", 2, char::len_utf8), "");
    }

    #[test]
    fn lines_that_do_not_fit_are_counted() {
        let lines: Vec<String> = (0..100).map(|number| format!("line {number}")).collect();
        let joined = join(&lines, 40, |_| 1);
        assert_eq!(joined, "line 0\nline 1\nline 2\n… and 97 more");
        assert_eq!(join(&lines[..1], 40, |_| 1), "line 0");
        assert_eq!(join(&[], 40, |_| 1), "");
    }

    proptest! {
        #[test]
        fn nothing_costs_more_than_its_budget(
            lines in prop::collection::vec("\\PC{0,60}", 0..20),
            budget in 30_usize..300,
        ) {
            let joined = join(&lines, budget, char::len_utf8);
            prop_assert!(joined.len() <= budget, "{} > {budget}", joined.len());
        }

        #[test]
        fn a_cut_text_is_the_beginning(text in "\\PC{0,60}", budget in 0_usize..80) {
            let short = cut(&text, budget, char::len_utf8);
            prop_assert!(short.len() <= budget);
            let start = short.strip_suffix('…').unwrap_or(&short);
            prop_assert!(text.starts_with(start));
        }
    }
}
