//! The kitchen's tickets, and the mark that kitchen and delivery share.

use std::borrow::Cow;

use deserr::Deserr;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::field::{FieldErrors, FromText, Optional};
use crate::id::OrderRef;
use crate::menu::Allergens;
use crate::order::{OrderMode, OrderStatus};
use crate::text::Text;
use crate::value::{Quantity, Timestamp};

/// An order in the kitchen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ticket {
    pub order_id: OrderRef,
    pub status: OrderStatus,
    pub items: Vec<TicketLine>,
    #[serde(rename = "commentaire", default)]
    pub comment: Option<String>,
    /// The number of guests.
    #[serde(rename = "convives", default)]
    pub guests: Option<Quantity>,
    #[serde(default)]
    pub mode: OrderMode,
    /// When the client would like it. As soon as possible when `null`.
    #[serde(rename = "pour_le", default)]
    pub wished_for: Option<Timestamp>,
    pub received_at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TicketLine {
    #[serde(rename = "nom")]
    pub name: String,
    #[serde(rename = "quantite")]
    pub quantity: Quantity,
    #[serde(rename = "commentaire", default)]
    pub comment: Option<String>,
    /// The dish's allergens: empty for none, `null` when nothing was said about them.
    #[serde(rename = "allergenes", default)]
    pub allergens: Option<Allergens>,
}

/// `POST /update` of the kitchen (`S` is [`OrderStatus`]) and of delivery (`S` is its own status).
/// The order id is accepted as `order_id` or `orderId`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMark<S> {
    pub order_id: OrderRef,
    pub status: Option<S>,
}

/// The order's status after a mark.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Marked{S}")]
pub struct Marked<S> {
    pub order_id: OrderRef,
    pub status: S,
}

/// `deserr` has no aliases, so each spelling is a field of its own.
#[derive(Deserr)]
#[deserr(error = FieldErrors, where_predicate = S: Deserr<FieldErrors>)]
struct MarkSpellings<S> {
    #[deserr(default = None)]
    order_id: Option<OrderRef>,
    #[deserr(default = None, rename = "orderId")]
    order_id_camel: Option<OrderRef>,
    #[deserr(default)]
    status: Optional<S>,
}

impl<S: FromText + Deserr<FieldErrors>> Deserr<FieldErrors> for NewMark<S> {
    fn deserialize_from_value<V: deserr::IntoValue>(
        value: deserr::Value<V>,
        location: deserr::ValuePointerRef<'_>,
    ) -> Result<Self, FieldErrors> {
        let spellings = MarkSpellings::<S>::deserialize_from_value(value, location)?;
        let order_id = spellings
            .order_id
            .or(spellings.order_id_camel)
            .ok_or_else(|| FieldErrors::one("order_id", Text::fixed(|say| say.fields.required)))?;
        Ok(Self {
            order_id,
            status: spellings.status.into_option(),
        })
    }
}

impl<S: JsonSchema> JsonSchema for NewMark<S> {
    fn schema_name() -> Cow<'static, str> {
        format!("New{}Mark", S::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let id = generator.subschema_for::<OrderRef>();
        let either = generator.subschema_for::<Option<OrderRef>>();
        let status = generator.subschema_for::<Optional<S>>();
        json_schema!({
            "type": "object",
            "description": "The order's id is taken as `order_id` or `orderId`.",
            "properties": { "order_id": either, "orderId": either, "status": status },
            "anyOf": [
                { "required": ["order_id"], "properties": { "order_id": id } },
                { "required": ["orderId"], "properties": { "orderId": id } },
            ],
        })
    }
}

pub type NewKitchenMark = NewMark<OrderStatus>;
