//! Who may use the routes of delivery while access is strict.

use service_kit::access::{Rule, Who};
use shared_types::account::Role::{self, Admin, Chef, Client, Courier};

/// A CLIENT sees the deliveries of their own orders, and opens them.
pub const RULES: &[Rule] = &[
    Rule::new("GET", "/openapi.json", Who::Anyone),
    Rule::new("GET", "/assigned", Who::Roles(EVERY_ROLE)),
    Rule::new("POST", "/update", Who::Roles(&[Courier, Admin])),
    Rule::new("GET", "/livreurs", Who::Roles(STAFF)),
    Rule::new("POST", "/livreurs", Who::Roles(&[Admin])),
    Rule::new("GET", "/livreurs/{id}", Who::Roles(STAFF)),
    Rule::new("PATCH", "/livreurs/{id}", Who::Roles(&[Courier, Admin])),
    Rule::new("DELETE", "/livreurs/{id}", Who::Roles(&[Admin])),
    Rule::new("GET", "/livraisons", Who::Roles(EVERY_ROLE)),
    Rule::new("POST", "/livraisons", Who::Roles(&[Client, Chef, Admin])),
    Rule::new("GET", "/livraisons/{id}", Who::Roles(EVERY_ROLE)),
    Rule::new("PATCH", "/livraisons/{id}", Who::Roles(&[Courier, Admin])),
    Rule::new(
        "POST",
        "/livraisons/{id}/assigner",
        Who::Roles(&[Chef, Courier, Admin]),
    ),
    Rule::new("POST", "/events", Who::Peers),
];

const EVERY_ROLE: &[Role] = &[Client, Chef, Courier, Admin];
const STAFF: &[Role] = &[Chef, Courier, Admin];
