//! A request that waits until its service is back (`outage = "defer"`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::Order;
use crate::id::DeferredId;
use crate::value::Timestamp;
use crate::wire_enum::wire_enum;

wire_enum! {
    /// The status of an order that is kept, beside those of orders.
    pub enum PromiseStatus {
        Unconfirmed = "EN_ATTENTE_DE_CONFIRMATION",
    }
}

/// The answer to a request that is kept: also all that its JSON object says under other names.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Promise {
    /// The id of the order, too, unless the order was made before the request was deferred.
    pub id: DeferredId,
    pub status: PromiseStatus,
    /// What is promised and what is not, in the caller's language.
    pub message: String,
}

/// What became of a deferred request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeferredState {
    Pending,
    Accepted,
    Refused,
    Withdrawn,
    Expired,
}

impl DeferredState {
    pub const ALL: [Self; 5] = [
        Self::Pending,
        Self::Accepted,
        Self::Refused,
        Self::Withdrawn,
        Self::Expired,
    ];

    /// The spelling on the wire and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
            Self::Expired => "expired",
        }
    }

    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// A deferred request.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Deferred {
    /// The id of the order, too, unless the order was made before the request was deferred.
    pub id: DeferredId,
    pub status: DeferredState,
    /// What is promised and what is not, in the caller's language.
    pub message: String,
    pub created_at: Timestamp,
    /// Since when the status has been this one.
    pub since: Timestamp,
    /// It is not sent after this time.
    pub expires_at: Timestamp,
    /// The answer of the service, if it accepted the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Order>")]
    pub result: Option<Box<RawValue>>,
    /// The problem with which the service refused the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Map<String, Value>>")]
    pub problem: Option<Box<RawValue>>,
}

/// The requests that wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeferredQueue {
    pub waiting: u64,
    /// When the oldest of them was taken; absent if none waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::DeferredState;

    #[test]
    fn every_state_is_found_by_its_spelling() {
        for state in DeferredState::ALL {
            assert_eq!(DeferredState::of(state.as_str()), Some(state));
            let spelled = serde_json::to_value(state).unwrap();
            assert_eq!(spelled, state.as_str());
        }
        assert_eq!(DeferredState::of("lost"), None);
    }
}
