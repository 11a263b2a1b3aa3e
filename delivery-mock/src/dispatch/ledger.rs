//! The list of deliveries, found by id or by order.
//!
//! An order has one delivery at a time: it gets another one only after the one before was
//! cancelled. A second index leads from an order to its newest delivery. Both indexes change only
//! here and together.

use std::collections::{BTreeMap, BTreeSet};

use shared_types::delivery::Delivery;
use shared_types::id::{DeliveryId, OrderRef};

use super::Refusal;
use super::status::is_finished;

#[derive(Debug, Default)]
pub(super) struct Ledger {
    by_id: BTreeMap<DeliveryId, Delivery>,
    /// The newest delivery of each order, by the order's id as text: an [`OrderRef`] has no
    /// ordering.
    by_order: BTreeMap<String, DeliveryId>,
    /// The cancelled deliveries of orders that have a newer one. They make room first, or one order
    /// whose deliveries are cancelled again and again would push out everybody's.
    replaced: BTreeSet<DeliveryId>,
}

impl Ledger {
    pub(super) fn get(&self, id: DeliveryId) -> Option<&Delivery> {
        self.by_id.get(&id)
    }

    pub(super) fn of_order(&self, order: &OrderRef) -> Option<&Delivery> {
        self.get(*self.by_order.get(order.as_str())?)
    }

    /// The oldest first.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &Delivery> {
        self.by_id.values()
    }

    pub(super) fn unfinished(&self) -> impl Iterator<Item = &Delivery> {
        self.iter().filter(|delivery| !is_finished(delivery.status))
    }

    /// Adds a delivery or replaces it.
    pub(super) fn put(&mut self, delivery: Delivery) {
        let order = delivery.order_id.as_str().to_owned();
        let newest = self.by_order.entry(order).or_insert(delivery.id);
        if *newest != delivery.id {
            self.replaced.insert(delivery.id.min(*newest));
            *newest = delivery.id.max(*newest);
        }
        self.by_id.insert(delivery.id, delivery);
    }

    /// Changes every delivery of an order, those that a newer one has replaced included.
    pub(super) fn change_all_of(&mut self, order: &OrderRef, change: impl Fn(&mut Delivery)) {
        let deliveries = self.by_id.values_mut();
        deliveries
            .filter(|delivery| delivery.order_id == *order)
            .for_each(change);
    }

    /// Makes room for one more. If there are `most` already, the oldest finished one is removed.
    ///
    /// # Errors
    /// [`Refusal::Full`]: none is finished.
    pub(super) fn make_room(&mut self, most: usize) -> Result<(), Refusal> {
        if self.by_id.len() < most {
            return Ok(());
        }
        let replaced = self.replaced.pop_first().and_then(|id| self.get(id));
        let oldest = replaced.or_else(|| self.oldest_finished()).cloned();
        let oldest = oldest.ok_or(Refusal::Full)?;
        let order = oldest.order_id.as_str();
        // Its order may have a newer one.
        if self.by_order.get(order) == Some(&oldest.id) {
            self.by_order.remove(order);
        }
        self.by_id.remove(&oldest.id);
        Ok(())
    }

    /// Whether [`make_room`](Self::make_room) would succeed.
    pub(super) fn has_room(&self, most: usize) -> bool {
        self.by_id.len() < most || self.oldest_finished().is_some()
    }

    fn oldest_finished(&self) -> Option<&Delivery> {
        self.iter().find(|delivery| is_finished(delivery.status))
    }
}

impl FromIterator<Delivery> for Ledger {
    fn from_iter<I: IntoIterator<Item = Delivery>>(deliveries: I) -> Self {
        let mut ledger = Self::default();
        for delivery in deliveries {
            ledger.put(delivery);
        }
        ledger
    }
}

#[cfg(test)]
mod tests {
    use shared_types::delivery::{Delivery, DeliveryStatus};
    use shared_types::field::FromText as _;
    use shared_types::golden;
    use shared_types::id::{DeliveryId, OrderRef};

    use super::{Ledger, Refusal};

    fn delivery(order: &str, status: DeliveryStatus) -> Delivery {
        let golden: Delivery = serde_json::from_str(golden::DELIVERY).unwrap();
        Delivery {
            id: DeliveryId::generate(),
            order_id: OrderRef::from_text(order).unwrap(),
            status,
            ..golden
        }
    }

    fn orders(ledger: &Ledger) -> Vec<&str> {
        let deliveries = ledger.iter();
        deliveries.map(|each| each.order_id.as_str()).collect()
    }

    #[test]
    fn a_delivery_is_found_by_id_and_by_order_as_it_was_last_put() {
        let mut ledger = Ledger::default();
        let before = delivery("A", DeliveryStatus::Pending);
        ledger.put(before.clone());
        let after = Delivery {
            status: DeliveryStatus::Cancelled,
            ..before
        };
        ledger.put(after.clone());
        assert_eq!(ledger.get(after.id), Some(&after));
        assert_eq!(ledger.of_order(&after.order_id), Some(&after));
        assert_eq!(orders(&ledger), ["A"]);
    }

    #[test]
    fn an_order_leads_to_its_newest_delivery_whichever_was_stored_last_or_removed() {
        use DeliveryStatus::{Cancelled, Pending};
        let [old, new] = [Cancelled, Pending].map(|status| delivery("A", status));
        let mut ledger: Ledger = [new.clone(), old.clone()].into_iter().collect();
        assert_eq!(ledger.of_order(&new.order_id), Some(&new));
        assert_eq!(orders(&ledger), ["A", "A"]);
        ledger.put(old.clone());
        assert_eq!(ledger.of_order(&new.order_id), Some(&new));
        ledger.make_room(2).unwrap();
        assert_eq!(ledger.get(old.id), None);
        assert_eq!(ledger.of_order(&new.order_id), Some(&new));
    }

    #[test]
    fn the_oldest_finished_delivery_makes_room_and_leaves_both_indexes() {
        use DeliveryStatus::{Cancelled, Delivered, Pending};
        let kept = [("A", Pending), ("B", Delivered), ("C", Cancelled)];
        let deliveries = kept.map(|(order, status)| delivery(order, status));
        let [_, oldest_finished, _] = deliveries.clone();
        let mut ledger: Ledger = deliveries.into_iter().collect();

        assert_eq!(ledger.make_room(4), Ok(()));
        assert_eq!(orders(&ledger), ["A", "B", "C"]);
        assert_eq!(ledger.make_room(3), Ok(()));
        assert_eq!(orders(&ledger), ["A", "C"]);
        assert_eq!(ledger.get(oldest_finished.id), None);
        assert_eq!(ledger.of_order(&oldest_finished.order_id), None);
    }

    #[test]
    fn nothing_unfinished_makes_room() {
        let carried = delivery("A", DeliveryStatus::ToClient);
        let mut ledger: Ledger = [carried].into_iter().collect();
        assert_eq!(ledger.make_room(1), Err(Refusal::Full));
        assert_eq!(orders(&ledger), ["A"]);
    }

    #[test]
    fn an_order_whose_deliveries_are_cancelled_again_and_again_pushes_out_no_other() {
        use DeliveryStatus::{Cancelled, Delivered};
        let other = delivery("A", Delivered);
        let mut ledger: Ledger = [other.clone()].into_iter().collect();
        for _ in 0..10 {
            ledger.make_room(3).unwrap();
            ledger.put(delivery("B", Cancelled));
        }
        assert_eq!(orders(&ledger), ["A", "B", "B"]);
        assert_eq!(ledger.of_order(&other.order_id), Some(&other));
    }
}
