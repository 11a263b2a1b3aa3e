//! The older demo.

use shared_types::demo::{DemoLogin, DemoOrder, DemoOrderRow, DemoToken, NewDemoOrder};
use shared_types::golden;
use shared_types::problem::Code;

use crate::operator::openapi::operation::{Body, Operation, Response, Tag};

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::new(
        ("POST", "/auth/login"),
        "logInToDemo",
        Tag::Demo,
        "Log in to the older demo",
    )
    .says("As `client`, `chef` or `livreur`, with the password `123`.")
    .takes(Body::json::<DemoLogin>(golden::DEMO_LOGIN))
    .answers(&[Response::new(
        200,
        "A token that opens nothing.",
        &[Body::json::<DemoToken>(golden::DEMO_TOKEN)],
    )])
    .fails(&[Code::InvalidCredentials]),
    Operation::new(
        ("GET", "/orders"),
        "listDemoOrders",
        Tag::Demo,
        "List the older demo's orders",
    )
    .answers(&[Response::new(
        200,
        "The orders.",
        &[Body::list::<DemoOrderRow>(golden::DEMO_ORDER_ROW)],
    )]),
    Operation::new(
        ("POST", "/orders"),
        "placeDemoOrder",
        Tag::Demo,
        "Place an order of the older demo",
    )
    .takes(Body::json::<NewDemoOrder>(golden::NEW_DEMO_ORDER))
    .answers(&[Response::new(
        200,
        "The new order.",
        &[Body::json::<DemoOrder>(golden::DEMO_ORDER)],
    )]),
];
