//! Strings. A character is what a reader takes for one: a grapheme cluster.

use regex::{Captures, Regex};
use unicode_segmentation::UnicodeSegmentation as _;

use super::{Arguments, Context, Function, Problem, fixed, variadic};
use crate::bake::types::Type;
use crate::bake::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    fixed("byteslen", 1, |_, mut a| {
        Ok(Value::count(a.string(0)?.len()))
    }),
    fixed("chomp", 1, |_, mut a| {
        text(a.string(0)?.trim_end_matches(['\r', '\n']))
    }),
    fixed("indent", 2, indent),
    variadic("join", 2, join),
    fixed("lower", 1, |_, mut a| {
        Ok(Value::String(map(&a.string(0)?, |c| {
            single(c.to_lowercase(), c)
        })))
    }),
    fixed("regex", 2, regex_first),
    fixed("regex_replace", 3, regex_replace),
    fixed("regexall", 2, regex_all),
    fixed("replace", 3, |_, mut a| {
        text(&a.string(0)?.replace(&a.string(1)?, &a.string(2)?))
    }),
    fixed("reverse", 1, |_, mut a| {
        Ok(Value::String(a.string(0)?.graphemes(true).rev().collect()))
    }),
    fixed("sanitize", 1, |_, mut a| {
        Ok(Value::String(map(&a.string(0)?, |c| {
            if c.is_ascii_alphanumeric() || matches!(c, '_' | '-') {
                c
            } else {
                '_'
            }
        })))
    }),
    fixed("split", 2, split),
    fixed("strlen", 1, |_, mut a| {
        Ok(Value::count(a.string(0)?.graphemes(true).count()))
    }),
    fixed("substr", 3, substr),
    fixed("title", 1, |_, mut a| {
        Ok(Value::String(title(&a.string(0)?)))
    }),
    fixed("trim", 2, |_, mut a| {
        let (value, characters) = (a.string(0)?, a.string(1)?);
        text(value.trim_matches(|c| characters.contains(c)))
    }),
    fixed("trimprefix", 2, |_, mut a| {
        let (value, prefix) = (a.string(0)?, a.string(1)?);
        text(value.strip_prefix(&prefix).unwrap_or(&value))
    }),
    fixed("trimspace", 1, |_, mut a| text(a.string(0)?.trim())),
    fixed("trimsuffix", 2, |_, mut a| {
        let (value, suffix) = (a.string(0)?, a.string(1)?);
        text(value.strip_suffix(&suffix).unwrap_or(&value))
    }),
    fixed("upper", 1, |_, mut a| {
        Ok(Value::String(map(&a.string(0)?, |c| {
            single(c.to_uppercase(), c)
        })))
    }),
];

#[expect(
    clippy::unnecessary_wraps,
    reason = "the last step of functions that can fail"
)]
fn text(text: &str) -> Result<Value, Problem> {
    Ok(Value::string(text))
}

fn map(text: &str, change: impl Fn(char) -> char) -> String {
    text.chars().map(change).collect()
}

/// The other case of a letter, where that is one letter too; bake leaves `ß` alone.
fn single(mut changed: impl Iterator<Item = char>, original: char) -> char {
    match (changed.next(), changed.next()) {
        (Some(c), None) => c,
        _ => original,
    }
}

fn indent(_: &Context<'_>, mut arguments: Arguments) -> Result<Value, Problem> {
    let spaces = usize::try_from(arguments.integer(0)?)
        .ok()
        .filter(|spaces| *spaces <= 1_000)
        .ok_or_else(|| Problem::argument(0, "a number between 0 and 1000 is required"))?;
    let pad = format!("\n{}", " ".repeat(spaces));
    text(&arguments.string(1)?.replace('\n', &pad))
}

fn join(_: &Context<'_>, mut arguments: Arguments) -> Result<Value, Problem> {
    let separator = arguments.string(0)?;
    let mut parts = Vec::new();
    for index in 1..arguments.len() {
        parts.extend(arguments.strings(index)?);
    }
    Ok(Value::String(parts.join(&separator)))
}

fn split(_: &Context<'_>, mut arguments: Arguments) -> Result<Value, Problem> {
    let (separator, value) = (arguments.string(0)?, arguments.string(1)?);
    if separator.is_empty() {
        return Ok(Value::strings(value.chars().map(String::from)));
    }
    Ok(Value::strings(value.split(&separator).map(str::to_owned)))
}

/// A negative offset counts from the end, a negative length means all of the rest.
fn substr(_: &Context<'_>, mut arguments: Arguments) -> Result<Value, Problem> {
    let value = arguments.string(0)?;
    let (offset, length) = (arguments.integer(1)?, arguments.integer(2)?);
    if offset >= 0 && length == 0 {
        return text("");
    }
    let count = i64::try_from(value.graphemes(true).count()).unwrap_or(i64::MAX);
    let start = if offset < 0 {
        (offset + count).max(0)
    } else {
        offset
    };
    let start = usize::try_from(start).unwrap_or(usize::MAX);
    let rest = value.graphemes(true).skip(start);
    // As in bake, a length of zero after a negative offset means the rest as well.
    Ok(Value::String(match usize::try_from(length) {
        Ok(length) if length > 0 => rest.take(length).collect(),
        _ => rest.collect(),
    }))
}

/// The first letter of each word in upper case.
fn title(value: &str) -> String {
    let mut start = true;
    let change = |c: char| {
        let changed = if start {
            single(c.to_uppercase(), c)
        } else {
            c
        };
        start = !(c.is_alphanumeric() || c == '_') && (c.is_ascii() || c.is_whitespace());
        changed
    };
    value.chars().map(change).collect()
}

fn pattern(text: &str, argument: usize) -> Result<Regex, Problem> {
    Regex::new(text).map_err(|error| {
        // The error's own text is several lines with a caret; its last line is the reason.
        let text = error.to_string();
        let reason = text
            .lines()
            .last()
            .unwrap_or_default()
            .trim_start_matches("error: ");
        Problem::argument(argument, format!("bad pattern: {reason}"))
    })
}

fn regex_replace(_: &Context<'_>, mut arguments: Arguments) -> Result<Value, Problem> {
    let (value, replacement) = (arguments.string(0)?, arguments.string(2)?);
    let pattern = pattern(&arguments.string(1)?, 1)?;
    text(&pattern.replace_all(&value, replacement.as_str()))
}

fn regex_first(_: &Context<'_>, mut arguments: Arguments) -> Result<Value, Problem> {
    let found = Found::new(&arguments.string(0)?)?;
    let value = arguments.string(1)?;
    match found.pattern.captures(&value) {
        Some(captures) => Ok(found.value(&captures)),
        None => Err(Problem::call("the pattern does not match")),
    }
}

fn regex_all(_: &Context<'_>, mut arguments: Arguments) -> Result<Value, Problem> {
    let found = Found::new(&arguments.string(0)?)?;
    let value = arguments.string(1)?;
    let all: Vec<Value> = found
        .pattern
        .captures_iter(&value)
        .map(|captures| found.value(&captures))
        .collect();
    let kind = all.first().map_or(Type::String, Value::kind);
    Ok(Value::List(kind, all))
}

/// What a match gives: the text, a tuple of its groups, or an object of its named groups.
struct Found {
    pattern: Regex,
    named: bool,
}

impl Found {
    fn new(text: &str) -> Result<Found, Problem> {
        let pattern = pattern(text, 0)?;
        let names: Vec<Option<&str>> = pattern.capture_names().skip(1).collect();
        let named = names.iter().any(Option::is_some);
        if named && names.iter().any(Option::is_none) {
            return Err(Problem::argument(
                0,
                "either all groups of the pattern have a name, or none has one",
            ));
        }
        Ok(Found { pattern, named })
    }

    fn value(&self, captures: &Captures<'_>) -> Value {
        let group = |index: usize| {
            captures
                .get(index)
                .map_or(Value::Null(Type::String), |m| Value::string(m.as_str()))
        };
        let names = self.pattern.capture_names().enumerate().skip(1);
        if self.pattern.captures_len() == 1 {
            group(0)
        } else if self.named {
            Value::Object(
                names
                    .filter_map(|(index, name)| Some((name?.to_owned(), group(index))))
                    .collect(),
            )
        } else {
            Value::Tuple(names.map(|(index, _)| group(index)).collect())
        }
    }
}
