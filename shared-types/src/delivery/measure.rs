//! How far a delivery goes and how long it takes.

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use serde::{Deserialize, Serialize};

use crate::field::{FieldErrors, deserialize_count, deserialize_number, path_of};
use crate::schema::inline_schema;
use crate::text::Text;

/// 0 to 1,000 km.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Kilometres(f64);

/// 0 to 1,440 minutes, a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Minutes(u16);

impl Deserr<FieldErrors> for Kilometres {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, FieldErrors> {
        let distance = deserialize_number(value, location)?;
        if (0.0..=1_000.0).contains(&distance) {
            Ok(Self(distance))
        } else {
            let text = Text::new("nombre entre 0 et 1000", "a number between 0 and 1000");
            Err(FieldErrors::one(path_of(location), text))
        }
    }
}

impl Deserr<FieldErrors> for Minutes {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, FieldErrors> {
        let minutes = deserialize_count(value, location)?;
        let minutes = minutes.and_then(|minutes| u16::try_from(minutes).ok());
        let minutes = minutes.filter(|minutes| *minutes <= 1_440);
        minutes.map(Self).ok_or_else(|| {
            let text = Text::new("entier entre 0 et 1440", "an integer between 0 and 1440");
            FieldErrors::one(path_of(location), text)
        })
    }
}

inline_schema!(Kilometres, "Kilometres", { "type": "number", "minimum": 0, "maximum": 1_000 });
inline_schema!(Minutes, "Minutes", { "type": "integer", "minimum": 0, "maximum": 1_440 });
