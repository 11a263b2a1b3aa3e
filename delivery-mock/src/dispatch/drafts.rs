//! Assigns waiting drafts to free couriers.
//!
//! After every change that may free a courier or make a draft wait, all possible drafts are
//! assigned. So no draft waits while a courier is free, and there is no notification that could be
//! forgotten.

use std::collections::{BTreeMap, BTreeSet};

use shared_types::delivery::{Courier, Delivery, DeliveryStatus};
use shared_types::field::FromText as _;
use shared_types::id::{CourierId, DeliveryId, OrderId};
use shared_types::value::Timestamp;

use super::Dispatch;
use super::status::{catch_up, is_before_pick_up};

/// The unfinished deliveries that come from events and that nobody has filled in yet.
///
/// Their keys are the orders' ids, which sort by age: the oldest order is delivered first,
/// whichever arrived first.
#[derive(Debug, Default)]
pub(super) struct Drafts(BTreeMap<String, Draft>);

#[derive(Debug)]
struct Draft {
    id: DeliveryId,
    declined: Declined,
}

/// The couriers who had an order's delivery and gave it back. They do not get it again by themselves.
pub(super) type Declined = BTreeSet<CourierId>;

impl Drafts {
    pub(super) fn add(&mut self, draft: &Delivery, declined: Declined) {
        let order = draft.order_id.as_str().to_owned();
        let id = draft.id;
        self.0.insert(order, Draft { id, declined });
    }

    pub(super) fn has(&self, delivery: &Delivery) -> bool {
        let draft = self.0.get(delivery.order_id.as_str());
        draft.is_some_and(|draft| draft.id == delivery.id)
    }

    /// Notes that the courier does not want the delivery, if it is a draft.
    pub(super) fn decline(&mut self, delivery: &Delivery, courier: CourierId) {
        let draft = self.0.get_mut(delivery.order_id.as_str());
        if let Some(draft) = draft.filter(|draft| draft.id == delivery.id) {
            draft.declined.insert(courier);
        }
    }

    /// Forgets a courier who is gone.
    pub(super) fn forget(&mut self, courier: CourierId) {
        for draft in self.0.values_mut() {
            draft.declined.remove(&courier);
        }
    }

    /// Who has declined the delivery; `None` if it was no draft.
    pub(super) fn remove(&mut self, delivery: &Delivery) -> Option<Declined> {
        let is_draft = self.has(delivery);
        let draft = is_draft.then(|| self.0.remove(delivery.order_id.as_str()));
        Some(draft??.declined)
    }
}

impl Dispatch {
    /// Assigns the draft of the oldest order to the courier who has been here longest. The courier
    /// has not set out yet, so the status stays.
    pub(super) fn assign_drafts(&mut self, now: Timestamp) {
        let drafts = self.drafts.0.values();
        let drafts = drafts.filter_map(|draft| Some((self.deliveries.get(draft.id)?, draft)));
        let mut waiting = drafts
            .filter(|(draft, _)| draft.courier_id.is_none() && is_before_pick_up(draft.status))
            .peekable();
        if waiting.peek().is_none() {
            return; // as most of the time; spares the search for free couriers
        }
        let mut free = self.free_couriers();
        let mut assigned = Vec::new();
        while !free.is_empty()
            && let Some((delivery, Draft { declined, .. })) = waiting.next()
        {
            if let Some(next) = free.iter().position(|one| !declined.contains(one)) {
                let mut delivery = delivery.clone();
                delivery.courier_id = Some(free.remove(next));
                assigned.push(delivery);
            }
        }
        for delivery in assigned {
            self.put(delivery, now);
        }
    }

    /// An order that is still to be delivered gets a new draft for its cancelled delivery, with what
    /// the clients and the restaurant filled in.
    pub(super) fn draft_again(&mut self, last: &Delivery, mut declined: Declined, now: Timestamp) {
        let newest = self.deliveries.of_order(&last.order_id).map(|one| one.id);
        if last.status != DeliveryStatus::Cancelled || newest != Some(last.id) {
            return;
        }
        let order = OrderId::from_text(last.order_id.as_str());
        let Ok(Some(order)) = order.map(|order| self.awaited.get(&order)) else {
            return;
        };
        let draft = Delivery {
            id: DeliveryId::generate(),
            courier_id: None,
            status: catch_up(DeliveryStatus::Pending, *order),
            created_at: now,
            updated_at: now,
            ..last.clone()
        };
        // There is room, if need be that of the cancelled one.
        if self.deliveries.make_room(self.limits.deliveries).is_err() {
            return;
        }
        declined.extend(last.courier_id);
        self.drafts.add(&draft, declined);
        self.deliveries.put(draft);
    }

    /// The available couriers without a delivery, the oldest first.
    fn free_couriers(&self) -> Vec<CourierId> {
        let unfinished = self.deliveries.unfinished();
        let carrying: BTreeSet<_> = unfinished.filter_map(|each| each.courier_id).collect();
        let free = |each: &&Courier| each.available && !carrying.contains(&each.id);
        let couriers = self.couriers.values().filter(free);
        couriers.map(|each| each.id).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use shared_types::delivery::{Delivery, DeliveryStatus};
    use shared_types::id::CourierId;
    use shared_types::order::{Order, OrderStatus};

    use crate::dispatch::orders::tests::{delivery_of, order, order_ref};
    use crate::dispatch::tests::{at, hire, learn, parsed};
    use crate::dispatch::{Dispatch, Limits};

    fn ready(dispatch: &mut Dispatch) -> Order {
        let order = order(OrderStatus::Ready);
        learn(dispatch, &order, 0).unwrap();
        order
    }

    fn carrier(dispatch: &Dispatch, order: &Order) -> Option<CourierId> {
        delivery_of(dispatch, order).unwrap().courier_id
    }

    /// Two couriers, and three drafts of which the third waits.
    fn one_draft_too_many() -> (Dispatch, [CourierId; 2], [Order; 3]) {
        let mut dispatch = Dispatch::new(Limits::default());
        let couriers = ["a@example.com", "b@example.com"];
        let couriers = couriers.map(|email| hire(&mut dispatch, email).unwrap());
        let orders = [(); 3].map(|()| ready(&mut dispatch));
        (dispatch, couriers, orders)
    }

    #[test]
    fn the_oldest_courier_who_is_free_gets_the_draft_and_has_not_set_out() {
        let (dispatch, [first, second], [a, b, c]) = one_draft_too_many();
        assert_eq!(carrier(&dispatch, &a), Some(first));
        assert_eq!(carrier(&dispatch, &b), Some(second));
        assert_eq!(carrier(&dispatch, &c), None);
        let drafted = delivery_of(&dispatch, &a).unwrap();
        assert_eq!(drafted.status, DeliveryStatus::Pending);
    }

    #[test]
    fn a_waiting_draft_goes_to_the_next_free_courier() {
        type Change = fn(&mut Dispatch, [CourierId; 2], &[Order; 3]);
        let hand_over: Change = |dispatch, _, [_, b, _]| {
            let marked = dispatch.mark(&order_ref(b), DeliveryStatus::Delivered, at(1));
            assert_eq!(marked, Ok(DeliveryStatus::Delivered));
        };
        let cancel: Change = |dispatch, _, [_, b, _]| {
            let id = delivery_of(dispatch, b).unwrap().id;
            let change = parsed(json!({"statut": "ANNULEE"}));
            dispatch.change_delivery(id, change, at(1)).unwrap();
        };
        let order_cancelled: Change = |dispatch, _, [_, b, _]| {
            let status = OrderStatus::Cancelled;
            let cancelled = Order {
                status,
                ..b.clone()
            };
            learn(dispatch, &cancelled, 1).unwrap();
        };
        let reassign: Change = |dispatch, [first, _], [_, b, _]| {
            let id = delivery_of(dispatch, b).unwrap().id;
            dispatch.assign(id, Some(first), at(1)).unwrap();
        };
        let fill_in: Change = |dispatch, _, [_, b, _]| {
            dispatch
                .open(parsed(json!({"commandeId": order_ref(b)})), None, at(1))
                .unwrap();
        };
        for (what, change) in [
            ("handed over", hand_over),
            ("cancelled", cancel),
            ("the order cancelled", order_cancelled),
            ("given to another", reassign),
            ("filled in", fill_in),
        ] {
            let (mut dispatch, couriers, orders) = one_draft_too_many();
            change(&mut dispatch, couriers, &orders);
            let [_, second] = couriers;
            let waited = delivery_of(&dispatch, &orders[2]).unwrap();
            assert_eq!(waited.courier_id, Some(second), "{what}");
            assert_eq!(waited.updated_at, at(1), "{what}");
        }
    }

    #[test]
    fn a_waiting_draft_goes_to_a_courier_who_arrives_or_comes_back() {
        let (mut dispatch, _, [_, _, waiting]) = one_draft_too_many();
        let third = hire(&mut dispatch, "c@example.com").unwrap();
        assert_eq!(carrier(&dispatch, &waiting), Some(third));

        let mut dispatch = Dispatch::new(Limits::default());
        let off = hire(&mut dispatch, "a@example.com").unwrap();
        let available = |available: bool, dispatch: &mut Dispatch| {
            let change = parsed(json!({"disponible": available}));
            dispatch.change_courier(off, change, at(1)).unwrap();
        };
        available(false, &mut dispatch);
        let waiting = ready(&mut dispatch);
        assert_eq!(carrier(&dispatch, &waiting), None);
        available(true, &mut dispatch);
        assert_eq!(carrier(&dispatch, &waiting), Some(off));
    }

    #[test]
    fn the_draft_of_a_courier_who_leaves_is_given_out_before_a_younger_one() {
        let (mut dispatch, [first, second], [a, b, c]) = one_draft_too_many();
        dispatch.remove_courier(first, at(1)).unwrap();
        assert_eq!(carrier(&dispatch, &a), None);
        dispatch
            .mark(&order_ref(&b), DeliveryStatus::Delivered, at(2))
            .unwrap();
        assert_eq!(carrier(&dispatch, &a), Some(second));
        assert_eq!(carrier(&dispatch, &c), None);
    }

    #[test]
    fn the_older_order_is_delivered_first_even_if_its_event_came_later() {
        let mut dispatch = Dispatch::new(Limits::default());
        let [older, younger] = [(); 2].map(|()| order(OrderStatus::Ready));
        for heard in [&younger, &older] {
            learn(&mut dispatch, heard, 0).unwrap();
        }
        let first = hire(&mut dispatch, "a@example.com").unwrap();
        assert_eq!(carrier(&dispatch, &older), Some(first));
        assert_eq!(carrier(&dispatch, &younger), None);
    }

    #[test]
    fn an_opened_or_filled_in_delivery_is_left_for_couriers_to_take() {
        let mut dispatch = Dispatch::new(Limits::default());
        let waiting = ready(&mut dispatch);
        for order in [order_ref(&waiting), order_ref(&order(OrderStatus::Ready))] {
            let opened = dispatch.open(parsed(json!({"commandeId": order})), None, at(1));
            let Delivery { id, courier_id, .. } = opened.unwrap();
            assert_eq!(courier_id, None);
            let _ = hire(&mut dispatch, &format!("{id}@example.com")).unwrap();
            assert_eq!(dispatch.delivery(id).unwrap().courier_id, None);
        }
    }
}
