//! Sizes as settings write them: bytes, or a whole number of KiB, MiB or GiB. `MB` is refused rather
//! than guessed: half of all tools mean 1000 by it, the other half 1024.

/// Bytes per unit, the largest first.
const UNITS: [(&str, u64); 3] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];

/// Reads `4194304`, `4MiB` or `4 MiB`; why not otherwise, as a fragment.
pub(crate) fn parse(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let digits = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let (number, unit) = text.split_at(text.len() - digits.len());
    let factor = match unit.trim() {
        "" => Some(1),
        unit => UNITS
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(unit))
            .map(|(_, factor)| *factor),
    };
    let (false, Some(factor)) = (number.is_empty(), factor) else {
        return Err(format!("{text:?} is no size"));
    };
    let bytes = number.parse::<u64>().ok();
    bytes
        .and_then(|number| number.checked_mul(factor))
        .filter(|bytes| i64::try_from(*bytes).is_ok())
        .ok_or_else(|| format!("{text:?} is too large"))
}

/// The shortest exact form: `4 MiB`, `1 GiB`, `1000 bytes`.
pub(crate) fn show(bytes: u64) -> String {
    let fits = |(_, factor): &&(&str, u64)| bytes > 0 && bytes.is_multiple_of(*factor);
    match UNITS.iter().find(fits) {
        Some((name, factor)) => format!("{} {name}", bytes / factor),
        None => format!("{bytes} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_powers_of_1024() {
        for (text, bytes, shown) in [
            ("0", 0, "0 bytes"),
            ("1000", 1000, "1000 bytes"),
            ("64KiB", 64 << 10, "64 KiB"),
            ("4 MiB", 4 << 20, "4 MiB"),
            (" 4194304 ", 4 << 20, "4 MiB"),
            ("2gib", 2 << 30, "2 GiB"),
            ("1536MiB", 1536 << 20, "1536 MiB"),
        ] {
            assert_eq!(parse(text), Ok(bytes), "{text}");
            assert_eq!(show(bytes), shown, "{text}");
        }
    }

    #[test]
    fn what_could_mean_two_things_is_refused() {
        for text in ["", "4MB", "4m", "MiB", "-1", "1.5GiB", "1e6", "4 Mi B"] {
            assert_eq!(parse(text), Err(format!("{text:?} is no size")));
        }
        for text in ["99999999999999999999", "9000000000000GiB", "8589934592GiB"] {
            assert_eq!(parse(text), Err(format!("{text:?} is too large")));
        }
    }
}
