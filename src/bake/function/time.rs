//! Times, as RFC 3339 text.

use jiff::Timestamp;
use jiff::civil::Weekday;
use jiff::tz::Offset;

use super::{Arguments, Context, Function, Problem, fixed};
use crate::bake::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    fixed("formatdate", 2, format_date),
    fixed("timestamp", 0, timestamp),
];

fn timestamp(context: &Context<'_>, _: Arguments) -> Result<Value, Problem> {
    Timestamp::from_second(context.now)
        .map(|time| Value::String(time.to_string()))
        .map_err(|error| Problem::call(format!("the clock is wrong: {error}")))
}

fn format_date(_: &Context<'_>, mut arguments: Arguments) -> Result<Value, Problem> {
    let (format, time) = (arguments.string(0)?, arguments.string(1)?);
    let bad = |_| Problem::argument(1, format!("{time:?} is no RFC 3339 time"));
    if !time.contains('T') {
        return Err(Problem::argument(
            1,
            format!("{time:?} is no RFC 3339 time"),
        ));
    }
    let instant: Timestamp = time.parse().map_err(bad)?;
    // The text is shown in its own offset.
    let offset = own_offset(&time).unwrap_or(Offset::UTC);
    let shown = instant.to_zoned(offset.to_time_zone());

    let mut text = String::new();
    for token in tokens(&format)? {
        let (verb, count) = match token {
            Token::Literal(literal) => {
                text.push_str(&literal);
                continue;
            }
            Token::Verb(verb, count) => (verb, count),
        };
        let hour = shown.hour();
        let piece = match (verb, count) {
            ('Y', 2) => Some(format!("{:02}", shown.year() % 100)),
            ('Y', 4) => Some(format!("{:04}", shown.year())),
            ('M', 1 | 2) => Some(padded(shown.month(), count)),
            ('M', 3) => Some(MONTHS[month(shown.month())][..3].to_owned()),
            ('M', 4) => Some(MONTHS[month(shown.month())].to_owned()),
            ('D', 1 | 2) => Some(padded(shown.day(), count)),
            ('E', 3) => Some(weekday(shown.weekday())[..3].to_owned()),
            ('E', 4) => Some(weekday(shown.weekday()).to_owned()),
            ('h', 1 | 2) => Some(padded(hour, count)),
            ('H', 1 | 2) => Some(padded(if hour % 12 == 0 { 12 } else { hour % 12 }, count)),
            ('A', 2) => Some(if hour < 12 { "AM" } else { "PM" }.to_owned()),
            ('a', 2) => Some(if hour < 12 { "am" } else { "pm" }.to_owned()),
            ('m', 1 | 2) => Some(padded(shown.minute(), count)),
            ('s', 1 | 2) => Some(padded(shown.second(), count)),
            ('Z', 1) if offset == Offset::UTC => Some("Z".to_owned()),
            ('Z', 3) if offset == Offset::UTC => Some("UTC".to_owned()),
            ('Z', 1 | 5) => Some(offset_text(offset, ":")),
            ('Z', 3 | 4) => Some(offset_text(offset, "")),
            _ => None,
        };
        if let Some(piece) = piece {
            text.push_str(&piece);
        } else {
            let verb = String::from(verb).repeat(count);
            return Err(Problem::argument(
                0,
                format!("there is no format verb {verb:?}"),
            ));
        }
    }
    Ok(Value::String(text))
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

fn month(month: i8) -> usize {
    usize::try_from(month - 1).unwrap_or(0)
}

fn weekday(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "Monday",
        Weekday::Tuesday => "Tuesday",
        Weekday::Wednesday => "Wednesday",
        Weekday::Thursday => "Thursday",
        Weekday::Friday => "Friday",
        Weekday::Saturday => "Saturday",
        Weekday::Sunday => "Sunday",
    }
}

fn padded(number: i8, width: usize) -> String {
    format!("{number:0width$}")
}

fn offset_text(offset: Offset, separator: &str) -> String {
    let minutes = offset.seconds() / 60;
    let sign = if minutes < 0 { '-' } else { '+' };
    format!(
        "{sign}{:02}{separator}{:02}",
        minutes.abs() / 60,
        minutes.abs() % 60
    )
}

/// The `+09:00` at the end of a time.
fn own_offset(time: &str) -> Option<Offset> {
    let tail = time.get(time.len().checked_sub(6)?..)?;
    let sign = match tail.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, minutes) = tail.get(1..)?.split_once(':')?;
    let seconds = hours.parse::<i32>().ok()? * 3_600 + minutes.parse::<i32>().ok()? * 60;
    Offset::from_seconds(sign * seconds).ok()
}

enum Token {
    Literal(String),
    Verb(char, usize),
}

/// Letters are verbs, repeated; text in single quotes is literal, and so is everything else.
fn tokens(format: &str) -> Result<Vec<Token>, Problem> {
    let mut tokens = Vec::new();
    let mut chars = format.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\'' {
            let mut literal = String::new();
            loop {
                match chars.next() {
                    Some('\'') if chars.next_if_eq(&'\'').is_some() => literal.push('\''),
                    Some('\'') => break,
                    Some(c) => literal.push(c),
                    None => return Err(Problem::argument(0, "a quote in the format does not end")),
                }
            }
            // Two quotes in a row stand for one.
            tokens.push(Token::Literal(if literal.is_empty() {
                "'".to_owned()
            } else {
                literal
            }));
        } else if c.is_ascii_alphabetic() {
            let mut count = 1;
            while chars.next_if_eq(&c).is_some() {
                count += 1;
            }
            tokens.push(Token::Verb(c, count));
        } else {
            tokens.push(Token::Literal(c.to_string()));
        }
    }
    Ok(tokens)
}
