//! The tracking of an order, which the gateway makes of its order, kitchen and delivery parts.
//!
//! A part is passed on as its service wrote it, so a field that a service adds reaches the frontend
//! without a change here.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{PartClosure, PartStatus};
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
    /// The closures of the services, present or announced: at most one for each service.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub closures: Vec<PartClosure>,
}

/// One for each service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Parts<T> {
    pub order: T,
    pub kitchen: T,
    pub delivery: T,
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
