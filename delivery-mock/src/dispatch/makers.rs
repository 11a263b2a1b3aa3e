//! Remembers who added an entry to a list, to limit each client address.

use std::collections::BTreeMap;

use service_kit::client_address::ClientAddress;

use super::Refusal;

/// An entry from inside the restaurant has no address and is not counted.
#[derive(Debug)]
pub(super) struct Makers<T>(BTreeMap<T, ClientAddress>);

impl<T> Default for Makers<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T: Ord> Makers<T> {
    /// # Errors
    /// [`Refusal::Share`]: this client has added `most` already.
    pub(super) fn check(&self, client: Option<ClientAddress>, most: usize) -> Result<(), Refusal> {
        let own = self.0.values().filter(|other| Some(**other) == client);
        if own.count() >= most {
            return Err(Refusal::Share);
        }
        Ok(())
    }

    pub(super) fn add(&mut self, made: T, client: Option<ClientAddress>) {
        self.0.extend(client.map(|client| (made, client)));
    }

    pub(super) fn remove(&mut self, made: &T) {
        self.0.remove(made);
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use serde_json::json;
    use service_kit::client_address::ClientAddress;

    use crate::dispatch::tests::{at, parsed};
    use crate::dispatch::{Dispatch, Limits, Refusal};

    fn client(last: u8) -> Option<ClientAddress> {
        Some(IpAddr::from(Ipv4Addr::new(203, 0, 113, last)).into())
    }

    #[test]
    fn a_client_with_its_share_of_couriers_keeps_nobody_else_out() {
        let mut dispatch = Dispatch::new(Limits {
            per_client: 2,
            ..Limits::default()
        });
        let mut hire = |email: &str, client| {
            let new = parsed(json!({"nom": "Petit", "email": email}));
            dispatch.register(new, client, at(0))
        };
        let first = hire("a@example.com", client(1)).unwrap();
        assert!(hire("b@example.com", client(1)).is_ok());
        assert_eq!(hire("c@example.com", client(1)), Err(Refusal::Share));
        assert!(hire("d@example.com", client(2)).is_ok());
        assert!(hire("e@example.com", None).is_ok());
        dispatch.remove_courier(first.id, at(1)).unwrap();
        let new = parsed(json!({"nom": "Petit", "email": "c@example.com"}));
        assert!(dispatch.register(new, client(1), at(2)).is_ok());
    }

    #[test]
    fn a_client_with_its_share_of_deliveries_keeps_nobody_else_out() {
        let mut dispatch = Dispatch::new(Limits {
            per_client: 2,
            ..Limits::default()
        });
        let open = |dispatch: &mut Dispatch, order: &str, client| {
            dispatch.open(parsed(json!({"commandeId": order})), client, at(0))
        };
        let first = open(&mut dispatch, "A", client(1)).unwrap();
        assert!(open(&mut dispatch, "B", client(1)).is_ok());
        assert_eq!(open(&mut dispatch, "C", client(1)), Err(Refusal::Share));
        assert!(open(&mut dispatch, "D", client(2)).is_ok());
        let cancelled = parsed(json!({"statut": "ANNULEE"}));
        dispatch
            .change_delivery(first.id, cancelled, at(1))
            .unwrap();
        assert!(open(&mut dispatch, "C", client(1)).is_ok());
    }
}
