//! The rules: which route is for whom. No I/O.

use shared_types::account::Role;

use super::caller::Caller;

/// Whom a route is for, with `ACCESS=strict`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Everyone, with or without a token.
    Anyone,
    /// Those who log in with one of these roles, and the other services.
    Roles(&'static [Role]),
    /// The other services only.
    Peers,
}

/// The rule of one route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    pub method: &'static str,
    /// The path as it is declared: `/commandes/{id}`.
    pub path: &'static str,
    pub who: Who,
}

impl Rule {
    #[must_use]
    pub const fn new(method: &'static str, path: &'static str, who: Who) -> Self {
        Self { method, path, who }
    }

    /// A route without a rule is for nobody but ADMIN: one that was forgotten must not be open.
    pub(super) fn of(rules: &[Self], method: &str, path: &str) -> Who {
        let rule = rules
            .iter()
            .find(|rule| rule.method == method && rule.path == path);
        rule.map_or(Who::Roles(&[Role::Admin]), |rule| rule.who)
    }
}

impl Who {
    /// Whether a caller who is identified may go on.
    pub(super) fn includes(self, caller: Caller) -> bool {
        match (self, caller) {
            (Self::Anyone, _) | (_, Caller::Peer) => true,
            (Self::Peers, _) => false,
            (Self::Roles(roles), Caller::Client { role, .. }) => roles.contains(&role),
            // Nobody is unidentified where access is strict.
            (Self::Roles(_), Caller::Anyone) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use shared_types::account::Role;
    use shared_types::id::ClientId;

    use super::{Caller, Rule, Who};

    fn logged_in(role: Role) -> Caller {
        let client = ClientId::generate();
        Caller::Client { client, role }
    }

    #[test]
    fn a_route_is_for_its_roles_and_the_other_services() {
        let who = Who::Roles(&[Role::Chef, Role::Admin]);
        for &role in Role::ALL {
            let expected = matches!(role, Role::Chef | Role::Admin);
            assert_eq!(who.includes(logged_in(role)), expected, "{role}");
        }
        assert!(who.includes(Caller::Peer));
        assert!(!who.includes(Caller::Anyone));
    }

    #[test]
    fn a_route_for_the_services_is_for_no_role() {
        assert!(Who::Peers.includes(Caller::Peer));
        for &role in Role::ALL {
            assert!(!Who::Peers.includes(logged_in(role)), "{role}");
        }
    }

    #[test]
    fn a_forgotten_route_is_not_open() {
        const RULES: &[Rule] = &[Rule::new("GET", "/menu", Who::Anyone)];
        assert_eq!(Rule::of(RULES, "GET", "/menu"), Who::Anyone);
        for (method, path) in [("POST", "/menu"), ("GET", "/menu/{id}")] {
            assert_eq!(
                Rule::of(RULES, method, path),
                Who::Roles(&[Role::Admin]),
                "{method} {path}"
            );
        }
    }
}
