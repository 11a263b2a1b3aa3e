//! The sample orders of a demonstration. They concern no other service.

use shared_types::field::FromText as _;
use shared_types::id::OrderRef;
use shared_types::kitchen::{Ticket, TicketLine};
use shared_types::order::{OrderMode, OrderStatus};
use shared_types::value::{Quantity, Timestamp};

type Sample = (
    &'static str,
    OrderStatus,
    &'static [(&'static str, u64)],
    Option<&'static str>,
);

const SAMPLES: &[Sample] = &[
    (
        "CMD1234",
        OrderStatus::Preparing,
        &[("Bœuf bourguignon", 2), ("Tarte aux pommes", 2)],
        None,
    ),
    (
        "CMD1235",
        OrderStatus::Pending,
        &[("Soupe à l'oignon", 1), ("Limonade maison", 1)],
        Some("Soupe sans croûtons"),
    ),
    ("CMD1236", OrderStatus::Pending, &[("Ratatouille", 3)], None),
];

pub(super) fn tickets(now: Timestamp) -> Vec<Ticket> {
    SAMPLES
        .iter()
        .filter_map(|sample| ticket(*sample, now))
        .collect()
}

fn ticket((order, status, items, comment): Sample, received_at: Timestamp) -> Option<Ticket> {
    let lines = items.iter().filter_map(|(name, count)| {
        let quantity = Quantity::new(*count)?;
        Some(TicketLine {
            name: (*name).to_owned(),
            quantity,
            comment: None,
            allergens: None,
        })
    });
    Some(Ticket {
        order_id: OrderRef::from_text(order).ok()?,
        status,
        items: lines.collect(),
        comment: comment.map(str::to_owned),
        guests: None,
        mode: OrderMode::default(),
        wished_for: None,
        received_at,
    })
}
