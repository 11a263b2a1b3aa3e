//! Ids. On the wire each is a string, because a browser compares them with `===`.
//!
//! New ids are UUIDs of version 7 (RFC 9562 §5.7): they sort by creation time, which keeps the
//! index of a growing table compact.
//!
//! A UUID has several spellings: upper case, without hyphens, in braces, as a URN. All are read, and
//! only lower case with hyphens is stored and written (RFC 9562 §4). So one thing has one id.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::field::visible::breaks_line;
use crate::field::{FromText, Line, line, text_field};
use crate::schema::inline_schema;
use crate::text::Text;

/// The spelling of an id that is stored and written: a UUID in lower case with hyphens, any other
/// text as it is.
#[must_use]
pub fn canonical(text: &str) -> Cow<'_, str> {
    match Uuid::try_parse(text) {
        Ok(id) => {
            let mut buffer = Uuid::encode_buffer();
            match &*id.hyphenated().encode_lower(&mut buffer) {
                same if same == text => Cow::Borrowed(text),
                other => Cow::Owned(other.to_owned()),
            }
        }
        Err(_other) => Cow::Borrowed(text),
    }
}

macro_rules! uuid_id {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            #[must_use]
            pub fn generate() -> Self {
                Self(Uuid::now_v7())
            }

            /// For a sample, which has the same id everywhere.
            #[must_use]
            pub const fn of_sample(id: u128) -> Self {
                Self(Uuid::from_u128(id))
            }
        }

        impl FromText for $name {
            fn from_text(text: &str) -> Result<Self, Text> {
                match Uuid::try_parse(text) {
                    Ok(id) => Ok(Self(id)),
                    Err(_other) => Err(Text::fixed(|say| say.fields.uuid)),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        text_field!($name);
        inline_schema!($name, "Id", { "type": "string", "format": "uuid" });
    )+};
}

uuid_id! {
    ClientId;
    SessionId;
    ErasureId;
    DishId;
    OrderId;
    DeferredId;
    CourierId;
    DeliveryId;
}

impl ClientId {
    /// Nobody's: the client of an order that is anonymous (RFC 9562 §5.9).
    pub const NOBODY: Self = Self(Uuid::nil());
}

/// An order's id in the kitchen and in delivery: any non-empty text of at most 64 characters, since
/// their samples (`CMD1234`) are not orders of the order service. A UUID is written as an
/// [`OrderId`] is; any other text stays as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OrderRef(Line<MAX_REF>);

const MAX_REF: usize = 64;

impl OrderRef {
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl FromText for OrderRef {
    fn from_text(text: &str) -> Result<Self, Text> {
        match OrderId::from_text(text.trim()) {
            Ok(id) => Ok(id.into()),
            // Joining its lines would make another id of it.
            Err(_other) if text.trim().chars().any(breaks_line) => {
                Err(Text::fixed(|say| say.fields.control_characters))
            }
            Err(_other) => Line::from_text(text).map(Self),
        }
    }
}

impl From<OrderId> for OrderRef {
    fn from(id: OrderId) -> Self {
        Self(Line::of_id(id))
    }
}

impl fmt::Display for OrderRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

text_field!(OrderRef);

impl JsonSchema for OrderRef {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "OrderRef".into()
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        line::schema(MAX_REF, false)
    }
}

#[cfg(test)]
mod tests {
    use super::{FromText, OrderId, OrderRef, canonical};

    /// Every spelling that RFC 9562 or its readers allow.
    fn spellings(id: OrderId) -> [String; 5] {
        let plain = id.to_string();
        let upper = plain.to_uppercase();
        let simple = plain.replace('-', "");
        [
            format!("{{{plain}}}"),
            format!("urn:uuid:{plain}"),
            simple.to_uppercase(),
            plain,
            upper,
        ]
    }

    #[test]
    fn every_spelling_of_a_uuid_is_one_id() {
        let id = OrderId::generate();
        for spelling in spellings(id) {
            assert_eq!(OrderId::from_text(&spelling).unwrap(), id, "{spelling}");
            assert_eq!(canonical(&spelling), id.to_string(), "{spelling}");
            let read = OrderRef::from_text(&format!(" {spelling} ")).unwrap();
            assert_eq!(read.as_str(), id.to_string(), "{spelling}");
        }
    }

    #[test]
    fn a_text_that_is_no_uuid_is_no_id_and_keeps_its_spelling_as_a_reference() {
        let id = OrderId::generate().to_string();
        for other in ["CMD1234", "cmd1234", &id[1..], &format!("{id}0")] {
            assert!(OrderId::from_text(other).is_err(), "{other}");
            assert_eq!(canonical(other), other);
            assert_eq!(OrderRef::from_text(other).unwrap().as_str(), other);
        }
        for bad in ["CMD\n1234", "CMD\t1234", "CMD\u{2028}1234", ""] {
            assert!(OrderRef::from_text(bad).is_err(), "{bad:?}");
        }
    }
}
