//! The wire contract as types: bodies, ids, prices and statuses as a frontend sees them.
//!
//! Only this crate knows the French of the wire; the other code is in English. Request bodies are
//! *parsed* (`deserr`): a value of one of these types is valid by construction, and every invalid
//! field of a body is reported at once. Answers are plain serde types, which consumers read back.
//! There is no I/O here and no web framework.

pub mod account;
pub mod aggregate;
pub mod delivery;
pub mod demo;
pub mod event;
pub mod field;
pub mod gateway;
pub mod golden;
pub mod id;
pub mod kitchen;
pub mod menu;
pub mod order;
pub mod problem;
mod schema;
pub mod text;
pub mod value;
mod wire_enum;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An answer that only confirms an action: `{"message": "…"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Confirmation {
    pub message: String,
}
