//! Who may do what with kept requests while access is strict.

use service_kit::access::{Rule, Who};
use shared_types::account::Role::{self, Admin, Chef, Client, Courier};

/// A request is kept for whoever could send it to the upstream: the counter checks the token, and
/// the upstream checks it again at the delivery. A CLIENT is limited to their own by the handlers.
pub const RULES: &[Rule] = &[
    Rule::new("GET", "/openapi.json", Who::Anyone),
    Rule::new("POST", TAKING, Who::Roles(EVERY_ROLE)),
    Rule::new("PUT", TAKING, Who::Roles(EVERY_ROLE)),
    Rule::new("PATCH", TAKING, Who::Roles(EVERY_ROLE)),
    Rule::new("DELETE", TAKING, Who::Roles(EVERY_ROLE)),
    // The gateway asks it as its probe, and tells everybody how many wait.
    Rule::new("GET", "/deferred", Who::Anyone),
    Rule::new("GET", "/differe/{id}", Who::Roles(EVERY_ROLE)),
    Rule::new("DELETE", "/differe/{id}", Who::Roles(EVERY_ROLE)),
];

pub(crate) const TAKING: &str = "/deferred/{upstream}/{target:.*}";

const EVERY_ROLE: &[Role] = &[Client, Chef, Courier, Admin];
