//! The orders that have left the kitchen, or were past it when it first learned of them.
//!
//! A repeated mark on one of them is recognised, and a late event does not bring it back. Their
//! number is limited, because the kitchen runs as long as the restaurant does.

use std::collections::{BTreeMap, VecDeque};

use shared_types::order::OrderStatus;

/// Repetitions come within seconds; a thousand orders are a restaurant's whole evening.
const MAX_LEFT: usize = 1_000;

#[derive(Debug, Default)]
pub(super) struct Left {
    statuses: BTreeMap<String, OrderStatus>,
    oldest_first: VecDeque<String>,
}

impl Left {
    pub(super) fn status_of(&self, order: &str) -> Option<OrderStatus> {
        self.statuses.get(order).copied()
    }

    /// Beyond the limit, the order that left first is forgotten. A further status does not count as
    /// leaving again.
    pub(super) fn put(&mut self, order: &str, status: OrderStatus) {
        if self.statuses.insert(order.to_owned(), status).is_some() {
            return;
        }
        self.oldest_first.push_back(order.to_owned());
        if self.oldest_first.len() > MAX_LEFT
            && let Some(oldest) = self.oldest_first.pop_front()
        {
            self.statuses.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use shared_types::order::OrderStatus;

    use super::{Left, MAX_LEFT};

    #[test]
    fn only_the_orders_that_left_last_are_remembered() {
        let mut left = Left::default();
        for order in 0..MAX_LEFT {
            left.put(&order.to_string(), OrderStatus::Ready);
        }
        left.put("0", OrderStatus::Delivered);
        assert_eq!(left.status_of("0"), Some(OrderStatus::Delivered));

        left.put("one more", OrderStatus::Ready);
        assert_eq!(left.status_of("0"), None);
        assert_eq!(left.status_of("1"), Some(OrderStatus::Ready));
        assert_eq!(left.status_of("one more"), Some(OrderStatus::Ready));
        assert_eq!(left.statuses.len(), left.oldest_first.len());
    }
}
