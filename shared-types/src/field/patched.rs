//! The fields of a JSON merge patch (RFC 7396): an absent field stays as it is, and `null` removes
//! it where that is possible.

use std::borrow::Cow;

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::{FieldErrors, Optional};

/// A field that can be removed. As everywhere, a text that a form left empty counts as `null`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Patched<T> {
    #[default]
    Unchanged,
    Removed,
    Set(T),
}

/// A field that everything of its kind has: `null` and an empty text are refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replaced<T>(Option<T>);

/// A merge patch that web pages also send as a form: an empty field of a form stays as it is.
pub trait MergePatch: Deserr<FieldErrors> + From<Self::Form> {
    type Form: Deserr<FieldErrors>;
}

impl<T> Patched<T> {
    /// Changes `field` accordingly.
    pub fn apply(self, field: &mut Option<T>) {
        match self {
            Self::Unchanged => {}
            Self::Removed => *field = None,
            Self::Set(value) => *field = Some(value),
        }
    }

    #[must_use]
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Patched<U> {
        match self {
            Self::Unchanged => Patched::Unchanged,
            Self::Removed => Patched::Removed,
            Self::Set(value) => Patched::Set(change(value)),
        }
    }
}

impl<T> Replaced<T> {
    /// `None` for a field that stays as it is.
    #[must_use]
    pub fn as_ref(&self) -> Option<&T> {
        self.0.as_ref()
    }

    /// `None` for a field that stays as it is.
    #[must_use]
    pub fn into_option(self) -> Option<T> {
        self.0
    }
}

impl<T> Default for Replaced<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> From<Optional<T>> for Patched<T> {
    fn from(field: Optional<T>) -> Self {
        field.into_option().map_or(Self::Unchanged, Self::Set)
    }
}

impl<T> From<Optional<T>> for Replaced<T> {
    fn from(field: Optional<T>) -> Self {
        Self(field.into_option())
    }
}

impl<T: Deserr<FieldErrors>> Deserr<FieldErrors> for Patched<T> {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, FieldErrors> {
        let sent = Optional::<T>::deserialize_from_value(value, location)?;
        Ok(sent.into_option().map_or(Self::Removed, Self::Set))
    }
}

impl<T: Deserr<FieldErrors>> Deserr<FieldErrors> for Replaced<T> {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, FieldErrors> {
        T::deserialize_from_value(value, location).map(|value| Self(Some(value)))
    }
}

impl<T: JsonSchema> JsonSchema for Patched<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Patched{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Optional::<T>::json_schema(generator)
    }
}

impl<T: JsonSchema> JsonSchema for Replaced<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Replaced{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<T>()
    }
}

#[cfg(test)]
mod tests {
    use deserr::Deserr;
    use serde_json::json;

    use super::{Patched, Replaced};
    use crate::field::{FieldErrors, Line};

    #[derive(Debug, Deserr)]
    #[deserr(error = FieldErrors)]
    struct Patch {
        #[deserr(default)]
        name: Replaced<Line<5>>,
        #[deserr(default)]
        note: Patched<Line<5>>,
    }

    fn read(body: serde_json::Value) -> Result<Patch, FieldErrors> {
        deserr::deserialize(body)
    }

    #[test]
    fn an_absent_field_stays_and_null_removes_what_can_be_missing() {
        let nothing = read(json!({})).unwrap();
        assert_eq!(nothing.name.into_option(), None);
        assert_eq!(nothing.note, Patched::Unchanged);
        for empty in [json!(null), json!(""), json!(" ")] {
            assert_eq!(read(json!({"note": empty})).unwrap().note, Patched::Removed);
            assert!(read(json!({"name": empty})).is_err(), "{empty}");
        }
        let both = read(json!({"name": "a", "note": "b"})).unwrap();
        assert_eq!(both.name.into_option().unwrap().as_str(), "a");
        assert!(matches!(both.note, Patched::Set(line) if line.as_str() == "b"));
    }

    #[test]
    fn a_patch_is_applied_to_what_is_there() {
        let mut field = Some(1);
        Patched::Unchanged.apply(&mut field);
        assert_eq!(field, Some(1));
        Patched::Set(2).apply(&mut field);
        assert_eq!(field, Some(2));
        Patched::Removed.apply(&mut field);
        assert_eq!(field, None);
    }
}
