//! Who may do what with menu and orders while access is strict. No I/O.

use service_kit::access::{Caller, Rule, Who};
use shared_types::account::Role::{self, Admin, Chef, Client, Courier};
use shared_types::order::OrderStatus::{self, Cancelled, Delivered, Delivering, Preparing, Ready};

/// A CLIENT is limited to their own orders by the handlers.
pub const RULES: &[Rule] = &[
    Rule::new("GET", "/openapi.json", Who::Anyone),
    Rule::new("GET", "/menu", Who::Anyone),
    Rule::new("POST", "/menu", Who::Roles(&[Chef, Admin])),
    Rule::new("POST", "/menu/import", Who::Roles(&[Admin])),
    Rule::new("GET", "/menu/export", Who::Anyone),
    Rule::new("GET", "/menu/{id}", Who::Anyone),
    Rule::new("PATCH", "/menu/{id}", Who::Roles(&[Chef, Admin])),
    Rule::new("DELETE", "/menu/{id}", Who::Roles(&[Chef, Admin])),
    Rule::new("GET", "/opening", Who::Anyone),
    Rule::new("GET", "/commandes", Who::Roles(EVERY_ROLE)),
    Rule::new("POST", "/commandes", Who::Roles(&[Client, Chef, Admin])),
    Rule::new("GET", "/commandes/{id}", Who::Roles(EVERY_ROLE)),
    Rule::new("PATCH", "/commandes/{id}/status", Who::Roles(EVERY_ROLE)),
    Rule::new("POST", "/events", Who::Peers),
    // Simulated: no real order is behind them.
    Rule::new("GET", "/demo/orders", Who::Anyone),
    Rule::new("POST", "/demo/orders", Who::Anyone),
];

const EVERY_ROLE: &[Role] = &[Client, Chef, Courier, Admin];

/// Whether the caller may give an order this status, if the order can have it.
pub(crate) fn may_mark(caller: Caller, to: OrderStatus) -> bool {
    match caller.role() {
        None | Some(Admin) => true,
        Some(Client) => to == Cancelled,
        Some(Chef) => matches!(to, Preparing | Ready | Cancelled),
        Some(Courier) => matches!(to, Delivering | Delivered),
    }
}

#[cfg(test)]
mod tests {
    use service_kit::access::Caller;
    use shared_types::account::Role;
    use shared_types::id::ClientId;
    use shared_types::order::OrderStatus;

    use super::may_mark;

    #[test]
    fn every_role_marks_what_is_its_own_work() {
        for (role, marks) in [
            ("CLIENT", &["ANNULEE"][..]),
            ("CHEF", &["EN_PREPARATION", "PRETE", "ANNULEE"]),
            ("LIVREUR", &["EN_LIVRAISON", "LIVREE"]),
            (
                "ADMIN",
                &[
                    "EN_ATTENTE",
                    "EN_PREPARATION",
                    "PRETE",
                    "EN_LIVRAISON",
                    "LIVREE",
                    "ANNULEE",
                ],
            ),
        ] {
            let role = Role::ALL.iter().find(|known| known.as_str() == role);
            let (client, role) = (ClientId::generate(), *role.unwrap());
            for to in OrderStatus::ALL {
                let may = may_mark(Caller::Client { client, role }, *to);
                assert_eq!(may, marks.contains(&to.as_str()), "{role} → {to}");
            }
        }
    }

    #[test]
    fn where_nobody_is_asked_for_a_token_everyone_marks_everything() {
        for to in OrderStatus::ALL {
            assert!(may_mark(Caller::Anyone, *to) && may_mark(Caller::Peer, *to));
        }
    }
}
