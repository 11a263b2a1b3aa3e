//! The description of the service's routes.

use openapi::{Body, Operation, Response, Service, Tag, Token};
use shared_types::golden;
use shared_types::kitchen::{Marked, NewKitchenMark, Ticket};
use shared_types::order::OrderStatus;
use shared_types::problem::Code;

const KITCHEN: Tag = Tag {
    name: "Kitchen",
    description: "The simulated kitchen.",
};

/// The description of this service's routes.
pub const SERVICE: Service = Service {
    title: "Kitchen",
    description: "A simulated kitchen.",
    tags: &[KITCHEN],
    operations: OPERATIONS,
};

const OPERATIONS: &[Operation] = &[
    Operation::new(
        ("GET", "/orders"),
        "listTickets",
        &KITCHEN,
        "List what is to be cooked",
    )
    .token(Token::MayBeNeeded)
    .says("What waits and what is being prepared.")
    .answers(&[Response::new(
        200,
        "The tickets.",
        &[Body::list::<Ticket>(golden::TICKET)],
    )]),
    Operation::new(
        ("POST", "/update"),
        "markInKitchen",
        &KITCHEN,
        "Mark an order",
    )
    .token(Token::MayBeNeeded)
    .says("`PRETE` where `status` is left out. The order itself follows.")
    .takes(Body::json::<NewKitchenMark>(golden::KITCHEN_MARK))
    .answers(&[Response::new(
        200,
        "The order's status in the kitchen.",
        &[Body::json::<Marked<OrderStatus>>(golden::KITCHEN_MARKED)],
    )])
    .fails(&[Code::OrderNotFound, Code::ImpossibleTransition]),
];
