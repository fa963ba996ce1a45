//! `format` and `formatlist`: verbs in the manner of C and Go.

use num_bigint::BigInt;
use unicode_segmentation::UnicodeSegmentation as _;

use super::{Arguments, Context, Function, Problem, json, variadic};
use crate::bake::convert::{to_bool, to_number, to_string};
use crate::bake::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    variadic("format", 1, format),
    variadic("formatlist", 1, format_list),
];

/// Wider fields are a mistake.
const WIDTH_LIMIT: usize = 10_000;

fn format(_: &Context<'_>, mut arguments: Arguments) -> Result<Value, Problem> {
    let template = arguments.string(0)?;
    let values: Vec<Value> = (1..arguments.len())
        .map(|index| arguments.nullable(index))
        .collect();
    render(&template, &values).map(Value::String)
}

/// Lists among the arguments are walked together; other arguments are the same every time.
fn format_list(_: &Context<'_>, mut arguments: Arguments) -> Result<Value, Problem> {
    let template = arguments.string(0)?;
    let values: Vec<Value> = (1..arguments.len())
        .map(|index| arguments.nullable(index))
        .collect();
    let mut count = None;
    for (index, value) in values.iter().enumerate() {
        let Some(elements) = value.elements() else {
            continue;
        };
        match count {
            Some(count) if count != elements.len() => {
                let message = format!(
                    "this list has {} elements, an earlier one {count}",
                    elements.len()
                );
                return Err(Problem::argument(index + 1, message));
            }
            _ => count = Some(elements.len()),
        }
    }
    let mut texts = Vec::new();
    for place in 0..count.unwrap_or(1) {
        let row: Vec<Value> = values
            .iter()
            .map(|value| match value.elements() {
                Some(elements) => elements.get(place).cloned().unwrap_or(Value::NULL),
                None => value.clone(),
            })
            .collect();
        texts.push(render(&template, &row)?);
    }
    Ok(Value::strings(texts))
}

/// `%[flags][width][.precision][[argument]]verb`
#[derive(Default)]
struct Verb {
    zero: bool,
    minus: bool,
    plus: bool,
    space: bool,
    sharp: bool,
    width: Option<usize>,
    precision: Option<usize>,
    mode: char,
    written: String,
}

fn render(template: &str, values: &[Value]) -> Result<String, Problem> {
    let mut text = String::new();
    let mut chars = template.chars().peekable();
    let mut next = 0;
    let mut highest = 0;
    let mut explicit = false;
    while let Some(c) = chars.next() {
        if c != '%' {
            text.push(c);
            continue;
        }
        if chars.next_if_eq(&'%').is_some() {
            text.push('%');
            continue;
        }
        let (verb, argument) = read_verb(&mut chars)?;
        explicit |= argument.is_some();
        let place = argument.unwrap_or(next);
        next = place + 1;
        highest = highest.max(next);
        let Some(value) = values.get(place) else {
            return Err(Problem::argument(
                0,
                format!(
                    "{:?} needs argument {}, there are {}",
                    verb.written,
                    place + 1,
                    values.len()
                ),
            ));
        };
        let shown = verb.show(value).map_err(|message| {
            Problem::argument(place + 1, format!("{}: {message}", verb.written))
        })?;
        text.push_str(&shown);
    }
    if !explicit && highest < values.len() {
        let message = format!(
            "{} arguments are given, the format uses {highest}",
            values.len()
        );
        return Err(Problem::call(message));
    }
    Ok(text)
}

fn read_verb(
    chars: &mut std::iter::Peekable<std::str::Chars<'_>>,
) -> Result<(Verb, Option<usize>), Problem> {
    let mut verb = Verb {
        written: "%".to_owned(),
        ..Verb::default()
    };
    let mut argument = None;
    let unfinished =
        || Problem::argument(0, "the format ends in the middle of a verb; write %% for %");
    loop {
        let c = chars.next().ok_or_else(unfinished)?;
        verb.written.push(c);
        match c {
            '0' => verb.zero = true,
            '-' => verb.minus = true,
            '+' => verb.plus = true,
            ' ' => verb.space = true,
            '#' => verb.sharp = true,
            '1'..='9' => verb.width = Some(read_number(c, chars, &mut verb.written)?),
            '.' => verb.precision = Some(read_number('0', chars, &mut verb.written)?),
            '[' => {
                let number = read_number('0', chars, &mut verb.written)?;
                argument = Some(
                    number
                        .checked_sub(1)
                        .ok_or_else(|| Problem::argument(0, "arguments are counted from 1"))?,
                );
                if chars.next_if_eq(&']').is_none() {
                    return Err(Problem::argument(
                        0,
                        "\"]\" is missing after an argument's number",
                    ));
                }
                verb.written.push(']');
            }
            mode => {
                verb.mode = mode;
                return Ok((verb, argument));
            }
        }
    }
}

fn read_number(
    first: char,
    chars: &mut std::iter::Peekable<std::str::Chars<'_>>,
    written: &mut String,
) -> Result<usize, Problem> {
    let mut digits = String::from(first);
    while let Some(digit) = chars.next_if(char::is_ascii_digit) {
        digits.push(digit);
        written.push(digit);
    }
    digits
        .parse()
        .ok()
        .filter(|number| *number <= WIDTH_LIMIT)
        .ok_or_else(|| Problem::argument(0, format!("{digits} is too large")))
}

impl Verb {
    fn show(&self, value: &Value) -> Result<String, String> {
        if value.is_null() && self.mode != 'v' {
            return Err("null cannot be formatted".to_owned());
        }
        match self.mode {
            'v' => Ok(self.pad(match value {
                Value::String(text) if !self.sharp => text.clone(),
                Value::Number(number) if !self.sharp => number.general(),
                value => json::encode(value),
            })),
            't' => to_bool(value.clone()).map(|flag| flag.to_string()),
            's' | 'q' => {
                let text = to_string(value.clone())?;
                let text = match self.precision {
                    Some(count) if count > 0 => text.graphemes(true).take(count).collect(),
                    _ => text,
                };
                let quoted = self.mode == 'q';
                Ok(self.pad(if quoted {
                    json::encode(&Value::String(text))
                } else {
                    text
                }))
            }
            'd' | 'b' | 'o' | 'x' | 'X' => {
                let number = to_number(value.clone())?;
                let integer = number
                    .to_integer()
                    .ok_or_else(|| format!("a whole number is required, and this is {number}"))?;
                Ok(self.pad_number(&self.integer(&integer)))
            }
            'f' => {
                let number = to_number(value.clone())?;
                let places = u32::try_from(self.precision.unwrap_or(6)).unwrap_or(6);
                Ok(self.pad_number(&self.signed(number.fixed(places))))
            }
            'e' | 'E' | 'g' | 'G' => {
                Err("this verb is known to bake but not available yet".to_owned())
            }
            mode => Err(format!("there is no verb {mode:?}")),
        }
    }

    fn integer(&self, integer: &BigInt) -> String {
        let radix = match self.mode {
            'b' => 2,
            'o' => 8,
            'x' | 'X' => 16,
            _ => 10,
        };
        let digits = integer.to_str_radix(radix);
        self.signed(if self.mode == 'X' {
            digits.to_uppercase()
        } else {
            digits
        })
    }

    fn signed(&self, digits: String) -> String {
        match (digits.starts_with('-'), self.plus, self.space) {
            (false, true, _) => format!("+{digits}"),
            (false, false, true) => format!(" {digits}"),
            _ => digits,
        }
    }

    fn pad(&self, text: String) -> String {
        let missing = self
            .width
            .unwrap_or(0)
            .saturating_sub(text.graphemes(true).count());
        let fill = (if self.zero { "0" } else { " " }).repeat(missing);
        if self.minus {
            text + &fill
        } else {
            fill + &text
        }
    }

    /// Zeros stand between the sign and the digits.
    fn pad_number(&self, digits: &str) -> String {
        let missing = self.width.unwrap_or(0).saturating_sub(digits.len());
        let digits_start = usize::from(digits.starts_with(['-', '+', ' ']));
        match (self.minus, self.zero) {
            (true, _) => format!("{digits}{}", " ".repeat(missing)),
            (false, true) => {
                let (sign, rest) = digits.split_at(digits_start);
                format!("{sign}{}{rest}", "0".repeat(missing))
            }
            (false, false) => format!("{}{digits}", " ".repeat(missing)),
        }
    }
}
