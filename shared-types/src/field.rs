//! Reports every invalid field of a request at once.
//!
//! `deserr` walks the body and calls back for each fault; serde would stop at the first.

use std::fmt::Write as _;
use std::ops::ControlFlow;

use deserr::{
    DeserializeError, Deserr, ErrorKind, IntoValue, MergeWithError, Value, ValueKind,
    ValuePointerRef, take_cf_content,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::text::{Lang, Text};

pub(crate) mod line;
mod optional;
mod patched;
pub mod visible;
mod written;

pub use crate::wire_enum::{composed_lower, fold};
pub use line::Line;
pub use optional::Optional;
pub use patched::{MergePatch, Patched, Replaced};
pub use written::Written;

/// An invalid field. `path` is its place in the body (`items[0].quantite`), empty for the body
/// itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    pub path: String,
    pub text: Text,
}

/// The invalid fields of a request, in the order in which they were found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldErrors(Vec<FieldError>);

/// An invalid field as a problem body lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FieldProblem {
    pub field: String,
    pub detail: String,
}

impl FieldErrors {
    #[must_use]
    pub fn one(path: impl Into<String>, text: Text) -> Self {
        let path = path.into();
        Self(vec![FieldError { path, text }])
    }

    pub fn push(&mut self, path: impl Into<String>, text: Text) {
        self.0.push(FieldError {
            path: path.into(),
            text,
        });
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One sentence that names every invalid field: `email : … ; password : …`.
    #[must_use]
    pub fn sentence(&self, lang: Lang) -> String {
        let mut sentence = String::new();
        for FieldError { path, text } in &self.0 {
            if !sentence.is_empty() {
                sentence.push_str(" ; ");
            }
            if !path.is_empty() {
                sentence.push_str(path);
                sentence.push_str(" : ");
            }
            sentence.push_str(text.to(lang));
        }
        sentence
    }

    #[must_use]
    pub fn to_problems(&self, lang: Lang) -> Vec<FieldProblem> {
        self.0
            .iter()
            .map(|error| FieldProblem {
                field: error.path.clone(),
                detail: error.text.to(lang).to_owned(),
            })
            .collect()
    }
}

impl IntoIterator for FieldErrors {
    type Item = FieldError;
    type IntoIter = std::vec::IntoIter<FieldError>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl FromIterator<FieldError> for FieldErrors {
    fn from_iter<I: IntoIterator<Item = FieldError>>(errors: I) -> Self {
        Self(errors.into_iter().collect())
    }
}

/// A value that arrives as text: a JSON string, a query parameter, a segment of a path.
pub trait FromText: Sized {
    /// # Errors
    /// The fault of `text`, in words for its sender.
    fn from_text(text: &str) -> Result<Self, Text>;
}

/// Reads a [`FromText`] value from a JSON string.
pub(crate) fn deserialize_text<T: FromText, V: IntoValue>(
    value: Value<V>,
    location: ValuePointerRef<'_>,
) -> Result<T, FieldErrors> {
    let text: String = Deserr::<FieldErrors>::deserialize_from_value(value, location)?;
    T::from_text(&text).map_err(|text| FieldErrors::one(path_of(location), text))
}

/// Lets a request body contain a [`FromText`] type.
macro_rules! text_field {
    ($type:ty) => {
        impl deserr::Deserr<$crate::field::FieldErrors> for $type {
            fn deserialize_from_value<V: deserr::IntoValue>(
                value: deserr::Value<V>,
                location: deserr::ValuePointerRef<'_>,
            ) -> Result<Self, $crate::field::FieldErrors> {
                $crate::field::deserialize_text(value, location)
            }
        }
    };
}
pub(crate) use text_field;

/// Writes a location as JavaScript does: `items[0].quantite`.
pub(crate) fn path_of(location: ValuePointerRef<'_>) -> String {
    match location {
        ValuePointerRef::Origin => String::new(),
        ValuePointerRef::Key { key, prev } => {
            let mut path = path_of(*prev);
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(key);
            path
        }
        ValuePointerRef::Index { index, prev } => {
            let mut path = path_of(*prev);
            // Writing to a String cannot fail.
            let _ = write!(path, "[{index}]");
            path
        }
    }
}

/// Reads any JSON number. A number that a double would round becomes NaN ([`Written`]), which every
/// range excludes.
pub(crate) fn deserialize_number<V: IntoValue>(
    value: Value<V>,
    location: ValuePointerRef<'_>,
) -> Result<f64, FieldErrors> {
    match value {
        Value::Integer(number) => Ok(number as f64),
        Value::NegativeInteger(number) => Ok(number as f64),
        Value::Float(number) => Ok(number),
        other => Err(wrong_kind(other, &[ValueKind::Float], location)),
    }
}

/// Reads a count; `None` for a negative number or a fraction. `2.0` is 2, as in JSON Schema: some
/// languages write every number so.
pub(crate) fn deserialize_count<V: IntoValue>(
    value: Value<V>,
    location: ValuePointerRef<'_>,
) -> Result<Option<u64>, FieldErrors> {
    match value {
        Value::Integer(count) => Ok(Some(count)),
        Value::NegativeInteger(_) => Ok(None),
        Value::Float(count) => Ok((count >= 0.0 && count.fract() == 0.0).then_some(count as u64)),
        other => Err(wrong_kind(other, &[ValueKind::Integer], location)),
    }
}

/// The fault of a value of the wrong JSON type.
pub(crate) fn wrong_kind<V: IntoValue>(
    actual: Value<V>,
    accepted: &[ValueKind],
    location: ValuePointerRef<'_>,
) -> FieldErrors {
    take_cf_content(<FieldErrors as DeserializeError>::error(
        None,
        ErrorKind::IncorrectValueKind { actual, accepted },
        location,
    ))
}

impl MergeWithError<FieldErrors> for FieldErrors {
    fn merge(
        known: Option<Self>,
        other: FieldErrors,
        _location: ValuePointerRef<'_>,
    ) -> ControlFlow<Self, Self> {
        let mut all = known.unwrap_or_default();
        all.0.extend(other.0);
        ControlFlow::Continue(all)
    }
}

impl DeserializeError for FieldErrors {
    fn error<V: IntoValue>(
        known: Option<Self>,
        error: ErrorKind<'_, V>,
        location: ValuePointerRef<'_>,
    ) -> ControlFlow<Self, Self> {
        let mut path = path_of(location);
        let text = match error {
            ErrorKind::MissingField { field } => {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(field);
                Text::fixed(|say| say.fields.required)
            }
            ErrorKind::IncorrectValueKind {
                actual: Value::Null,
                ..
            } if !path.is_empty() => Text::fixed(|say| say.fields.required),
            ErrorKind::IncorrectValueKind { actual, accepted } => {
                let (expected, got) = (accepted.first().copied(), actual.kind());
                Text::formatted(|say| {
                    let kind = say.fields.kind;
                    (say.fields.wrong_kind)(expected.map_or("", kind), kind(got))
                })
            }
            ErrorKind::Unexpected { .. } => Text::fixed(|say| say.fields.out_of_range),
            // The other kinds come from features of deserr that no body uses (denied keys, unit
            // enums, arrays of a fixed length).
            ErrorKind::UnknownKey { .. }
            | ErrorKind::UnknownValue { .. }
            | ErrorKind::BadSequenceLen { .. } => Text::fixed(|say| say.fields.unexpected),
        };
        Self::merge(known, Self::one(path, text), location)
    }
}
