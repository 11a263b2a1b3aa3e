//! The menu and the orders.

use shared_types::golden;
use shared_types::menu::{Dish, NewDish};
use shared_types::order::{NewOrder, Order, StatusChange};
use shared_types::problem::Code;

use crate::operator::openapi::headers::{LINK, NEXT_CURSOR};
use crate::operator::openapi::operation::{Body, Operation, Response, Tag};
use crate::operator::openapi::parameters::{
    CATEGORY, CLIENT, CURSOR, IDEMPOTENCY_KEY, LIMIT, SORT, STATUS,
};

const DISHES: &[Response] = &[Response::new(
    200,
    "The dishes, by category, then by name.",
    &[Body::list::<Dish>(golden::DISH)],
)];
const ORDER: Body = Body::json::<Order>(golden::ORDER);

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::new(("GET", "/order-api/menu"), "getMenu", Tag::Menu, "Read the menu")
        .says("While the order service gives no answer, the last menu is served for up to an hour.")
        .with(&[CATEGORY])
        .answers(DISHES),
    Operation::new(
        ("GET", "/order-api/menu/filter"),
        "filterMenu",
        Tag::Menu,
        "Read the dishes of a category",
    )
    .says("While the order service gives no answer, the last ones are served for up to an hour.")
    .with(&[CATEGORY])
    .answers(DISHES),
    Operation::new(("POST", "/order-api/menu"), "addDish", Tag::Menu, "Add a dish")
        .with(&[IDEMPOTENCY_KEY])
        .takes(Body::json::<NewDish>(golden::NEW_DISH))
        .answers(&[Response::new(201, "The new dish.", &[Body::json::<Dish>(golden::DISH)])])
        .fails(&[Code::IdempotencyKeyReused]),
    Operation::new(("POST", "/order-api/commandes"), "placeOrder", Tag::Orders, "Place an order")
        .says("Names and prices are those of the menu, and fixed from then on.")
        .with(&[IDEMPOTENCY_KEY])
        .takes(Body::json::<NewOrder>(golden::NEW_ORDER))
        .answers(&[Response::new(201, "The new order.", &[ORDER]).leads_to(&[("getOrder", "id"), ("changeOrderStatus", "id"), ("trackOrder", "commandeId"), ("watchOrder", "commandeId")])])
        .fails(&[Code::IdempotencyKeyReused, Code::QuotaReached]),
    Operation::new(("GET", "/order-api/commandes"), "listOrders", Tag::Orders, "List orders")
        .says(
            "The newest first. Without `limit`: every order that is not delivered or cancelled, and the newest 1,000 of \
             those that are. The cursor leads to the rest.",
        )
        .with(&[CLIENT, STATUS, LIMIT, CURSOR, SORT])
        .answers(&[Response::new(200, "The orders, or a page of them.", &[Body::list::<Order>(
            golden::ORDER,
        )])
        .with(&[LINK, NEXT_CURSOR])])
        .fails(&[Code::ValidationFailed]),
    Operation::new(("GET", "/order-api/commandes/{id}"), "getOrder", Tag::Orders, "Get an order")
        .answers(&[Response::new(200, "The order.", &[ORDER])])
        .fails(&[Code::OrderNotFound]),
    Operation::new(
        ("PATCH", "/order-api/commandes/{id}/status"),
        "changeOrderStatus",
        Tag::Orders,
        "Change an order's status",
    )
    .says(
        "From `EN_ATTENTE` to `EN_PREPARATION`, `PRETE` or `ANNULEE`; from `EN_PREPARATION` to `PRETE` or `ANNULEE`; from \
         `PRETE` to `EN_LIVRAISON`, `LIVREE` or `ANNULEE`; from `EN_LIVRAISON` to `LIVREE` or `ANNULEE`. The same status \
         again changes nothing.",
    )
    .takes(Body::json::<StatusChange>(golden::STATUS_CHANGE))
    .answers(&[Response::new(200, "The order as it is now.", &[ORDER])])
    .fails(&[Code::OrderNotFound, Code::ImpossibleTransition]),
];
