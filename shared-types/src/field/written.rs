//! A JSON body as text, so that each field sees every digit of its number.
//!
//! serde_json's own value rounds each number to a double: `1e-400` becomes 0, and
//! `1.0000000000000001` becomes 1. Here such a number is read as NaN, which no field accepts. A
//! number of up to 15 digits is never rounded, and neither is one that a program wrote from a
//! double (RFC 7493 §2.2).

use std::collections::BTreeMap;

use deserr::{IntoValue, Map, Value, ValueKind};
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

/// A value of a body that is not parsed further yet.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(transparent)]
pub struct Written<'a>(#[serde(borrow)] &'a RawValue);

/// The fields of an object.
#[derive(Debug)]
pub struct Fields<'a>(BTreeMap<String, Written<'a>>);

impl<'a> Written<'a> {
    fn read<T: Deserialize<'a> + Default>(self) -> T {
        // It is part of a text that is valid JSON.
        serde_json::from_str(self.0.get()).unwrap_or_default()
    }
}

impl<'a> IntoValue for Written<'a> {
    type Sequence = Vec<Self>;
    type Map = Fields<'a>;

    fn kind(&self) -> ValueKind {
        match self.0.get().as_bytes().first() {
            Some(b'n') | None => ValueKind::Null,
            Some(b't' | b'f') => ValueKind::Boolean,
            Some(b'"') => ValueKind::String,
            Some(b'[') => ValueKind::Sequence,
            Some(b'{') => ValueKind::Map,
            Some(_) => number::<Self>(self.0.get()).kind(),
        }
    }

    fn into_value(self) -> Value<Self> {
        match self.kind() {
            ValueKind::Null => Value::Null,
            ValueKind::Boolean => Value::Boolean(self.read()),
            ValueKind::String => Value::String(self.read()),
            ValueKind::Sequence => Value::Sequence(self.read()),
            ValueKind::Map => Value::Map(Fields(self.read())),
            ValueKind::Integer | ValueKind::NegativeInteger | ValueKind::Float => {
                number(self.0.get())
            }
        }
    }
}

impl<'a> Map for Fields<'a> {
    type Value = Written<'a>;
    type Iter = std::collections::btree_map::IntoIter<String, Written<'a>>;

    fn len(&self) -> usize {
        self.0.len()
    }

    fn remove(&mut self, key: &str) -> Option<Self::Value> {
        self.0.remove(key)
    }

    fn into_iter(self) -> Self::Iter {
        self.0.into_iter()
    }
}

fn number<V: IntoValue>(text: &str) -> Value<V> {
    if let Ok(count) = text.parse() {
        Value::Integer(count)
    } else if let Ok(negative) = text.parse() {
        Value::NegativeInteger(negative)
    } else {
        Value::Float(double(text))
    }
}

/// NaN when the double is another number than the text.
fn double(text: &str) -> f64 {
    let double: f64 = text.parse().unwrap_or(f64::NAN);
    // The shortest texts that are read as this double again. When two are equally near, Rust writes
    // the one further from zero, and other languages, like serde_json, the even one.
    let shortest = [format!("{double:e}"), json!(double).to_string()];
    let written = Decimal::parse(text);
    match shortest.iter().any(|text| Decimal::parse(text) == written) {
        true if written.is_some() => double,
        _ => f64::NAN,
    }
}

/// A number by its digits. Equal numbers have equal digits, however they are spelled.
#[derive(Debug, PartialEq, Eq)]
struct Decimal {
    is_negative: bool,
    /// Without zeros at either end; empty for zero.
    digits: String,
    /// The power of ten that the digits are multiplied by.
    exponent: i64,
}

impl Decimal {
    /// `None` for a text that is not a number, and for an absurd exponent.
    fn parse(text: &str) -> Option<Self> {
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let unsigned = mantissa.strip_prefix('-').unwrap_or(mantissa);
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        let all = format!("{whole}{fraction}");
        if !all.bytes().all(|digit| digit.is_ascii_digit()) {
            return None;
        }
        let kept = all.trim_end_matches('0');
        let digits = kept.trim_start_matches('0').to_owned();
        let dropped = i64::try_from(all.len() - kept.len()).ok()?;
        let decimals = i64::try_from(fraction.len()).ok()?;
        let exponent = exponent.parse::<i64>().ok()?.checked_sub(decimals)?;
        Some(if digits.is_empty() {
            Self {
                is_negative: false,
                digits,
                exponent: 0,
            }
        } else {
            Self {
                is_negative: mantissa.len() > unsigned.len(),
                digits,
                exponent: exponent.checked_add(dropped)?,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use deserr::{IntoValue as _, Value};
    use proptest::prelude::{any, proptest};

    use super::{Written, double};

    fn value(text: &str) -> Value<Written<'_>> {
        serde_json::from_str::<Written<'_>>(text)
            .unwrap()
            .into_value()
    }

    #[test]
    fn a_number_that_a_double_would_round_is_nan() {
        for rounded in [
            "1e-400",
            "-1e-400",
            "1.0000000000000001",
            "99.00000000000000001",
            "0.1000000000000000055511151231257827",
            "123456789012345678901234567890",
            "9007199254740993.0",
            "1e999999999999999999999",
        ] {
            assert!(double(rounded).is_nan(), "{rounded}");
        }
    }

    #[test]
    fn a_number_is_the_same_however_it_is_spelled() {
        for (text, number) in [
            ("12.50", 12.5),
            ("1e1", 10.0),
            ("1E+1", 10.0),
            ("125e-1", 12.5),
            ("0.0", 0.0),
            ("-0.0", 0.0),
            ("0e7", 0.0),
            ("1.000000000000000000000", 1.0),
            ("0.30000000000000004", 0.1 + 0.2),
            ("5e-324", 5e-324),
            // Two spellings of 1685248553382835.25, which lies exactly between them.
            ("1685248553382835.2", 1_685_248_553_382_835.2),
            ("1685248553382835.3", 1_685_248_553_382_835.2),
        ] {
            assert_eq!(double(text), number, "{text}");
        }
    }

    #[test]
    fn every_kind_of_value_is_recognised() {
        assert!(matches!(value(" null "), Value::Null));
        assert!(matches!(value("true"), Value::Boolean(true)));
        assert!(matches!(value("7"), Value::Integer(7)));
        assert!(matches!(value("-7"), Value::NegativeInteger(-7)));
        assert!(matches!(value("2.0"), Value::Float(2.0)));
        assert!(matches!(value(r#""\u00e9\n""#), Value::String(text) if text == "é\n"));
        assert!(matches!(value("[1, [2]]"), Value::Sequence(all) if all.len() == 2));
        let nested = value(r#"{"a": {"b": [1.50]}, "a": 2}"#);
        let plain: serde_json::Value = nested.into();
        assert_eq!(plain, serde_json::json!({"a": 2}));
    }

    proptest! {
        #[test]
        fn no_double_that_a_program_writes_is_refused(number in any::<f64>()) {
            if number.is_finite() {
                for text in [format!("{number}"), format!("{number:e}"), serde_json::json!(number).to_string()] {
                    assert_eq!(double(&text), number, "{text}");
                }
            }
        }

        #[test]
        fn no_number_of_up_to_15_digits_is_refused(digits in 0_u64..1_000_000_000_000_000, point in 0_usize..30) {
            let text = format!("{digits}e-{point}");
            assert!(!double(&text).is_nan(), "{text}");
        }
    }
}
