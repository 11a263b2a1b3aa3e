//! Ids. On the wire each is a string, because a browser compares them with `===`.
//!
//! New ids are UUIDs of version 7 (RFC 9562 §5.7): they sort by creation time, which keeps the
//! index of a growing table compact.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::field::{FromText, text_field};
use crate::schema::inline_schema;
use crate::text::Text;

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
        }

        impl FromText for $name {
            fn from_text(text: &str) -> Result<Self, Text> {
                // The uuid crate also accepts braces, URNs and no hyphens. An id must have one
                // spelling.
                Some(text)
                    .filter(|text| text.len() == 36)
                    .and_then(|text| Uuid::try_parse(text).ok())
                    .map(Self)
                    .ok_or(Text::fixed(|say| say.fields.uuid))
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
    DishId;
    OrderId;
    CourierId;
    DeliveryId;
}

/// An order's id in the kitchen and in delivery: any non-empty text of at most 64 characters, since
/// their samples (`CMD1234`) are not orders of the order service.
pub type OrderRef = crate::field::Line<64>;

impl From<OrderId> for OrderRef {
    fn from(id: OrderId) -> Self {
        Self::of_id(id)
    }
}

#[cfg(test)]
mod tests {
    use super::{FromText, OrderId};

    #[test]
    fn an_id_has_one_spelling() {
        let id = OrderId::generate();
        assert_eq!(OrderId::from_text(&id.to_string()).unwrap(), id);
        let simple = id.to_string().replace('-', "");
        for other in [
            simple.clone(),
            format!("{{{id}}}"),
            format!("urn:uuid:{id}"),
            String::new(),
        ] {
            assert!(OrderId::from_text(&other).is_err(), "{other}");
        }
    }

    #[test]
    fn upper_case_names_the_same_id() {
        let id = OrderId::generate();
        let upper = id.to_string().to_uppercase();
        assert_eq!(OrderId::from_text(&upper).unwrap(), id);
    }
}
