//! Modification times: read from PAX records, written as RFC 3339.

use super::number;

/// A moment, in seconds and nanoseconds since 1970. The nanoseconds count forwards: half a second
/// before 1970 is -1 s and 500,000,000 ns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Time {
    seconds: i64,
    /// 0 to 999,999,999.
    nanos: u32,
}

/// 0000-01-01T00:00:00Z.
const FIRST: i64 = -62_167_219_200;
/// 9999-12-31T23:59:59Z.
const LAST: i64 = 253_402_300_799;

impl Time {
    /// The moment of a header's whole seconds.
    pub(super) fn of_seconds(seconds: i64) -> Self {
        Self { seconds, nanos: 0 }
    }

    /// A PAX time: seconds with a sign and a fraction of any length, of which nine digits count.
    pub(super) fn parse_pax(text: &[u8]) -> Option<Self> {
        let point = text.iter().position(|byte| *byte == b'.');
        let (whole, fraction) = match point {
            Some(point) => (&text[..point], &text[point + 1..]),
            None => (text, &[][..]),
        };
        let seconds = number::decimal(whole)?;
        if !fraction.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let nanos = fraction
            .iter()
            .chain(std::iter::repeat(&b'0'))
            .take(9)
            .fold(0, |nanos, digit| nanos * 10 + u32::from(digit - b'0'));
        // The sign covers the fraction too, even in "-0.5".
        Some(if whole.starts_with(b"-") && nanos > 0 {
            Self {
                seconds: seconds.wrapping_sub(1),
                nanos: 1_000_000_000 - nanos,
            }
        } else {
            Self { seconds, nanos }
        })
    }

    /// RFC 3339 in UTC, the fraction without trailing zeros. `None` outside the years 0 to 9999,
    /// which the format cannot express.
    pub(super) fn rfc3339(self) -> Option<String> {
        if !(FIRST..=LAST).contains(&self.seconds) {
            return None;
        }
        let (year, month, day) = date(self.seconds.div_euclid(86_400));
        let second = self.seconds.rem_euclid(86_400);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        let fraction = match self.nanos {
            0 => String::new(),
            nanos => format!(".{nanos:09}").trim_end_matches('0').to_owned(),
        };
        Some(format!(
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z"
        ))
    }
}

/// The Gregorian date of a day since 1970, from the year 0 on.
fn date(day: i64) -> (i64, i64, i64) {
    // Years are counted from March, so that a leap day is the last of its year; the calendar
    // repeats every 400 years, which are 146,097 days. Day 0 is here 1 March of the year 0.
    let day = day + 719_468;
    let era = day.div_euclid(146_097);
    let day = day.rem_euclid(146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    // From March on, months have 31 30 31 30 31 days over and over: 153 days in 5 months.
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let year = year + era * 400;
    if month < 10 {
        (year, month + 3, day)
    } else {
        (year + 1, month - 9, day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_as_go_reads_and_writes_them() {
        for (pax, rfc3339) in [
            ("0", Some("1970-01-01T00:00:00Z")),
            ("1700000000.123456", Some("2023-11-14T22:13:20.123456Z")),
            ("1700000000.1200000000", Some("2023-11-14T22:13:20.12Z")),
            ("1700000000.000000000", Some("2023-11-14T22:13:20Z")),
            ("1700000000.", Some("2023-11-14T22:13:20Z")),
            ("1.0000000019999", Some("1970-01-01T00:00:01.000000001Z")),
            ("+1.5", Some("1970-01-01T00:00:01.5Z")),
            ("-1.5", Some("1969-12-31T23:59:58.5Z")),
            ("-0.25", Some("1969-12-31T23:59:59.75Z")),
            ("-1.0000000001", Some("1969-12-31T23:59:59Z")),
            ("-62167219200", Some("0000-01-01T00:00:00Z")),
            ("-62167219200.000000001", None),
            (
                "253402300799.999999999",
                Some("9999-12-31T23:59:59.999999999Z"),
            ),
            ("253402300800", None),
            ("9223372036854775807", None),
            ("-9223372036854775808", None),
            ("-9223372036854775808.5", None),
        ] {
            let time = Time::parse_pax(pax.as_bytes()).unwrap();
            assert_eq!(time.rfc3339().as_deref(), rfc3339, "{pax}");
        }
        for bad in [
            "",
            ".",
            ".5",
            "-",
            "1.5e3",
            "1.-5",
            "1..5",
            "1,5",
            "1.5 ",
            "9223372036854775808",
        ] {
            assert_eq!(Time::parse_pax(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn days_follow_each_other_in_all_years() {
        let length = |year: i64, month| match month {
            2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        let mut expected = (0, 1, 1);
        for day in FIRST / 86_400..=LAST / 86_400 {
            assert_eq!(date(day), expected);
            let (year, month, day) = expected;
            expected = match (day == length(year, month), month) {
                (false, _) => (year, month, day + 1),
                (true, 12) => (year + 1, 1, 1),
                (true, _) => (year, month + 1, 1),
            };
        }
        assert_eq!(expected, (10_000, 1, 1));
    }
}
