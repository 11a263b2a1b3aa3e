//! The wire contract as types: what every body, id, price and status looks like to a frontend.
//!
//! This is the one place that knows the French of the wire; the rest of the code speaks English. Request
//! bodies are *parsed* (`deserr`), so that a value of one of these types is valid by construction and every
//! bad field of a body is reported at once; answers are plain serde types, which consumers read back.
//! There is no I/O here and nothing of any web framework.

pub mod account;
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
pub mod tracking;
pub mod value;
mod wire_enum;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The body of an answer that only confirms what was done: `{"message": "…"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Confirmation {
    pub message: String,
}
