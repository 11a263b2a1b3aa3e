//! Whose the orders are, as far as events have told. No I/O.

use std::collections::BTreeMap;

use shared_types::field::FromText as _;
use shared_types::id::{ClientId, OrderId, OrderRef};

/// The ids of orders sort by age, so the oldest order is forgotten first.
#[derive(Debug, Default)]
pub(super) struct Owners(BTreeMap<OrderId, ClientId>);

impl Owners {
    pub(super) fn remember(&mut self, order: OrderId, client: ClientId, most: usize) {
        self.0.insert(order, client);
        if self.0.len() > most {
            self.0.pop_first();
        }
    }

    pub(super) fn forget(&mut self, order: OrderId) {
        self.0.remove(&order);
    }

    /// Whether the order is the client's. An order that no event told of is nobody's.
    pub(super) fn owns(&self, client: ClientId, order: &OrderRef) -> bool {
        let order = OrderId::from_text(order.as_str());
        order.is_ok_and(|order| self.0.get(&order) == Some(&client))
    }
}

#[cfg(test)]
mod tests {
    use shared_types::field::FromText as _;
    use shared_types::id::{ClientId, OrderId, OrderRef};

    use super::Owners;

    #[test]
    fn an_order_is_its_clients_until_it_is_forgotten() {
        let mut owners = Owners::default();
        let (client, other) = (ClientId::generate(), ClientId::generate());
        let (old, new) = (OrderId::generate(), OrderId::generate());
        owners.remember(old, client, 1);
        assert!(owners.owns(client, &old.into()) && !owners.owns(other, &old.into()));
        owners.remember(new, client, 1);
        assert!(owners.owns(client, &new.into()) && !owners.owns(client, &old.into()));
        owners.forget(new);
        assert!(!owners.owns(other, &new.into()));
        let sample = OrderRef::from_text("CMD1234").unwrap();
        assert!(!owners.owns(client, &sample));
    }
}
