//! The quantity of one dish, or a number of guests: 1 to 99.

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use serde::{Deserialize, Serialize};

use crate::field::{FieldErrors, deserialize_count, path_of};
use crate::schema::inline_schema;
use crate::text::Text;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u64")]
pub struct Quantity(u8);

impl Quantity {
    #[must_use]
    pub fn new(count: u64) -> Option<Self> {
        u8::try_from(count)
            .ok()
            .filter(|count| (1..=99).contains(count))
            .map(Self)
    }

    #[must_use]
    pub fn get(self) -> u8 {
        self.0
    }
}

impl From<Quantity> for u8 {
    fn from(quantity: Quantity) -> Self {
        quantity.0
    }
}

impl TryFrom<u64> for Quantity {
    type Error = &'static str;

    fn try_from(count: u64) -> Result<Self, Self::Error> {
        Self::new(count).ok_or("not between 1 and 99")
    }
}

impl Deserr<FieldErrors> for Quantity {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, FieldErrors> {
        let quantity = deserialize_count(value, location)?.and_then(Self::new);
        quantity.ok_or_else(|| {
            FieldErrors::one(
                path_of(location),
                Text::formatted(|say| (say.fields.whole_number)(1, 99)),
            )
        })
    }
}

inline_schema!(Quantity, "Quantity", { "type": "integer", "minimum": 1, "maximum": 99 });

#[cfg(test)]
mod tests {
    use super::Quantity;
    use crate::field::{FieldErrors, Written};

    #[test]
    fn a_quantity_is_exact_or_none() {
        let read = |text: &str| {
            let written: Written<'_> = serde_json::from_str(text).unwrap();
            deserr::deserialize::<Quantity, _, FieldErrors>(written).map(Quantity::get)
        };
        for (text, count) in [("2", 2), ("2.0", 2), ("2e0", 2), ("9.9e1", 99)] {
            assert_eq!(read(text), Ok(count), "{text}");
        }
        for bad in [
            "0",
            "100",
            "1.5",
            "1.0000000000000001",
            "98.99999999999999999",
            "1e-400",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
