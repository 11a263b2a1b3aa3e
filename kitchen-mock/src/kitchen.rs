//! The kitchen's orders, and the marks that they accept. No I/O, no clock.
//!
//! The order service sends orders (`inbox`), and the kitchen's staff mark them. Both end in
//! [`Kitchen::set`], the one place where an order moves on or leaves.

mod inbox;
mod left;
mod samples;

use std::collections::BTreeMap;

use shared_types::id::{ClientId, OrderRef};
use shared_types::kitchen::Ticket;
use shared_types::order::{OrderStage, OrderStatus};
use shared_types::value::Timestamp;

use left::Left;

/// Every order is in one of the two, or in neither. The key is its id as text.
#[derive(Debug, Default)]
pub(crate) struct Kitchen {
    open: BTreeMap<String, Open>,
    left: Left,
}

#[derive(Debug)]
struct Open {
    ticket: Ticket,
    /// When it was ordered, which may be long before the kitchen learns of it.
    ordered_at: Timestamp,
    /// Whose order it is; nobody's for a sample.
    client: Option<ClientId>,
}

/// The effect of a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Move,
    /// The order has this status already.
    Stay,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    UnknownOrder,
    ImpossibleMove {
        from: OrderStatus,
        to: OrderStatus,
    },
    /// There is no room for another ticket until one leaves.
    Full,
}

impl Kitchen {
    pub(crate) fn with_samples(now: Timestamp) -> Self {
        let open = |ticket: Ticket| {
            let id = ticket.order_id.as_str().to_owned();
            let ordered_at = now;
            let open = Open {
                ticket,
                ordered_at,
                client: None,
            };
            (id, open)
        };
        Self {
            open: samples::tickets(now).into_iter().map(open).collect(),
            left: Left::default(),
        }
    }

    /// The orders that wait or are being prepared, by the time of ordering: the oldest is cooked
    /// first, whichever arrived first. Orders of the same millisecond come in the order of their
    /// ids, which is the order of creation. With `own`, those of this client only.
    pub(crate) fn open_tickets(&self, own: Option<ClientId>) -> Vec<Ticket> {
        let is_visible = |open: &&Open| own.is_none() || open.client == own;
        let mut open: Vec<_> = self.open.values().filter(is_visible).collect();
        open.sort_by_key(|open| open.ordered_at);
        open.into_iter().map(|open| open.ticket.clone()).collect()
    }

    /// Whether an order can get this mark.
    pub(crate) fn check(&self, order: &OrderRef, to: OrderStatus) -> Result<Step, Refusal> {
        let from = self.status_of(order.as_str());
        let from = from.ok_or(Refusal::UnknownOrder)?;
        if from == to {
            Ok(Step::Stay)
        } else if can_move(from, to) {
            Ok(Step::Move)
        } else {
            Err(Refusal::ImpossibleMove { from, to })
        }
    }

    /// Makes a mark that [`check`](Self::check) has allowed. If a later status has arrived since,
    /// that one stays: a status only goes up.
    pub(crate) fn mark(&mut self, order: &OrderRef, to: OrderStatus) {
        let now = self.status_of(order.as_str());
        if now.is_some_and(|now| now.rank() < to.rank()) {
            self.set(order.as_str(), to);
        }
    }

    fn status_of(&self, order: &str) -> Option<OrderStatus> {
        let open = self.open.get(order).map(|open| open.ticket.status);
        open.or_else(|| self.left.status_of(order))
    }

    /// Sets a status. One that is past the kitchen closes the ticket; the order is remembered
    /// without it.
    fn set(&mut self, order: &str, status: OrderStatus) {
        if status.stage() != OrderStage::Kitchen {
            self.open.remove(order);
            self.left.put(order, status);
        } else if let Some(open) = self.open.get_mut(order) {
            open.ticket.status = status;
        }
    }
}

/// The kitchen's moves: it prepares, makes ready or gives up. The same status again is no move and
/// always possible.
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

    use super::{Kitchen, Refusal, Step, can_move};

    /// Checks and makes a mark, as a request does.
    pub(super) fn mark(
        kitchen: &mut Kitchen,
        order: &OrderRef,
        to: OrderStatus,
    ) -> Result<Step, Refusal> {
        let step = kitchen.check(order, to)?;
        kitchen.mark(order, to);
        Ok(step)
    }

    fn sample() -> OrderRef {
        OrderRef::from_text("CMD1234").unwrap()
    }

    #[test]
    fn a_ready_order_leaves_the_kitchen() {
        let mut kitchen = Kitchen::with_samples(Timestamp::now());
        let before = kitchen.open_tickets(None).len();
        let marked = mark(&mut kitchen, &sample(), OrderStatus::Ready);
        assert_eq!(marked, Ok(Step::Move));
        assert_eq!(kitchen.open_tickets(None).len(), before - 1);
    }

    #[test]
    fn a_repeated_mark_changes_nothing_and_is_no_error() {
        let mut kitchen = Kitchen::with_samples(Timestamp::now());
        mark(&mut kitchen, &sample(), OrderStatus::Ready).unwrap();
        let repeated = mark(&mut kitchen, &sample(), OrderStatus::Ready);
        assert_eq!(repeated, Ok(Step::Stay));
    }

    #[test]
    fn an_unknown_order_takes_no_mark() {
        let refusal = mark(&mut Kitchen::default(), &sample(), OrderStatus::Ready);
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
