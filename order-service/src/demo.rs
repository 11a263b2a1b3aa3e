//! The older demo orders: simulated, in memory, never a real order.

use std::collections::VecDeque;

use shared_types::demo::{DemoOrder, DemoOrderRow, NewDemoOrder};
use shared_types::field::{FieldErrors, FromText as _, Line};
use shared_types::order::OrderStatus;
use shared_types::text::Text;

/// A demonstration shows a handful; the bound keeps a stranger from filling the memory.
const MAX_ORDERS: usize = 100;

const MAX_ITEMS: usize = 50;

/// The number of the sample order. It is reserved even without the sample, so that ids are the same
/// either way.
const SAMPLE_NUMBER: u64 = 1234;

/// The last [`MAX_ORDERS`] demo orders, oldest first.
#[derive(Debug)]
pub(crate) struct DemoOrders {
    orders: VecDeque<DemoOrder>,
    last_number: u64,
}

impl DemoOrders {
    pub(crate) fn empty() -> Self {
        Self {
            orders: VecDeque::new(),
            last_number: SAMPLE_NUMBER,
        }
    }

    pub(crate) fn with_sample() -> Self {
        let mut orders = Self::empty();
        orders.orders.push_back(DemoOrder {
            order_id: id(SAMPLE_NUMBER),
            status: OrderStatus::Preparing,
            items: Line::from_text("Bœuf bourguignon").into_iter().collect(),
        });
        orders
    }

    pub(crate) fn rows(&self) -> Vec<DemoOrderRow> {
        let row = |order: &DemoOrder| DemoOrderRow {
            order_id: order.order_id.clone(),
            status: order.status,
        };
        self.orders.iter().map(row).collect()
    }

    pub(crate) fn add(&mut self, new: NewDemoOrder) -> Result<DemoOrder, FieldErrors> {
        if !(1..=MAX_ITEMS).contains(&new.items.len()) {
            let text = Text::formatted(|say| (say.orders.number_of_dishes)(MAX_ITEMS));
            return Err(FieldErrors::one("items", text));
        }
        self.last_number += 1;
        let order = DemoOrder {
            order_id: id(self.last_number),
            status: OrderStatus::Pending,
            items: new.items,
        };
        if self.orders.len() == MAX_ORDERS {
            self.orders.pop_front();
        }
        self.orders.push_back(order.clone());
        Ok(order)
    }
}

fn id(number: u64) -> String {
    format!("CMD{number}")
}

#[cfg(test)]
mod tests {
    use shared_types::demo::{DemoClientId, NewDemoOrder};
    use shared_types::field::{FromText as _, Line};

    use super::{DemoOrders, MAX_ORDERS};

    #[test]
    fn only_the_last_hundred_are_kept() {
        let mut orders = DemoOrders::with_sample();
        for _ in 0..MAX_ORDERS {
            let order = NewDemoOrder {
                client_id: DemoClientId,
                items: vec![Line::from_text("Pizza").unwrap()],
            };
            orders.add(order).unwrap();
        }
        let rows = orders.rows();
        assert_eq!(rows.len(), MAX_ORDERS);
        assert_eq!(rows.first().unwrap().order_id, "CMD1235");
        assert_eq!(rows.last().unwrap().order_id, "CMD1334");
    }
}
