//! Learns of orders from the order service: one by an event, or all of them after a restart.
//!
//! Only the order's status counts, not which event brought it. A status only goes up, so the
//! furthest one received is right; repeated, late or lost events do no harm, and no event id is
//! remembered.

use order_feed::Admission;
use shared_types::kitchen::{Ticket, TicketLine};
use shared_types::order::{Order, OrderLine, OrderStage};
use shared_types::value::Timestamp;

use super::{Kitchen, Open, Refusal};

/// Far more than any kitchen can cook. There must be a limit, since orders may come in while nobody
/// marks them. Further orders wait at the order service.
const MAX_OPEN: usize = 10_000;

impl Kitchen {
    /// Brings an order to the status that it has at the order service, with a new ticket if there
    /// is something left to prepare.
    ///
    /// # Errors
    /// [`Refusal::Full`] for a new ticket when there is no room, or older orders come first. The
    /// order may be told again later.
    pub(crate) fn learn(
        &mut self,
        order: &Order,
        admission: Admission,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let id = order.id.to_string();
        match self.status_of(&id) {
            Some(known) if known.rank() >= order.status.rank() => {}
            None if order.status.stage() == OrderStage::Kitchen => {
                if admission == Admission::Closed || !self.has_room() {
                    return Err(Refusal::Full);
                }
                let ticket = ticket(order, now);
                let open = Open {
                    ticket,
                    ordered_at: order.created_at,
                    client: Some(order.client_id),
                };
                self.open.insert(id, open);
            }
            _ => self.set(&id, order.status),
        }
        Ok(())
    }

    /// Whether there is room for another ticket.
    pub(crate) fn has_room(&self) -> bool {
        self.open.len() < MAX_OPEN
    }
}

fn ticket(order: &Order, received_at: Timestamp) -> Ticket {
    let line = |line: &OrderLine| TicketLine {
        name: line.name.clone(),
        quantity: line.quantity,
        comment: line.comment.clone(),
        allergens: line.allergens.clone(),
    };
    Ticket {
        order_id: order.id.into(),
        status: order.status,
        items: order.items.iter().map(line).collect(),
        comment: order.comment.clone(),
        guests: order.guests,
        mode: order.mode,
        wished_for: order.wished_for,
        received_at,
    }
}

#[cfg(test)]
mod tests {
    use order_feed::Admission;
    use proptest::prelude::{Just, Strategy, proptest};
    use proptest::sample::{select, subsequence};
    use shared_types::golden;
    use shared_types::id::{OrderId, OrderRef};
    use shared_types::order::{Order, OrderStatus};
    use shared_types::value::Timestamp;

    use super::MAX_OPEN;
    use crate::kitchen::tests::mark;
    use crate::kitchen::{Kitchen, Refusal, Step};

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis).unwrap()
    }

    fn order(status: OrderStatus) -> Order {
        let golden: Order = serde_json::from_str(golden::ORDER).unwrap();
        Order { status, ..golden }
    }

    fn another(status: OrderStatus) -> Order {
        Order {
            id: OrderId::generate(),
            ..order(status)
        }
    }

    fn learn(kitchen: &mut Kitchen, order: &Order, millis: i64) -> Result<(), Refusal> {
        kitchen.learn(order, Admission::Open, at(millis))
    }

    fn kitchen_with(orders: &[Order]) -> Kitchen {
        let mut kitchen = Kitchen::default();
        for order in orders {
            learn(&mut kitchen, order, 0).unwrap();
        }
        kitchen
    }

    #[test]
    fn a_new_order_becomes_a_ticket() {
        let order = order(OrderStatus::Pending);
        let mut kitchen = Kitchen::default();
        learn(&mut kitchen, &order, 7).unwrap();
        let [ticket] = &kitchen.open_tickets(None)[..] else {
            panic!("one ticket");
        };
        assert_eq!(ticket.order_id.as_str(), order.id.to_string());
        assert_eq!(
            (ticket.status, ticket.received_at),
            (OrderStatus::Pending, at(7))
        );
        let lines = ticket.items.iter().map(|line| (&line.name, line.quantity));
        assert!(lines.eq(order.items.iter().map(|line| (&line.name, line.quantity))));
    }

    #[test]
    fn an_order_that_arrives_past_the_kitchen_gets_no_ticket_even_if_an_older_event_follows() {
        use OrderStatus::{Cancelled, Delivered, Delivering, Pending, Preparing, Ready};
        for past in [Ready, Delivering, Delivered, Cancelled] {
            let kitchen = kitchen_with(&[order(past), order(Pending), order(Preparing)]);
            assert_eq!(kitchen.open_tickets(None), [], "{past}");
        }
    }

    #[test]
    fn a_mark_made_here_outlives_the_older_status_that_follows() {
        let mut kitchen = kitchen_with(&[order(OrderStatus::Pending)]);
        let id = order(OrderStatus::Pending).id.into();
        mark(&mut kitchen, &id, OrderStatus::Ready).unwrap();
        learn(&mut kitchen, &order(OrderStatus::Preparing), 1).unwrap();
        assert_eq!(kitchen.open_tickets(None), []);
        let repeated = mark(&mut kitchen, &id, OrderStatus::Ready);
        assert_eq!(repeated, Ok(Step::Stay));
    }

    #[test]
    fn an_event_between_the_check_of_a_mark_and_the_mark_wins() {
        let mut kitchen = kitchen_with(&[order(OrderStatus::Pending)]);
        let id = order(OrderStatus::Pending).id.into();
        assert_eq!(kitchen.check(&id, OrderStatus::Ready), Ok(Step::Move));
        learn(&mut kitchen, &order(OrderStatus::Cancelled), 1).unwrap();
        kitchen.mark(&id, OrderStatus::Ready);
        let cancelled = kitchen.status_of(id.as_str());
        assert_eq!(cancelled, Some(OrderStatus::Cancelled));
    }

    #[test]
    fn an_order_under_way_takes_only_the_repetition_of_its_status() {
        use OrderStatus::{Cancelled, Delivered, Delivering, Ready};
        for from in [Delivering, Delivered] {
            let mut kitchen = kitchen_with(&[order(OrderStatus::Pending), order(from)]);
            let id = order(from).id.into();
            assert_eq!(mark(&mut kitchen, &id, from), Ok(Step::Stay));
            for to in [Ready, Cancelled] {
                let refusal = Refusal::ImpossibleMove { from, to };
                assert_eq!(mark(&mut kitchen, &id, to), Err(refusal));
            }
        }
    }

    #[test]
    fn tickets_are_listed_by_the_age_of_their_orders_whatever_their_ids_and_arrival() {
        let mut orders: Vec<_> = (0..3).map(|_| another(OrderStatus::Pending)).collect();
        for (order, millis) in orders.iter_mut().rev().zip(0..) {
            order.created_at = at(millis);
        }
        let mut kitchen = Kitchen::default();
        for (number, heard) in [1, 0, 2].into_iter().zip(0..) {
            learn(&mut kitchen, &orders[number], heard).unwrap();
        }
        let listed = kitchen
            .open_tickets(None)
            .into_iter()
            .map(|ticket| ticket.order_id);
        assert!(listed.eq(orders.iter().rev().map(|order| OrderRef::from(order.id))));
    }

    #[test]
    fn a_full_kitchen_takes_a_new_order_once_another_has_left() {
        let orders: Vec<_> = (0..MAX_OPEN)
            .map(|_| another(OrderStatus::Pending))
            .collect();
        let mut kitchen = kitchen_with(&orders);
        let late = order(OrderStatus::Pending);
        assert_eq!(learn(&mut kitchen, &late, 1), Err(Refusal::Full));

        // Even when full, a repetition is recognised.
        let first = orders[0].id.into();
        assert_eq!(learn(&mut kitchen, &orders[0], 1), Ok(()));
        mark(&mut kitchen, &first, OrderStatus::Ready).unwrap();
        assert_eq!(learn(&mut kitchen, &late, 2), Ok(()));
        assert_eq!(kitchen.open_tickets(None).len(), MAX_OPEN);
    }

    #[test]
    fn while_older_orders_come_first_only_known_orders_move_on() {
        let known = order(OrderStatus::Pending);
        let mut kitchen = kitchen_with(std::slice::from_ref(&known));
        let mut closed = |order: &Order| kitchen.learn(order, Admission::Closed, at(1));
        let new = another(OrderStatus::Pending);
        assert_eq!(closed(&new), Err(Refusal::Full));
        assert_eq!(closed(&order(OrderStatus::Preparing)), Ok(()));
        assert_eq!(closed(&another(OrderStatus::Cancelled)), Ok(()));
        let [ticket] = &kitchen.open_tickets(None)[..] else {
            panic!("one ticket");
        };
        assert_eq!(ticket.status, OrderStatus::Preparing);
    }

    /// A sequence of statuses, and its events as they may arrive: each at least once, in any order.
    fn lives() -> impl Strategy<Value = (Vec<OrderStatus>, Vec<OrderStatus>)> {
        subsequence(OrderStatus::ALL, 1..=OrderStatus::ALL.len()).prop_flat_map(|life| {
            let repeats = proptest::collection::vec(select(life.clone()), 0..10);
            let heard = repeats
                .prop_map({
                    let life = life.clone();
                    move |repeats| [life.clone(), repeats].concat()
                })
                .prop_shuffle();
            (Just(life), heard)
        })
    }

    proptest! {
        #[test]
        fn any_shuffle_of_an_orders_events_ends_as_its_last_alone((life, heard) in lives()) {
            let last = order(*life.last().unwrap());
            let heard: Vec<_> = heard.into_iter().map(order).collect();
            let (all, alone) = (kitchen_with(&heard), kitchen_with(std::slice::from_ref(&last)));
            assert_eq!(all.open_tickets(None), alone.open_tickets(None));
            assert_eq!(all.status_of(&last.id.to_string()), Some(last.status));
        }
    }
}
