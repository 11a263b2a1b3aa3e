//! The state of each part of an answer that the gateway makes of several services' answers.

pub mod tracking;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::gateway::ClosureNotice;

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

/// A closure that makes parts of the answer missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PartClosure {
    /// The service of the parts.
    pub service: String,
    #[serde(flatten)]
    pub notice: ClosureNotice,
}
