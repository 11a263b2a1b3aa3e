//! Decides who may do what to which account. No I/O: `caller` identifies who asks.
//!
//! `open` is the published contract, `strict` is for a restaurant that is not a demonstration. Both
//! are one function, so that no route can forget its rule.

mod caller;

use service_kit::access::Access;
use shared_types::account::Role;
use shared_types::id::ClientId;

pub(crate) use caller::{Caller, admit, admit_known};

#[derive(Clone, Copy, Debug)]
pub(crate) enum Action {
    List,
    Read(ClientId),
    Delete(ClientId),
    Register(Role),
    /// Newer than the published contract, so it needs a token in both modes.
    Change(ClientId),
    /// The same.
    Erase(ClientId),
    /// The same. ADMIN does not know the password that it needs.
    ChangePassword(ClientId),
}

impl Action {
    fn is_open_to_all(self) -> bool {
        match self {
            Self::List | Self::Read(_) | Self::Delete(_) | Self::Register(_) => true,
            Self::Change(_) | Self::Erase(_) | Self::ChangePassword(_) => false,
        }
    }
}

/// The caller, as far as the rules need it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Identity {
    pub(crate) client: ClientId,
    pub(crate) role: Role,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    Allowed,
    /// The rule depends on the caller, who is not identified yet.
    TokenNeeded,
    Forbidden,
}

pub(crate) fn judge(access: Access, action: Action, caller: Option<Identity>) -> Decision {
    let is_open = access == Access::Open && action.is_open_to_all();
    if is_open || matches!(action, Action::Register(Role::Client)) {
        return Decision::Allowed;
    }
    let Some(Identity { client, role }) = caller else {
        return Decision::TokenNeeded;
    };
    let allowed = match action {
        Action::List => is_staff(role),
        Action::Read(subject) => subject == client || is_staff(role),
        Action::Delete(subject) | Action::Change(subject) | Action::Erase(subject) => {
            subject == client || role == Role::Admin
        }
        Action::ChangePassword(subject) => subject == client,
        Action::Register(_) => role == Role::Admin,
    };
    if allowed {
        Decision::Allowed
    } else {
        Decision::Forbidden
    }
}

fn is_staff(role: Role) -> bool {
    match role {
        Role::Chef | Role::Courier | Role::Admin => true,
        Role::Client => false,
    }
}

#[cfg(test)]
mod tests {
    use shared_types::account::Role::{self, Admin, Chef, Client, Courier};
    use shared_types::id::ClientId;

    use service_kit::access::Access;

    use super::{Action, Decision, Identity, judge};

    /// Every action from the view of the client `own`, with the roles that may do it in strict
    /// mode.
    fn strict_rules(own: ClientId) -> Vec<(Action, &'static [Role])> {
        let other = ClientId::generate();
        vec![
            (Action::List, &[Chef, Courier, Admin]),
            (Action::Read(own), &[Client, Chef, Courier, Admin]),
            (Action::Read(other), &[Chef, Courier, Admin]),
            (Action::Delete(own), &[Client, Chef, Courier, Admin]),
            (Action::Delete(other), &[Admin]),
            (Action::Change(own), &[Client, Chef, Courier, Admin]),
            (Action::Change(other), &[Admin]),
            (Action::Erase(own), &[Client, Chef, Courier, Admin]),
            (Action::Erase(other), &[Admin]),
            (Action::ChangePassword(own), &[Client, Chef, Courier, Admin]),
            (Action::ChangePassword(other), &[]),
            (Action::Register(Client), &[Client, Chef, Courier, Admin]),
            (Action::Register(Chef), &[Admin]),
            (Action::Register(Courier), &[Admin]),
            (Action::Register(Admin), &[Admin]),
        ]
    }

    #[test]
    fn open_access_allows_the_published_routes_to_everyone() {
        let client = ClientId::generate();
        let rules = strict_rules(client).into_iter();
        for (action, _) in rules.filter(|(action, _)| action.is_open_to_all()) {
            assert_eq!(judge(Access::Open, action, None), Decision::Allowed);
            for &role in Role::ALL {
                let caller = Some(Identity { client, role });
                assert_eq!(judge(Access::Open, action, caller), Decision::Allowed);
            }
        }
    }

    #[test]
    fn a_change_needs_the_same_token_in_both_modes() {
        let client = ClientId::generate();
        let rules = strict_rules(client).into_iter();
        for (action, _) in rules.filter(|(action, _)| !action.is_open_to_all()) {
            assert_eq!(judge(Access::Open, action, None), Decision::TokenNeeded);
            for &role in Role::ALL {
                let caller = Some(Identity { client, role });
                let strict = judge(Access::Strict, action, caller);
                assert_eq!(judge(Access::Open, action, caller), strict, "{action:?}");
            }
        }
    }

    #[test]
    fn strict_access_decides_every_pair_of_action_and_role() {
        let client = ClientId::generate();
        for (action, allowed) in strict_rules(client) {
            for &role in Role::ALL {
                let expected = if allowed.contains(&role) {
                    Decision::Allowed
                } else {
                    Decision::Forbidden
                };
                let verdict = judge(Access::Strict, action, Some(Identity { client, role }));
                assert_eq!(verdict, expected, "{action:?} by {role}");
            }
        }
    }

    #[test]
    fn strict_access_asks_a_stranger_for_a_token_except_to_sign_up() {
        for (action, _) in strict_rules(ClientId::generate()) {
            let expected = match action {
                Action::Register(Client) => Decision::Allowed,
                _ => Decision::TokenNeeded,
            };
            assert_eq!(judge(Access::Strict, action, None), expected, "{action:?}");
        }
    }
}
