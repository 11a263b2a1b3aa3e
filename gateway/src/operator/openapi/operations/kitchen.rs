//! The simulated kitchen.

use shared_types::golden;
use shared_types::kitchen::{Marked, NewKitchenMark, Ticket};
use shared_types::order::OrderStatus;
use shared_types::problem::Code;

use crate::operator::openapi::operation::{Body, Operation, Response, Tag};

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::new(
        ("GET", "/kitchen/orders"),
        "listTickets",
        Tag::Kitchen,
        "List what is to be cooked",
    )
    .says("What waits and what is being prepared.")
    .answers(&[Response::new(
        200,
        "The tickets.",
        &[Body::list::<Ticket>(golden::TICKET)],
    )]),
    Operation::new(
        ("POST", "/kitchen/update"),
        "markInKitchen",
        Tag::Kitchen,
        "Mark an order",
    )
    .says("`PRETE` where `status` is left out. The order itself follows.")
    .takes(Body::json::<NewKitchenMark>(golden::KITCHEN_MARK))
    .answers(&[Response::new(
        200,
        "The order's status in the kitchen.",
        &[Body::json::<Marked<OrderStatus>>(golden::KITCHEN_MARKED)],
    )])
    .fails(&[Code::OrderNotFound, Code::ImpossibleTransition]),
];
