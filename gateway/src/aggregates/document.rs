//! A service's answer, from which a part is taken as the service wrote it. Does no I/O.

mod list;

use bytes::Bytes;
use serde::de::Error as _;
use serde_json::value::RawValue;

use super::key::Parameter;
use super::settings::Form;
use crate::settings::JsonType;
use list::List;

#[derive(Debug)]
pub(super) enum Document {
    /// The part itself.
    Part(Box<RawValue>),
    /// A list that holds the part of each id.
    List(List),
}

impl Document {
    /// # Errors
    /// The body is not of the form that is expected.
    pub(super) fn read(body: Bytes, form: &Form) -> Result<Self, serde_json::Error> {
        match form {
            Form::Whole(kind) => part(&body, *kind).map(Self::Part),
            Form::Found(find) => List::read(body, &find.key).map(Self::List),
        }
    }

    /// The part for these parameters of the path. `form` must be the form that it was read by.
    pub(super) fn find(&self, form: &Form, parameters: &[Parameter]) -> Option<Box<RawValue>> {
        match (self, form) {
            (Self::Part(part), _) => Some(part.clone()),
            (Self::List(list), Form::Found(find)) => {
                list.find(&find.key, parameters.get(find.parameter)?.plain())
            }
            (Self::List(_), Form::Whole(_)) => None,
        }
    }

    /// The size of the answer in bytes.
    pub(super) fn length(&self) -> usize {
        match self {
            Self::Part(part) => part.get().len(),
            Self::List(list) => list.length(),
        }
    }

    /// The bytes that the document takes.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Part(part) => size_of::<Self>() + part.get().len(),
            Self::List(list) => size_of::<Self>() + list.size(),
        }
    }
}

/// Checks that the body is an object or an array, and returns it unchanged.
fn part(body: &[u8], expected: Option<JsonType>) -> Result<Box<RawValue>, serde_json::Error> {
    let value: &RawValue = serde_json::from_slice(body)?;
    let found = match value.get().as_bytes().first() {
        Some(b'{') => Some(JsonType::Object),
        Some(b'[') => Some(JsonType::Array),
        _ => None,
    };
    if found.is_some() && expected.is_none_or(|expected| found == Some(expected)) {
        return Ok(value.to_owned());
    }
    Err(serde_json::Error::custom(match expected {
        None => "expected an object or an array",
        Some(JsonType::Object) => "expected an object",
        Some(JsonType::Array) => "expected an array",
    }))
}

#[cfg(test)]
mod tests {
    use super::{Document, Form, JsonType};

    #[test]
    fn a_part_is_of_the_declared_type_or_of_either() {
        let is_read =
            |body: &'static str, kind| Document::read(body.into(), &Form::Whole(kind)).is_ok();
        let (object, array) = (Some(JsonType::Object), Some(JsonType::Array));
        assert!(is_read(" {} ", None) && is_read("\n[{}]", None));
        assert!(is_read("{}", object) && !is_read("[]", object));
        assert!(is_read("[]", array) && !is_read("{}", array));
        for body in ["", "{", "null", "7", "\"{}\"", "{} {}"] {
            assert!(!is_read(body, None), "{body}");
        }
    }

    #[test]
    fn a_part_is_passed_on_as_it_was_written() {
        let form = Form::Whole(None);
        let document = Document::read(" {\"z\": 1.50}\n".into(), &form).unwrap();
        let part = document.find(&form, &[]).unwrap();
        assert_eq!(part.get(), "{\"z\": 1.50}");
    }
}
