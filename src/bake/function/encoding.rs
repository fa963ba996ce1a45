//! Encodings: base64, JSON, CSV, URLs.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Arguments, Context, Function, Problem, fixed, json};
use crate::bake::types::Type;
use crate::bake::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    fixed("base64decode", 1, base64_decode),
    fixed("base64encode", 1, |_, mut a| {
        Ok(Value::String(STANDARD.encode(a.string(0)?)))
    }),
    fixed("csvdecode", 1, csv_decode),
    fixed("jsondecode", 1, |_, mut a| {
        json::decode(&a.string(0)?).map_err(|message| Problem::argument(0, message))
    }),
    fixed("jsonencode", 1, |_, mut a| {
        Ok(Value::String(json::encode(&a.nullable(0))))
    }),
    fixed("urlencode", 1, |_, mut a| {
        Ok(Value::String(url_encode(&a.string(0)?)))
    }),
];

fn base64_decode(_: &Context<'_>, mut arguments: Arguments) -> Result<Value, Problem> {
    let text = arguments.string(0)?;
    let bytes = STANDARD
        .decode(text.replace(['\r', '\n'], ""))
        .map_err(|error| Problem::argument(0, format!("bad base64: {error}")))?;
    String::from_utf8(bytes)
        .map(Value::String)
        .map_err(|_| Problem::argument(0, "the decoded bytes are not UTF-8 text"))
}

/// The first record names the columns; each further one becomes an object.
fn csv_decode(_: &Context<'_>, mut arguments: Arguments) -> Result<Value, Problem> {
    let text = arguments.string(0)?;
    let bad = |error: csv::Error| Problem::argument(0, format!("bad CSV: {error}"));
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let names: Vec<String> = reader
        .headers()
        .map_err(bad)?
        .iter()
        .map(str::to_owned)
        .collect();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(bad)?;
        let row: BTreeMap<String, Value> = names
            .iter()
            .cloned()
            .zip(record.iter().map(Value::string))
            .collect();
        if row.len() != names.len() {
            return Err(Problem::argument(0, "two columns have the same name"));
        }
        rows.push(Value::Object(row));
    }
    let columns = names.into_iter().map(|name| (name, Type::String)).collect();
    Ok(Value::List(Type::object(columns), rows))
}

/// As in the query of a URL: a space is a plus sign.
fn url_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                encoded.push(char::from(byte));
            }
            b' ' => encoded.push('+'),
            byte => {
                // Writing to a string cannot fail.
                let _ = write!(encoded, "%{byte:02X}");
            }
        }
    }
    encoded
}
