//! A price: euros on the wire, integer cents inside, so that sums are exact.

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::field::{FieldErrors, deserialize_number, path_of};
use crate::schema::inline_schema;
use crate::text::Text;

/// Between 0 and 1,000,000 euros: enough for any order (99 lines of 99 of the dearest dish would be
/// more, and are refused), and far below the point where a double loses a cent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Price {
    cents: i64,
}

impl Price {
    pub const ZERO: Self = Self { cents: 0 };
    pub const MAX: Self = Self { cents: 100_000_000 };

    #[must_use]
    pub fn from_cents(cents: i64) -> Option<Self> {
        (0..=Self::MAX.cents)
            .contains(&cents)
            .then_some(Self { cents })
    }

    #[must_use]
    pub fn cents(self) -> i64 {
        self.cents
    }

    /// `None` when the product leaves the range.
    #[must_use]
    pub fn times(self, quantity: u8) -> Option<Self> {
        Self::from_cents(self.cents.checked_mul(i64::from(quantity))?)
    }

    /// `None` when the sum leaves the range.
    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        Self::from_cents(self.cents.checked_add(other.cents)?)
    }

    /// # Errors
    /// The price is negative, too large, or has more than two decimals.
    pub fn from_euros(euros: f64) -> Result<Self, Text> {
        // A decimal of two places is not exact in binary: 0.29 * 100 is 28.999…96. Each has one
        // nearest double, and dividing the cents by 100 gives that double. Any other double is
        // another number.
        let whole = (euros * 100.0).round();
        let max = Self::MAX.cents as f64;
        if whole / 100.0 != euros || !(0.0..=max).contains(&whole) {
            return Err(Text::fixed(|say| say.fields.price));
        }
        Ok(Self {
            cents: whole as i64,
        })
    }

    fn euros(self) -> f64 {
        let cents = self.cents as f64;
        cents / 100.0
    }
}

impl Serialize for Price {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.euros())
    }
}

impl<'de> Deserialize<'de> for Price {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let euros = f64::deserialize(deserializer)?;
        Self::from_euros(euros).map_err(|text| de::Error::custom(text.to(crate::text::Lang::En)))
    }
}

impl Deserr<FieldErrors> for Price {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, FieldErrors> {
        let euros = deserialize_number(value, location)?;
        Self::from_euros(euros).map_err(|text| FieldErrors::one(path_of(location), text))
    }
}

// No `multipleOf`: 0.01 is not exact in binary, and validators would refuse 12.55.
inline_schema!(Price, "Price", {
    "type": "number",
    "description": "Euros, with at most two decimals.",
    "minimum": 0,
    "maximum": 1_000_000,
});

#[cfg(test)]
mod tests {
    use super::Price;
    use crate::field::{FieldErrors, Written};
    use crate::text::Lang;
    use proptest::prelude::{ProptestConfig, proptest};

    #[test]
    fn a_price_is_a_json_number_in_euros() {
        let price = Price::from_euros(12.5).unwrap();
        assert_eq!(price.cents(), 1250);
        assert_eq!(serde_json::to_string(&price).unwrap(), "12.5");
    }

    #[test]
    fn a_third_decimal_a_negative_or_a_huge_price_is_refused() {
        for bad in [0.001, 12.345, -0.01, 1_000_000.01, f64::NAN, f64::INFINITY] {
            assert!(Price::from_euros(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_price_is_exact_or_none() {
        let read = |text: &str| {
            let written: Written<'_> = serde_json::from_str(text).unwrap();
            deserr::deserialize::<Price, _, FieldErrors>(written)
        };
        for (text, cents) in [
            ("12.50", 1250),
            ("1e1", 1000),
            ("0.29", 29),
            ("1.000000000000000000", 100),
            ("0", 0),
            ("-0.0", 0),
            ("1000000", 100_000_000),
        ] {
            assert_eq!(read(text).map(Price::cents), Ok(cents), "{text}");
        }
        for bad in [
            "1e-400",
            "1.0000000000000001",
            "1.0000000000000002",
            "0.30000000000000004",
            "1e-7",
            "1000000.000000001",
        ] {
            let refused = read(bad).unwrap_err().sentence(Lang::En);
            assert!(refused.contains("at most two decimals"), "{bad}: {refused}");
        }
    }

    #[test]
    fn a_sum_that_leaves_the_range_is_none() {
        assert_eq!(Price::MAX.plus(Price::from_cents(1).unwrap()), None);
        assert_eq!(Price::MAX.times(2), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn every_price_survives_the_wire(cents in 0_i64..=100_000_000) {
            let price = Price::from_cents(cents).unwrap();
            let wire = serde_json::to_string(&price).unwrap();
            let back: Price = serde_json::from_str(&wire).unwrap();
            assert_eq!(back, price);
        }
    }
}
