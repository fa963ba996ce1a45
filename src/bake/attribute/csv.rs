//! One record of comma-separated fields, as `cache-from`, `output` and the others are written on
//! a command line: `type=local,"dest=a,b"`. Quoting follows RFC 4180, strictly.

/// Splits a record. Fails on a quote inside of a plain field and on an unfinished quoted one.
pub(crate) fn fields(record: &str, separator: char) -> Result<Vec<String>, String> {
    let mut fields = Vec::new();
    let mut rest = record;
    loop {
        let (field, after) = if let Some(quoted) = rest.strip_prefix('"') {
            quoted_field(quoted, separator, record)?
        } else {
            let end = rest.find(separator).unwrap_or(rest.len());
            let field = &rest[..end];
            if field.contains('"') {
                return Err(format!("a quote inside of a plain field in {record:?}"));
            }
            (field.to_owned(), &rest[end..])
        };
        fields.push(field);
        match after.strip_prefix(separator) {
            Some(after) => rest = after,
            None => return Ok(fields),
        }
    }
}

fn quoted_field<'a>(
    mut rest: &'a str,
    separator: char,
    record: &str,
) -> Result<(String, &'a str), String> {
    let mut field = String::new();
    loop {
        let Some(end) = rest.find('"') else {
            return Err(format!("an unfinished quoted field in {record:?}"));
        };
        field.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        if let Some(after) = rest.strip_prefix('"') {
            field.push('"');
            rest = after;
        } else if rest.is_empty() || rest.starts_with(separator) {
            return Ok((field, rest));
        } else {
            return Err(format!("text after a quoted field in {record:?}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_protect_commas() {
        assert_eq!(fields("a,b", ',').unwrap(), ["a", "b"]);
        assert_eq!(
            fields("type=local,\"dest=a,\"\"b\"\"\"", ',').unwrap(),
            ["type=local", "dest=a,\"b\""]
        );
        assert_eq!(fields("a,", ',').unwrap(), ["a", ""]);
    }

    #[test]
    fn bad_quoting_is_refused() {
        assert!(fields("a\"b", ',').is_err());
        assert!(fields("\"ab", ',').is_err());
        assert!(fields("\"a\"b", ',').is_err());
    }
}
