//! The distance and the duration of a delivery.

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
            let text = Text::fixed(|say| say.fields.kilometres);
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
            let text = Text::formatted(|say| (say.fields.whole_number)(0, 1440));
            FieldErrors::one(path_of(location), text)
        })
    }
}

inline_schema!(Kilometres, "Kilometres", { "type": "number", "minimum": 0, "maximum": 1_000 });
inline_schema!(Minutes, "Minutes", { "type": "integer", "minimum": 0, "maximum": 1_440 });

#[cfg(test)]
mod tests {
    use deserr::Deserr;

    use super::{Kilometres, Minutes};
    use crate::field::{FieldErrors, Written};

    fn is_read<T: Deserr<FieldErrors>>(text: &str) -> bool {
        let written: Written<'_> = serde_json::from_str(text).unwrap();
        deserr::deserialize::<T, _, FieldErrors>(written).is_ok()
    }

    #[test]
    fn a_computed_distance_is_accepted_and_one_that_would_be_rounded_is_refused() {
        for good in ["0", "3.2", "1000", "3.4000000000000004"] {
            assert!(is_read::<Kilometres>(good), "{good}");
        }
        for bad in ["-1", "1000.1", "1e-400", "3.20000000000000000001"] {
            assert!(!is_read::<Kilometres>(bad), "{bad}");
        }
    }

    #[test]
    fn a_time_is_a_whole_number_of_minutes() {
        for good in ["0", "25", "25.0", "1440"] {
            assert!(is_read::<Minutes>(good), "{good}");
        }
        for bad in ["-1", "1441", "25.5", "25.00000000000000001"] {
            assert!(!is_read::<Minutes>(bad), "{bad}");
        }
    }
}
