//! What the kitchen hears about orders from the order service: an event at a time, or all there is after a restart.
//!
//! Only the order's status counts, not which event brought it. A status only goes up, so the furthest that was heard
//! is right, whatever was repeated, came late or never came, and no event needs to be remembered by its id.

use shared_types::kitchen::{Ticket, TicketLine};
use shared_types::order::{Order, OrderLine};
use shared_types::value::Timestamp;

use super::{Kitchen, Refusal, is_open};

/// Far more than any kitchen can cook. A bound there must be, since orders may come in while nobody marks them.
const MAX_OPEN: usize = 10_000;

impl Kitchen {
    /// Brings an order to where the order service has it, with a new ticket where there is something left to prepare.
    ///
    /// # Errors
    /// [`Refusal::Full`] for a new ticket where there is no room; the same order may be told again later.
    pub(crate) fn learn(&mut self, order: &Order, now: Timestamp) -> Result<(), Refusal> {
        let id = order.id.to_string();
        match self.status_of(&id) {
            Some(known) if known.rank() >= order.status.rank() => {}
            None if is_open(order.status) => {
                if self.open.len() >= MAX_OPEN {
                    return Err(Refusal::Full);
                }
                self.open.insert(id, ticket(order, now));
            }
            _ => self.set(&id, order.status),
        }
        Ok(())
    }
}

fn ticket(order: &Order, received_at: Timestamp) -> Ticket {
    let line = |line: &OrderLine| TicketLine {
        name: line.name.clone(),
        quantity: line.quantity,
    };
    Ticket {
        order_id: order.id.into(),
        status: order.status,
        items: order.items.iter().map(line).collect(),
        received_at,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Just, Strategy, proptest};
    use proptest::sample::{select, subsequence};
    use shared_types::golden;
    use shared_types::id::{OrderId, OrderRef};
    use shared_types::order::{Order, OrderStatus};
    use shared_types::value::Timestamp;

    use super::MAX_OPEN;
    use crate::kitchen::{Kitchen, Refusal};

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

    fn told(orders: &[Order]) -> Kitchen {
        let mut kitchen = Kitchen::default();
        for order in orders {
            kitchen.learn(order, at(0)).unwrap();
        }
        kitchen
    }

    #[test]
    fn a_new_order_becomes_a_ticket() {
        let order = order(OrderStatus::Pending);
        let mut kitchen = Kitchen::default();
        kitchen.learn(&order, at(7)).unwrap();
        let [ticket] = &kitchen.open_tickets()[..] else {
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
    fn an_order_first_heard_of_past_the_kitchen_gets_no_ticket_even_if_an_older_event_follows() {
        use OrderStatus::{Cancelled, Delivered, Delivering, Pending, Preparing, Ready};
        for past in [Ready, Delivering, Delivered, Cancelled] {
            let kitchen = told(&[order(past), order(Pending), order(Preparing)]);
            assert_eq!(kitchen.open_tickets(), [], "{past}");
        }
    }

    #[test]
    fn a_mark_made_here_outlives_the_older_status_that_follows() {
        let mut kitchen = told(&[order(OrderStatus::Pending)]);
        let id = order(OrderStatus::Pending).id.into();
        kitchen.mark(&id, OrderStatus::Ready).unwrap();
        kitchen
            .learn(&order(OrderStatus::Preparing), at(1))
            .unwrap();
        assert_eq!(kitchen.open_tickets(), []);
        assert_eq!(
            kitchen.mark(&id, OrderStatus::Ready),
            Ok(OrderStatus::Ready)
        );
    }

    #[test]
    fn an_order_under_way_takes_only_the_repetition_of_its_status() {
        use OrderStatus::{Cancelled, Delivered, Delivering, Ready};
        for from in [Delivering, Delivered] {
            let mut kitchen = told(&[order(OrderStatus::Pending), order(from)]);
            let id = order(from).id.into();
            assert_eq!(kitchen.mark(&id, from), Ok(from));
            for to in [Ready, Cancelled] {
                let refusal = Refusal::ImpossibleMove { from, to };
                assert_eq!(kitchen.mark(&id, to), Err(refusal));
            }
        }
    }

    #[test]
    fn tickets_are_listed_oldest_first_whatever_their_ids() {
        let orders: Vec<_> = (0..3).map(|_| another(OrderStatus::Pending)).collect();
        let mut kitchen = Kitchen::default();
        for (order, millis) in orders.iter().rev().zip(0..) {
            kitchen.learn(order, at(millis)).unwrap();
        }
        let listed = kitchen
            .open_tickets()
            .into_iter()
            .map(|ticket| ticket.order_id);
        assert!(listed.eq(orders.iter().rev().map(|order| OrderRef::from(order.id))));
    }

    #[test]
    fn a_full_kitchen_takes_a_new_order_once_another_has_left() {
        let orders: Vec<_> = (0..MAX_OPEN)
            .map(|_| another(OrderStatus::Pending))
            .collect();
        let mut kitchen = told(&orders);
        let late = order(OrderStatus::Pending);
        assert_eq!(kitchen.learn(&late, at(1)), Err(Refusal::Full));

        // Full or not, a repetition is none the worse for it.
        let first = orders[0].id.into();
        assert_eq!(kitchen.learn(&orders[0], at(1)), Ok(()));
        kitchen.mark(&first, OrderStatus::Ready).unwrap();
        assert_eq!(kitchen.learn(&late, at(2)), Ok(()));
        assert_eq!(kitchen.open_tickets().len(), MAX_OPEN);
    }

    /// A life, and its events as they may arrive: each at least once, in any sequence.
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
            let (all, alone) = (told(&heard), told(std::slice::from_ref(&last)));
            assert_eq!(all.open_tickets(), alone.open_tickets());
            assert_eq!(all.status_of(&last.id.to_string()), Some(last.status));
        }
    }
}
