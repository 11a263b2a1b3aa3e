//! The bodies of the older demo routes. They are simulated and touch no real account or order.

use std::borrow::Cow;

use deserr::Deserr;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::field::{FieldErrors, Line};
use crate::order::OrderStatus;

/// A login of the older demo.
#[derive(Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors)]
pub struct DemoLogin {
    pub username: Line<100>,
    pub password: Line<1024>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DemoToken {
    pub token: String,
    pub role: DemoRole,
}

/// A role as the older clients spell it. Everywhere else roles are in upper case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DemoRole {
    Client,
    Chef,
    #[serde(rename = "livreur")]
    Courier,
}

/// An order of the older demo.
#[derive(Clone, Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors)]
pub struct NewDemoOrder {
    pub client_id: DemoClientId,
    #[schemars(length(min = 1, max = 50))]
    pub items: Vec<Line<100>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DemoOrder {
    pub order_id: String,
    pub status: OrderStatus,
    pub items: Vec<Line<100>>,
}

/// A row in the list of the older demo's orders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DemoOrderRow {
    pub order_id: String,
    pub status: OrderStatus,
}

/// The older clients send a number or a text. It is required and then ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DemoClientId;

impl Deserr<FieldErrors> for DemoClientId {
    fn deserialize_from_value<V: deserr::IntoValue>(
        value: deserr::Value<V>,
        location: deserr::ValuePointerRef<'_>,
    ) -> Result<Self, FieldErrors> {
        match value {
            deserr::Value::Integer(_)
            | deserr::Value::NegativeInteger(_)
            | deserr::Value::Float(_) => Ok(Self),
            text => Line::<100>::deserialize_from_value(text, location).map(|_| Self),
        }
    }
}

impl JsonSchema for DemoClientId {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "DemoClientId".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let text = generator.subschema_for::<Line<100>>();
        json_schema!({ "anyOf": [{ "type": "number" }, text] })
    }
}
