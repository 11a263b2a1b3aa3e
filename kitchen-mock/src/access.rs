//! Who may use the kitchen's routes while access is strict.

use service_kit::access::{Rule, Who};
use shared_types::account::Role::{Admin, Chef, Client, Courier};

/// A CLIENT sees the tickets of their own orders.
pub const RULES: &[Rule] = &[
    Rule::new("GET", "/openapi.json", Who::Anyone),
    Rule::new(
        "GET",
        "/orders",
        Who::Roles(&[Client, Chef, Courier, Admin]),
    ),
    Rule::new("POST", "/update", Who::Roles(&[Chef, Admin])),
    Rule::new("POST", "/events", Who::Peers),
];
