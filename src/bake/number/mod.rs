//! Numbers as bake has them: binary floating point of up to 512 bits, so that `0.1 + 0.2` prints
//! `0.3`, twenty-digit integers survive, and `1 / 0` is infinite rather than an error.
//!
//! Same precision and rounding (half to even) as buildx uses, because the text of a number ends up
//! in tags and build arguments. Not a general big-number type: exponents are limited.

mod decimal;

use std::cmp::Ordering;

use num_bigint::{BigInt, Sign};

/// Bits of literals and of most results.
const FULL: u64 = 512;
/// Binary exponents beyond this are infinite, or zero when negative. Far more than a bake file
/// needs, and small enough that no operation takes noticeable time.
const EXPONENT_LIMIT: i64 = 1 << 15;

/// A number, or an infinity.
#[derive(Clone, Debug)]
pub(crate) struct Number {
    repr: Repr,
    /// Bits of this value. An operation's result has the larger one of its operands.
    precision: u64,
}

#[derive(Clone, Debug)]
enum Repr {
    /// `mantissa * 2^exponent`; the mantissa is odd, or zero with exponent zero.
    Finite {
        mantissa: BigInt,
        exponent: i64,
    },
    Infinite {
        negative: bool,
    },
}

impl Number {
    /// Reads decimal text: sign, digits, point, exponent. `None` for anything else.
    pub(crate) fn parse(text: &str) -> Option<Number> {
        decimal::parse(text, FULL)
    }

    /// The value of a double, with a double's precision: so its text is the shortest that gives
    /// the same double. `None` for NaN and infinities.
    pub(crate) fn from_f64(value: f64) -> Option<Number> {
        if !value.is_finite() {
            return None;
        }
        // Shortest text first: exact, and free of bit fiddling.
        decimal::parse(&format!("{value:e}"), 53)
    }

    /// An integer that something counted.
    pub(crate) fn from_integer(value: i64) -> Number {
        Number::finite(BigInt::from(value), 0, 64)
    }

    /// An integer of any size, exact.
    pub(crate) fn from_big_integer(value: BigInt) -> Number {
        let precision = value.bits().max(64);
        Number::finite(value, 0, precision)
    }

    fn finite(mantissa: BigInt, exponent: i64, precision: u64) -> Number {
        let (mantissa, exponent) = round(mantissa, exponent, precision, false);
        Number::bounded(mantissa, exponent, precision)
    }

    /// Builds the normal form of an already rounded value.
    fn bounded(mantissa: BigInt, exponent: i64, precision: u64) -> Number {
        if mantissa.sign() == Sign::NoSign {
            return Number {
                repr: Repr::Finite {
                    mantissa: BigInt::ZERO,
                    exponent: 0,
                },
                precision,
            };
        }
        let zeros = mantissa.trailing_zeros().unwrap_or(0);
        let mantissa: BigInt = mantissa >> zeros;
        let exponent = exponent.saturating_add_unsigned(zeros);
        let magnitude = exponent.saturating_add_unsigned(mantissa.bits());
        let repr = if magnitude > EXPONENT_LIMIT {
            Repr::Infinite {
                negative: mantissa.sign() == Sign::Minus,
            }
        } else if magnitude < -EXPONENT_LIMIT {
            Repr::Finite {
                mantissa: BigInt::ZERO,
                exponent: 0,
            }
        } else {
            Repr::Finite { mantissa, exponent }
        };
        Number { repr, precision }
    }

    fn infinite(negative: bool) -> Number {
        Number {
            repr: Repr::Infinite { negative },
            precision: FULL,
        }
    }

    fn is_negative(&self) -> bool {
        match &self.repr {
            Repr::Finite { mantissa, .. } => mantissa.sign() == Sign::Minus,
            Repr::Infinite { negative } => *negative,
        }
    }

    pub(crate) fn is_zero(&self) -> bool {
        matches!(&self.repr, Repr::Finite { mantissa, .. } if mantissa.sign() == Sign::NoSign)
    }

    /// The exact integer, if it is one and fits.
    pub(crate) fn to_i64(&self) -> Option<i64> {
        i64::try_from(self.to_integer()?).ok()
    }

    /// The exact integer of any size, if it is one.
    pub(crate) fn to_integer(&self) -> Option<BigInt> {
        match &self.repr {
            Repr::Finite { mantissa, exponent } if *exponent >= 0 => Some(mantissa << *exponent),
            _ => None,
        }
    }

    pub(crate) fn negate(&self) -> Number {
        let repr = match &self.repr {
            Repr::Finite { mantissa, exponent } => Repr::Finite {
                mantissa: -mantissa,
                exponent: *exponent,
            },
            Repr::Infinite { negative } => Repr::Infinite {
                negative: !negative,
            },
        };
        Number {
            repr,
            precision: self.precision,
        }
    }

    pub(crate) fn absolute(&self) -> Number {
        if self.is_negative() {
            self.negate()
        } else {
            self.clone()
        }
    }

    /// The integer part: towards zero.
    pub(crate) fn truncate(&self) -> Number {
        match &self.repr {
            Repr::Finite { mantissa, exponent } if *exponent < 0 => {
                let magnitude = mantissa.magnitude() >> exponent.unsigned_abs();
                Number::bounded(
                    BigInt::from_biguint(mantissa.sign(), magnitude),
                    0,
                    self.precision,
                )
            }
            _ => self.clone(),
        }
    }

    /// The largest integer that is not above.
    pub(crate) fn floor(&self) -> Number {
        let whole = self.truncate();
        if self.is_negative() && *self != whole {
            // Exact: the whole part has room for one more.
            return whole
                .checked_subtract(&Number::from_integer(1))
                .unwrap_or(whole);
        }
        whole
    }

    /// The smallest integer that is not below.
    pub(crate) fn ceil(&self) -> Number {
        self.negate().floor().negate()
    }

    /// -1, 0 or 1.
    pub(crate) fn signum(&self) -> i64 {
        match (self.is_zero(), self.is_negative()) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        }
    }

    /// `None` only for infinities of different signs.
    pub(crate) fn checked_add(&self, other: &Number) -> Option<Number> {
        let precision = self.precision.max(other.precision);
        match (&self.repr, &other.repr) {
            (
                Repr::Finite {
                    mantissa: a,
                    exponent: x,
                },
                Repr::Finite {
                    mantissa: b,
                    exponent: y,
                },
            ) => {
                let low = (*x).min(*y);
                let sum = (a << (x - low)) + (b << (y - low));
                Some(Number::finite(sum, low, precision))
            }
            (Repr::Infinite { negative: a }, Repr::Infinite { negative: b }) => {
                (a == b).then(|| Number::infinite(*a))
            }
            (Repr::Infinite { negative }, _) | (_, Repr::Infinite { negative }) => {
                Some(Number::infinite(*negative))
            }
        }
    }

    /// `None` only for infinities of one sign.
    pub(crate) fn checked_subtract(&self, other: &Number) -> Option<Number> {
        self.checked_add(&other.negate())
    }

    /// `None` only for zero times infinity.
    pub(crate) fn checked_multiply(&self, other: &Number) -> Option<Number> {
        let precision = self.precision.max(other.precision);
        match (&self.repr, &other.repr) {
            (
                Repr::Finite {
                    mantissa: a,
                    exponent: x,
                },
                Repr::Finite {
                    mantissa: b,
                    exponent: y,
                },
            ) => Some(Number::finite(a * b, x + y, precision)),
            _ if self.is_zero() || other.is_zero() => None,
            _ => Some(Number::infinite(self.is_negative() != other.is_negative())),
        }
    }

    /// `None` for `0 / 0` and infinity by infinity. Anything else by zero is infinite.
    pub(crate) fn checked_divide(&self, other: &Number) -> Option<Number> {
        let precision = self.precision.max(other.precision);
        let negative = self.is_negative() != other.is_negative();
        match (&self.repr, &other.repr) {
            (
                Repr::Finite {
                    mantissa: a,
                    exponent: x,
                },
                Repr::Finite {
                    mantissa: b,
                    exponent: y,
                },
            ) => {
                if other.is_zero() {
                    return (!self.is_zero()).then(|| Number::infinite(negative));
                }
                let (mantissa, exponent) = divide(a, b, x - y, precision);
                Some(Number::bounded(mantissa, exponent, precision))
            }
            (Repr::Finite { .. }, Repr::Infinite { .. }) => Some(Number::from_integer(0)),
            (Repr::Infinite { .. }, Repr::Finite { .. }) => Some(Number::infinite(negative)),
            (Repr::Infinite { .. }, Repr::Infinite { .. }) => None,
        }
    }

    /// The remainder with the sign of `self`; `self` for a division by zero, as in bake.
    pub(crate) fn checked_modulo(&self, other: &Number) -> Option<Number> {
        if other.is_zero() || matches!(other.repr, Repr::Infinite { .. }) {
            return Some(self.clone());
        }
        if matches!(self.repr, Repr::Infinite { .. }) {
            return None;
        }
        let quotient = self.checked_divide(other)?.truncate();
        self.checked_subtract(&other.checked_multiply(&quotient)?)
    }
}

/// Rounds half to even. `sticky` says that the exact value is a little larger in magnitude.
fn round(mantissa: BigInt, exponent: i64, precision: u64, sticky: bool) -> (BigInt, i64) {
    let excess = mantissa.bits().saturating_sub(precision);
    if excess == 0 {
        return (mantissa, exponent);
    }
    let sign = mantissa.sign();
    let magnitude = mantissa.into_parts().1;
    let mut kept = &magnitude >> excess;
    let half = magnitude.bit(excess - 1);
    let below = sticky
        || magnitude
            .trailing_zeros()
            .is_some_and(|zeros| zeros < excess - 1);
    if half && (below || kept.bit(0)) {
        kept += 1u32;
    }
    (
        BigInt::from_biguint(sign, kept),
        exponent.saturating_add_unsigned(excess),
    )
}

/// `a / b * 2^exponent`, rounded.
fn divide(a: &BigInt, b: &BigInt, exponent: i64, precision: u64) -> (BigInt, i64) {
    // Two bits more than needed, so that half and sticky are exact.
    let shift = (precision + 2 + b.bits()).saturating_sub(a.bits());
    let scaled: BigInt = a << shift;
    let quotient = &scaled / b;
    let sticky = &quotient * b != scaled;
    round(
        quotient,
        exponent.saturating_sub_unsigned(shift),
        precision,
        sticky,
    )
}

impl PartialEq for Number {
    fn eq(&self, other: &Number) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Number {}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Number) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Number) -> Ordering {
        match (&self.repr, &other.repr) {
            (
                Repr::Finite {
                    mantissa: a,
                    exponent: x,
                },
                Repr::Finite {
                    mantissa: b,
                    exponent: y,
                },
            ) => {
                let low = (*x).min(*y);
                (a << (x - low)).cmp(&(b << (y - low)))
            }
            (Repr::Infinite { negative: a }, Repr::Infinite { negative: b }) => b.cmp(a),
            (Repr::Infinite { negative }, _) => {
                if *negative {
                    Ordering::Less
                } else {
                    Ordering::Greater
                }
            }
            (_, Repr::Infinite { negative }) => {
                if *negative {
                    Ordering::Greater
                } else {
                    Ordering::Less
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
