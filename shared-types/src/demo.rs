//! The older demo routes. They are simulated: no real account or order is behind them.

use deserr::Deserr;
use serde::{Deserialize, Serialize};

use crate::account::Role;
use crate::field::{FieldErrors, Line};
use crate::order::OrderStatus;

/// `POST /demo/login`.
#[derive(Debug, Deserr)]
#[deserr(error = FieldErrors)]
pub struct DemoLogin {
    pub username: Line<100>,
    pub password: Line<1024>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DemoToken {
    pub token: String,
    pub role: Role,
}

/// `POST /demo/orders`.
#[derive(Clone, Debug, Deserr)]
#[deserr(error = FieldErrors)]
pub struct NewDemoOrder {
    pub client_id: DemoClientId,
    pub items: Vec<Line<100>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DemoOrder {
    pub order_id: String,
    pub status: OrderStatus,
    pub items: Vec<Line<100>>,
}

/// A row of `GET /demo/orders`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DemoOrderRow {
    pub order_id: String,
    pub status: OrderStatus,
}

/// The older clients send a number or a text. It is asked for and not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DemoClientId;

impl Deserr<FieldErrors> for DemoClientId {
    fn deserialize_from_value<V: deserr::IntoValue>(
        value: deserr::Value<V>,
        location: deserr::ValuePointerRef<'_>,
    ) -> Result<Self, FieldErrors> {
        match value {
            deserr::Value::Integer(_) => Ok(Self),
            text => Line::<100>::deserialize_from_value(text, location).map(|_| Self),
        }
    }
}
