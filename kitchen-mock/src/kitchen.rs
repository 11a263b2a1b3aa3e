//! What the kitchen decides: which orders it has, and which marks they can take. No I/O, no clock.

mod samples;

use shared_types::id::OrderRef;
use shared_types::kitchen::Ticket;
use shared_types::order::OrderStatus;

/// The orders of the kitchen, oldest first, those that have left included: a repeated mark on one of them is
/// answered as the repetition it is.
#[derive(Debug, Default)]
pub(crate) struct Kitchen {
    tickets: Vec<Ticket>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    UnknownOrder,
    ImpossibleMove { from: OrderStatus, to: OrderStatus },
}

impl Kitchen {
    pub(crate) fn with_samples(now: shared_types::value::Timestamp) -> Self {
        Self {
            tickets: samples::tickets(now),
        }
    }

    /// The orders that are waiting or being prepared, the oldest first.
    pub(crate) fn open_tickets(&self) -> Vec<Ticket> {
        let open = |ticket: &&Ticket| {
            matches!(ticket.status, OrderStatus::Pending | OrderStatus::Preparing)
        };
        self.tickets.iter().filter(open).cloned().collect()
    }

    /// Moves an order on and answers where it stands now.
    pub(crate) fn mark(
        &mut self,
        order: &OrderRef,
        to: OrderStatus,
    ) -> Result<OrderStatus, Refusal> {
        let ticket = self
            .tickets
            .iter_mut()
            .find(|ticket| ticket.order_id == *order)
            .ok_or(Refusal::UnknownOrder)?;
        let from = ticket.status;
        if !can_move(from, to) {
            return Err(Refusal::ImpossibleMove { from, to });
        }
        ticket.status = to;
        Ok(to)
    }
}

/// The kitchen's part of an order's life: it prepares, makes ready or gives up. The same status again is no move
/// and always possible.
fn can_move(from: OrderStatus, to: OrderStatus) -> bool {
    use OrderStatus::{Cancelled, Pending, Preparing, Ready};
    match (from, to) {
        (Pending, Preparing | Ready | Cancelled) | (Preparing, Ready | Cancelled) => true,
        (from, to) => from == to,
    }
}

#[cfg(test)]
mod tests {
    use shared_types::field::FromText as _;
    use shared_types::id::OrderRef;
    use shared_types::order::OrderStatus;
    use shared_types::value::Timestamp;

    use super::{Kitchen, Refusal, can_move};

    fn sample() -> OrderRef {
        OrderRef::from_text("CMD1234").unwrap()
    }

    #[test]
    fn a_ready_order_leaves_the_kitchen() {
        let mut kitchen = Kitchen::with_samples(Timestamp::now());
        let before = kitchen.open_tickets().len();
        assert_eq!(
            kitchen.mark(&sample(), OrderStatus::Ready),
            Ok(OrderStatus::Ready)
        );
        assert_eq!(kitchen.open_tickets().len(), before - 1);
    }

    #[test]
    fn a_repeated_mark_changes_nothing_and_is_no_fault() {
        let mut kitchen = Kitchen::with_samples(Timestamp::now());
        kitchen.mark(&sample(), OrderStatus::Ready).unwrap();
        assert_eq!(
            kitchen.mark(&sample(), OrderStatus::Ready),
            Ok(OrderStatus::Ready)
        );
    }

    #[test]
    fn an_unknown_order_takes_no_mark() {
        let refusal = Kitchen::default().mark(&sample(), OrderStatus::Ready);
        assert_eq!(refusal, Err(Refusal::UnknownOrder));
    }

    #[test]
    fn every_pair_of_statuses_is_decided() {
        use OrderStatus::{Cancelled, Pending, Preparing, Ready};
        let possible = [
            (Pending, Preparing),
            (Pending, Ready),
            (Pending, Cancelled),
            (Preparing, Ready),
            (Preparing, Cancelled),
        ];
        for &from in OrderStatus::ALL {
            for &to in OrderStatus::ALL {
                let expected = from == to || possible.contains(&(from, to));
                assert_eq!(can_move(from, to), expected, "{from} → {to}");
            }
        }
    }
}
