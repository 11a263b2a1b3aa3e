//! The tracking of an order: its order, kitchen and delivery parts in one answer of the gateway.
//!
//! A part is passed on as its service wrote it, so a field that a service adds reaches the frontend
//! without a change here.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::delivery::Delivery;
use crate::kitchen::Ticket;
use crate::order::Order;

/// The tracking of an order. A part is null when there is none to show; `meta` says why.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Tracking {
    #[schemars(with = "Option<Order>")]
    pub order: Option<Box<RawValue>>,
    #[schemars(with = "Option<Ticket>")]
    pub kitchen: Option<Box<RawValue>>,
    #[schemars(with = "Option<Delivery>")]
    pub delivery: Option<Box<RawValue>>,
    pub meta: TrackingMeta,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TrackingMeta {
    /// Whether every service answered just now.
    pub complete: bool,
    pub parts: Parts<PartStatus>,
}

/// One for each service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Parts<T> {
    pub order: T,
    pub kitchen: T,
    pub delivery: T,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PartStatus {
    pub state: PartState,
    /// The age of a part that is not the latest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_seconds: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PartState {
    Ok,
    /// The service did not answer: this is its last answer.
    Stale,
    /// The service answered that it has none.
    NotFound,
    /// The service did not answer, and there is no earlier answer.
    Unavailable,
    /// Like `Unavailable`, because the service took too long.
    Timeout,
}

impl PartState {
    /// Whether the service answered just now.
    #[must_use]
    pub fn is_latest(self) -> bool {
        match self {
            Self::Ok | Self::NotFound => true,
            Self::Stale | Self::Unavailable | Self::Timeout => false,
        }
    }
}

impl<T> Parts<T> {
    #[must_use]
    pub fn as_ref(&self) -> Parts<&T> {
        Parts {
            order: &self.order,
            kitchen: &self.kitchen,
            delivery: &self.delivery,
        }
    }

    /// The order's part comes first.
    #[must_use]
    pub fn into_array(self) -> [T; 3] {
        [self.order, self.kitchen, self.delivery]
    }
}

#[cfg(test)]
mod tests {
    use super::Tracking;

    #[test]
    fn a_part_keeps_its_bytes_and_an_absent_one_is_null() {
        let text = concat!(
            r#"{"order":{"z":12.50,"a":1},"kitchen":null,"delivery":{"statut":"EN_ATTENTE"},"#,
            r#""meta":{"complete":false,"parts":{"order":{"state":"ok"},"#,
            r#""kitchen":{"state":"not_found"},"delivery":{"state":"stale","ageSeconds":8}}}}"#
        );
        let tracking: Tracking = serde_json::from_str(text).unwrap();
        assert!(tracking.kitchen.is_none());
        assert_eq!(serde_json::to_string(&tracking).unwrap(), text);
    }
}
