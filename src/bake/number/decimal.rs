//! Numbers from and to decimal text. The text of a number is the shortest that reads back as the
//! same number at its precision, written without an exponent.

use std::fmt;

use num_bigint::{BigInt, BigUint, Sign};

use super::{EXPONENT_LIMIT, Number, Repr, divide, round};

/// Reads `[+-]digits[.digits][e[+-]digits]`.
pub(super) fn parse(text: &str, precision: u64) -> Option<Number> {
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (number, power) = match rest.split_once(['e', 'E']) {
        Some((number, power)) => (number, parse_power(power)?),
        None => (rest, 0),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let digits = format!("{whole}{fraction}");
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // Longer than any exponent allows: refused rather than computed.
    if digits.len() > usize::try_from(EXPONENT_LIMIT).ok()? || power.abs() > EXPONENT_LIMIT {
        return None;
    }
    let magnitude = BigUint::parse_bytes(digits.as_bytes(), 10)?;
    let sign = if negative { Sign::Minus } else { Sign::Plus };
    let mantissa = BigInt::from_biguint(sign, magnitude);
    let power = power - i64::try_from(fraction.len()).ok()?;
    let ten = BigInt::from(10).pow(u32::try_from(power.unsigned_abs()).ok()?);
    let (mantissa, exponent) = if power < 0 {
        divide(&mantissa, &ten, 0, precision)
    } else {
        round(mantissa * ten, 0, precision, false)
    };
    Some(Number::bounded(mantissa, exponent, precision))
}

fn parse_power(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

impl Number {
    /// As `Display`, but with an exponent for large and small values, like C's `%g`: what `%v`
    /// of `format` shows.
    pub(crate) fn general(&self) -> String {
        let Repr::Finite { mantissa, exponent } = &self.repr else {
            return self.to_string();
        };
        if self.is_zero() {
            return "0".to_owned();
        }
        let digits = Digits::shortest(mantissa.magnitude(), *exponent, self.precision);
        let power = digits.point - 1;
        if (-4..6).contains(&power) {
            return self.to_string();
        }
        let sign = if mantissa.sign() == Sign::Minus {
            "-"
        } else {
            ""
        };
        format!("{sign}{}", digits.scientific())
    }

    /// With exactly so many digits after the point, rounded half to even: `%.2f` of `format`.
    pub(crate) fn fixed(&self, places: u32) -> String {
        let Repr::Finite { mantissa, exponent } = &self.repr else {
            return self.to_string();
        };
        let scaled = mantissa.magnitude() * BigUint::from(10u32).pow(places);
        let whole = if *exponent >= 0 {
            scaled << exponent.unsigned_abs()
        } else {
            let shift = exponent.unsigned_abs();
            let kept: BigUint = &scaled >> shift;
            let half = scaled.bit(shift - 1);
            let below = scaled
                .trailing_zeros()
                .is_some_and(|zeros| zeros < shift - 1);
            if half && (below || kept.bit(0)) {
                kept + 1u32
            } else {
                kept
            }
        };
        let places = usize::try_from(places).unwrap_or(usize::MAX);
        let digits = format!(
            "{:0>width$}",
            whole.to_string(),
            width = places.saturating_add(1)
        );
        let sign = if mantissa.sign() == Sign::Minus {
            "-"
        } else {
            ""
        };
        let (before, after) = digits.split_at(digits.len() - places);
        if after.is_empty() {
            format!("{sign}{before}")
        } else {
            format!("{sign}{before}.{after}")
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.repr {
            Repr::Infinite { negative } => f.write_str(if *negative { "-Inf" } else { "+Inf" }),
            Repr::Finite { .. } if self.is_zero() => f.write_str("0"),
            Repr::Finite { mantissa, exponent } => {
                if mantissa.sign() == Sign::Minus {
                    f.write_str("-")?;
                }
                let digits = Digits::shortest(mantissa.magnitude(), *exponent, self.precision);
                f.write_str(&digits.plain())
            }
        }
    }
}

/// Decimal digits without leading or trailing zeros, standing for `0.digits * 10^point`.
struct Digits {
    digits: Vec<u8>,
    point: i64,
}

impl Digits {
    /// The exact digits of `mantissa * 2^exponent`.
    fn exact(mantissa: &BigUint, exponent: i64) -> Digits {
        let (whole, shift) = if exponent >= 0 {
            (mantissa << exponent.unsigned_abs(), 0)
        } else {
            // m / 2^k = m * 5^k / 10^k
            let power = u32::try_from(exponent.unsigned_abs()).unwrap_or(u32::MAX);
            (mantissa * BigUint::from(5u32).pow(power), exponent)
        };
        let mut digits: Vec<u8> = whole.to_string().into_bytes();
        let point = i64::try_from(digits.len())
            .unwrap_or(i64::MAX)
            .saturating_add(shift);
        while digits.len() > 1 && digits.last() == Some(&b'0') {
            digits.pop();
        }
        Digits { digits, point }
    }

    /// The shortest digits inside the half units around the value.
    fn shortest(mantissa: &BigUint, exponent: i64, precision: u64) -> Digits {
        let mut value = Digits::exact(mantissa, exponent);
        // Scale so that the last bit is half a unit in the last place.
        let shift = (precision + 1).saturating_sub(mantissa.bits());
        let halves = mantissa << shift;
        let exponent = exponent.saturating_sub_unsigned(shift);
        let lower = Digits::exact(&(&halves - 1u32), exponent);
        let upper = Digits::exact(&(&halves + 1u32), exponent);
        let inclusive = !halves.bit(1);
        for index in 0..value.digits.len() {
            let digit = value.digits[index];
            let low = lower.digits.get(index).copied().unwrap_or(b'0');
            let high = upper.digits.get(index).copied().unwrap_or(b'0');
            let down = low != digit || (inclusive && index + 1 == lower.digits.len());
            let up =
                digit != high && (inclusive || digit + 1 < high || index + 1 < upper.digits.len());
            match (down, up) {
                (true, true) => {
                    let next = value.digits.get(index + 1).copied().unwrap_or(b'0');
                    let tie = next == b'5' && index + 2 == value.digits.len();
                    let odd = (digit - b'0') % 2 == 1;
                    value.cut(index + 1, if tie { odd } else { next >= b'5' });
                    return value;
                }
                (true, false) => {
                    value.cut(index + 1, false);
                    return value;
                }
                (false, true) => {
                    value.cut(index + 1, true);
                    return value;
                }
                (false, false) => {}
            }
        }
        value
    }

    /// Keeps the first digits, one more in the last place if asked.
    fn cut(&mut self, length: usize, up: bool) {
        self.digits.truncate(length);
        if up {
            while self.digits.last() == Some(&b'9') {
                self.digits.pop();
            }
            if let Some(last) = self.digits.last_mut() {
                *last += 1;
            } else {
                self.digits.push(b'1');
                self.point += 1;
            }
        }
        while self.digits.len() > 1 && self.digits.last() == Some(&b'0') {
            self.digits.pop();
        }
    }

    /// `1.25e+30`
    fn scientific(&self) -> String {
        let digits: String = self.digits.iter().map(|digit| char::from(*digit)).collect();
        let (first, rest) = digits.split_at(1);
        let point = if rest.is_empty() { "" } else { "." };
        let power = self.point - 1;
        let sign = if power < 0 { '-' } else { '+' };
        format!("{first}{point}{rest}e{sign}{:02}", power.unsigned_abs())
    }

    fn plain(&self) -> String {
        let digits: String = self.digits.iter().map(|digit| char::from(*digit)).collect();
        let Ok(point) = usize::try_from(self.point) else {
            let zeros = usize::try_from(self.point.unsigned_abs()).unwrap_or(0);
            return format!("0.{}{digits}", "0".repeat(zeros));
        };
        if point == 0 {
            format!("0.{digits}")
        } else if point >= digits.len() {
            format!("{digits}{}", "0".repeat(point - digits.len()))
        } else {
            format!("{}.{}", &digits[..point], &digits[point..])
        }
    }
}
