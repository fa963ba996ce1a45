use super::*;
use proptest::prelude::*;

fn n(text: &str) -> Number {
    Number::parse(text).unwrap_or_else(|| panic!("{text} is a number"))
}

#[test]
fn decimal_sums_print_as_people_write_them() {
    assert_eq!(n("0.1").checked_add(&n("0.2")).unwrap().to_string(), "0.3");
    assert_eq!(n("1.10").to_string(), "1.1");
    assert_eq!(n("1e3").to_string(), "1000");
    assert_eq!(n("-0.000125").to_string(), "-0.000125");
    assert_eq!(
        n("12345678901234567890123").to_string(),
        "12345678901234567890123"
    );
}

#[test]
fn doubles_keep_their_own_precision() {
    assert_eq!(Number::from_f64(0.1).unwrap().to_string(), "0.1");
    // The double next to 0.1 shows itself once it meets a full-precision number.
    let sum = Number::from_f64(0.1).unwrap().checked_add(&n("0")).unwrap();
    assert_eq!(
        sum.to_string(),
        "0.1000000000000000055511151231257827021181583404541015625"
    );
    assert!(Number::from_f64(f64::NAN).is_none());
}

#[test]
fn division_rounds_at_512_bits() {
    // What buildx v0.30.1 prints for 1/3 and 2/3.
    let third = n("1").checked_divide(&n("3")).unwrap();
    assert_eq!(third.to_string(), format!("0.{}5", "3".repeat(154)));
    assert_eq!(third.checked_multiply(&n("3")).unwrap().to_string(), "1");
}

#[test]
fn zero_divides_into_infinity() {
    assert_eq!(n("1").checked_divide(&n("0")).unwrap().to_string(), "+Inf");
    assert_eq!(n("-1").checked_divide(&n("0")).unwrap().to_string(), "-Inf");
    assert!(n("0").checked_divide(&n("0")).is_none());
}

#[test]
fn remainders_take_the_sign_of_the_dividend() {
    assert_eq!(n("7").checked_modulo(&n("3")).unwrap().to_string(), "1");
    assert_eq!(n("-7").checked_modulo(&n("3")).unwrap().to_string(), "-1");
    assert_eq!(n("5").checked_modulo(&n("0")).unwrap().to_string(), "5");
    assert_eq!(n("5.5").checked_modulo(&n("2")).unwrap().to_string(), "1.5");
}

#[test]
fn floors_and_integers() {
    assert_eq!(n("-1.5").floor().to_string(), "-2");
    assert_eq!(n("-1.5").truncate().to_string(), "-1");
    assert_eq!(n("3.0").to_i64(), Some(3));
    assert_eq!(n("3.5").to_i64(), None);
    assert_eq!(n("1e30").to_i64(), None);
}

#[test]
fn text_that_is_no_number() {
    for text in [
        "", "-", ".", "1e", "0x10", "1_000", "inf", "NaN", " 1", "1 ", "--1", "1e999999",
    ] {
        assert!(Number::parse(text).is_none(), "{text}");
    }
}

#[test]
fn huge_exponents_become_infinite_and_tiny_ones_zero() {
    let mut big = n("1e300");
    for _ in 0..10 {
        big = big.checked_multiply(&big.clone()).unwrap();
    }
    assert_eq!(big.to_string(), "+Inf");
    let mut small = n("1e-300");
    for _ in 0..10 {
        small = small.checked_multiply(&small.clone()).unwrap();
    }
    assert_eq!(small.to_string(), "0");
}

proptest! {
    #[test]
    fn integers_agree_with_the_machine(a in any::<i32>(), b in any::<i32>()) {
        let (x, y) = (Number::from_integer(a.into()), Number::from_integer(b.into()));
        prop_assert_eq!(
            x.checked_add(&y).unwrap().to_string(),
            (i64::from(a) + i64::from(b)).to_string()
        );
        prop_assert_eq!(x.cmp(&y), a.cmp(&b));
    }

    #[test]
    fn text_reads_back(value in any::<f64>().prop_filter("finite", |v| v.is_finite())) {
        let number = Number::from_f64(value).unwrap();
        let read: f64 = number.to_string().parse().unwrap();
        prop_assert_eq!(read.to_bits(), (value + 0.0).to_bits());
    }
}
