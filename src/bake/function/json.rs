//! JSON texts to values and back, as `jsondecode`, `jsonencode` and `_JSON` variables need them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::bake::number::Number;
use crate::bake::parse::json::reader::{Node, NodeKind, read};
use crate::bake::value::Value;

/// A JSON text to a value: arrays become tuples, objects objects. Numbers keep all their digits.
pub(crate) fn decode(text: &str) -> Result<Value, String> {
    let node = read(text)
        .map_err(|error| format!("bad JSON at byte {}: {}", error.offset + 1, error.message))?;
    from_node(node)
}

fn from_node(node: Node) -> Result<Value, String> {
    Ok(match node.kind {
        NodeKind::Null => Value::NULL,
        NodeKind::Bool(flag) => Value::Bool(flag),
        NodeKind::Number(digits) => Value::Number(
            Number::parse(&digits).ok_or_else(|| format!("the number {digits} is out of range"))?,
        ),
        NodeKind::String(text) => Value::String(text.text),
        NodeKind::Array(items) => {
            Value::Tuple(items.into_iter().map(from_node).collect::<Result<_, _>>()?)
        }
        NodeKind::Object(items) => {
            let mut values = BTreeMap::new();
            for (name, node) in items {
                values.insert(name.text, from_node(node)?);
            }
            Value::Object(values)
        }
    })
}

/// The compact JSON text of a value. `<`, `>` and `&` are escaped, as in bake.
pub(crate) fn encode(value: &Value) -> String {
    let mut text = String::new();
    write_value(&mut text, value);
    text
}

fn write_value(text: &mut String, value: &Value) {
    match value {
        Value::Null(_) => text.push_str("null"),
        Value::Bool(flag) => text.push_str(if *flag { "true" } else { "false" }),
        Value::Number(number) => text.push_str(&number.to_string()),
        Value::String(string) => write_string(text, string),
        Value::List(_, values) | Value::Set(_, values) | Value::Tuple(values) => {
            text.push('[');
            for (index, value) in values.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write_value(text, value);
            }
            text.push(']');
        }
        Value::Map(_, values) | Value::Object(values) => {
            text.push('{');
            for (index, (name, value)) in values.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write_string(text, name);
                text.push(':');
                write_value(text, value);
            }
            text.push('}');
        }
    }
}

/// A JSON string as Go writes it: HTML characters and the two line separators are escaped.
pub(crate) fn write_string(text: &mut String, string: &str) {
    text.push('"');
    for c in string.chars() {
        match c {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                // Writing to a string cannot fail.
                let _ = write!(text, "\\u{:04x}", u32::from(c));
            }
            c => text.push(c),
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_digits() {
        let value = decode("{\"b\": 12345678901234567890123, \"a\": [1.50, null]}").unwrap();
        assert_eq!(
            encode(&value),
            "{\"a\":[1.5,null],\"b\":12345678901234567890123}"
        );
    }

    #[test]
    fn html_is_escaped() {
        assert_eq!(
            encode(&Value::string("<&>\u{1}")),
            "\"\\u003c\\u0026\\u003e\\u0001\""
        );
    }

    #[test]
    fn bad_texts_are_errors() {
        assert!(decode("{").is_err());
        assert!(decode("1e999999").is_err());
    }
}
