//! Numbers in tar headers and PAX records, with exactly the leniency of Go's `archive/tar`.
//!
//! Header fields hold octal digits between spaces and NULs, or base-256: the GNU extension, marked
//! by the top bit of the first byte, two's complement, big endian.

/// A numeric header field, octal or base-256. `None` if it is neither, or does not fit.
pub(super) fn numeric(field: &[u8]) -> Option<i64> {
    match field.first() {
        Some(first) if first & 0x80 != 0 => base256(field),
        _ => octal(field),
    }
}

/// An octal field. Spaces and NULs around the digits do not count, nor does anything after a NUL
/// that follows them. No digits at all mean 0.
pub(super) fn octal(field: &[u8]) -> Option<i64> {
    let padding = |byte: &u8| matches!(byte, b' ' | 0);
    let Some(start) = field.iter().position(|byte| !padding(byte)) else {
        return Some(0);
    };
    field[start..]
        .iter()
        .rposition(|byte| !padding(byte))
        .map_or(&[][..], |last| &field[start..=start + last])
        .iter()
        .take_while(|byte| **byte != 0)
        .try_fold(0_i64, |value, byte| match byte {
            b'0'..=b'7' => value.checked_mul(8)?.checked_add(i64::from(byte - b'0')),
            _ => None,
        })
}

fn base256(field: &[u8]) -> Option<i64> {
    // A negative number is the complement of a non-negative one: `-a - 1 == !a`.
    let negative = field[0] & 0x40 != 0;
    let flip = if negative { 0xff } else { 0 };
    let mut value = 0_u64;
    for (index, byte) in field.iter().enumerate() {
        let mut byte = byte ^ flip;
        if index == 0 {
            byte &= 0x7f;
        }
        if value >> 56 != 0 {
            return None;
        }
        value = value << 8 | u64::from(byte);
    }
    let value = i64::try_from(value).ok()?;
    Some(if negative { !value } else { value })
}

/// A decimal number with an optional sign, as PAX records hold them.
pub(super) fn decimal(text: &[u8]) -> Option<i64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octal_fields() {
        for (field, value) in [
            (&b"0000644\0"[..], Some(0o644)),
            (b"   644 \0", Some(0o644)),
            (b"\0\0 7\0 \0", Some(7)),
            (b"\0\0\0\0", Some(0)),
            (b"    ", Some(0)),
            (b"", Some(0)),
            // What follows a NUL inside the field does not count.
            (b"12\x003x\0\0", Some(0o12)),
            (b"77777777777\0", Some(0o777_7777_7777)),
            (b"777777777777", Some(0o7777_7777_7777)),
            (b"1 2\0", None),
            (b"8\0", None),
            (b"-1\0", None),
            (b"+1\0", None),
            (b"0x1\0", None),
        ] {
            assert_eq!(numeric(field), value, "{field:?}");
        }
    }

    #[test]
    fn base_256_fields() {
        for (field, value) in [
            (&b"\x80\0\0\0\0\0\x01\0"[..], Some(256)),
            (b"\xff\xff\xff\xff\xff\xff\xff\xff", Some(-1)),
            (b"\xff\xff\xff\xff\xff\xff\xff\0", Some(-256)),
            (
                b"\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff",
                Some(i64::MAX),
            ),
            (b"\xff\xff\xff\xff\x80\0\0\0\0\0\0\0", Some(i64::MIN)),
            (b"\x80\0\0\0\x80\0\0\0\0\0\0\0", None),
            (b"\xff\xff\xff\xff\x7f\0\0\0\0\0\0\0", None),
            (
                b"\xbf\xff\xff\xff\xff\xff\xff\xff",
                Some(0x3fff_ffff_ffff_ffff),
            ),
            (b"\xbf\xff\xff\xff\xff\xff\xff\xff\0\0\0\0", None),
            (b"\x80", Some(0)),
            (b"\xff", Some(-1)),
        ] {
            assert_eq!(numeric(field), value, "{field:x?}");
        }
    }

    #[test]
    fn decimal_numbers() {
        for (text, value) in [
            (&b"0"[..], Some(0)),
            (b"+12", Some(12)),
            (b"-0012", Some(-12)),
            (b"9223372036854775807", Some(i64::MAX)),
            (b"-9223372036854775808", Some(i64::MIN)),
            (b"9223372036854775808", None),
            (b"", None),
            (b"-", None),
            (b" 1", None),
            (b"1_0", None),
            (b"\xff", None),
        ] {
            assert_eq!(decimal(text), value, "{text:?}");
        }
    }
}
