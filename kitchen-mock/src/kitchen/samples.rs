//! The sample orders of a demonstration. They concern no other service.

use shared_types::field::FromText as _;
use shared_types::id::OrderRef;
use shared_types::kitchen::{Ticket, TicketLine};
use shared_types::order::OrderStatus;
use shared_types::value::{Quantity, Timestamp};

type Sample = (&'static str, OrderStatus, &'static [(&'static str, u64)]);

const SAMPLES: &[Sample] = &[
    (
        "CMD1234",
        OrderStatus::Preparing,
        &[("Bœuf bourguignon", 2), ("Tarte aux pommes", 2)],
    ),
    (
        "CMD1235",
        OrderStatus::Pending,
        &[("Soupe à l'oignon", 1), ("Limonade maison", 1)],
    ),
    ("CMD1236", OrderStatus::Pending, &[("Ratatouille", 3)]),
];

pub(super) fn tickets(now: Timestamp) -> Vec<Ticket> {
    SAMPLES
        .iter()
        .filter_map(|sample| ticket(*sample, now))
        .collect()
}

fn ticket((order, status, items): Sample, received_at: Timestamp) -> Option<Ticket> {
    let lines = items.iter().filter_map(|(name, count)| {
        let quantity = Quantity::new(*count)?;
        Some(TicketLine {
            name: (*name).to_owned(),
            quantity,
        })
    });
    Some(Ticket {
        order_id: OrderRef::from_text(order).ok()?,
        status,
        items: lines.collect(),
        received_at,
    })
}
