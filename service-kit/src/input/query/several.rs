//! The values of a parameter that takes several.

use deserr::{Deserr, IntoValue, Sequence, Value, ValuePointerRef};
use shared_types::field::{FieldErrors, FromText};
use shared_types::text::Text;

/// More than any form offers; it limits the length of a statement.
pub(super) const MOST: usize = 50;

/// Each value once, in the sequence in which they were sent. None means that all are wanted.
#[derive(Clone, Debug)]
pub struct Several<T>(Vec<T>);

impl<T> Several<T> {
    #[must_use]
    pub fn only(value: T) -> Self {
        Self(vec![value])
    }

    #[must_use]
    pub fn values(&self) -> &[T] {
        &self.0
    }
}

impl<T> Default for Several<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: FromText + PartialEq> Deserr<FieldErrors> for Several<T> {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, FieldErrors> {
        // Query parameters are flat: the last part of the location is the parameter's name.
        let name = location.last_field().unwrap_or_default();
        let texts: Vec<String> = match value {
            Value::Sequence(texts) => texts
                .into_iter()
                .map(|text| {
                    Deserr::<FieldErrors>::deserialize_from_value(text.into_value(), location)
                })
                .collect::<Result<_, _>>()?,
            text => vec![Deserr::<FieldErrors>::deserialize_from_value(
                text, location,
            )?],
        };
        let parts = texts.iter().flat_map(|text| text.split(','));
        let parts = parts.map(str::trim).filter(|part| !part.is_empty());
        let mut values = Vec::new();
        for (count, part) in parts.enumerate() {
            if count == MOST {
                let text = Text::formatted(|say| (say.requests.too_many_values)(MOST));
                return Err(FieldErrors::one(name, text));
            }
            let value = T::from_text(part).map_err(|text| FieldErrors::one(name, text))?;
            if !values.contains(&value) {
                values.push(value);
            }
        }
        Ok(Self(values))
    }
}
