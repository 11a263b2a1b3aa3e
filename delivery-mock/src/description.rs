//! The description of the service's routes.

use openapi::{
    Body, ETAG, IDEMPOTENCY_KEY, IF_MATCH, LOCATION, Operation, Parameter, Response, Service, Tag,
    Token, or_blank, schema_of, several,
};
use serde_json::json;
use shared_types::delivery::{
    Assignment, Courier, CourierChange, CourierChoice, CourierPatch, Delivery, DeliveryChange,
    DeliveryPatch, DeliveryStatus, NewCourier, NewDelivery, NewDeliveryMark,
};
use shared_types::id::{CourierId, OrderRef};
use shared_types::kitchen::Marked;
use shared_types::problem::Code;
use shared_types::{Confirmation, golden};

const TAG: Tag = Tag {
    name: "Delivery",
    description: "Simulated couriers and their deliveries.",
};

/// The description of this service's routes.
pub const SERVICE: Service = Service {
    title: "Delivery",
    description: "Simulated couriers and their deliveries.",
    tags: &[TAG],
    operations: OPERATIONS,
};

const COURIER: Parameter = Parameter {
    place: "query",
    name: "livreurId",
    description: "The deliveries of this courier, and those that anyone may take.",
    schema: || or_blank(schema_of::<CourierId>()),
};

const ORDER: Parameter = Parameter {
    place: "query",
    name: "commandeId",
    description: "Only the deliveries of this order.",
    schema: || or_blank(schema_of::<OrderRef>()),
};

const STATUS: Parameter = Parameter {
    place: "query",
    name: "statut",
    description: "Only the deliveries with one of these statuses.",
    schema: || several(json!({ "type": "string", "enum": DeliveryStatus::ALL })),
};

const COURIER_BODY: Body = Body::json::<Courier>(golden::COURIER);
const DELIVERY: Body = Body::json::<Delivery>(golden::DELIVERY);

/// A sample courier and a sample delivery that waits for one (`dispatch/samples`).
const COURIER_ID: &str = "0192f0c5-1111-7aaa-8bbb-0123456789ab";
const DELIVERY_ID: &str = "0192f0c6-2222-7ccc-9ddd-0123456789ab";

const OPERATIONS: &[Operation] = &[
    Operation::new(
        ("GET", "/assigned"),
        "listAssigned",
        &TAG,
        "List what is on its way",
    )
        .token(Token::MayBeNeeded)
    .answers(&[Response::new(
        200,
        "What is assigned and not finished.",
        &[Body::list::<Assignment>(golden::ASSIGNMENT)],
    )]),
    Operation::new(("POST", "/update"), "markInDelivery", &TAG, "Mark an order")
        .token(Token::MayBeNeeded)
    .says("`LIVREE` where `status` is left out. The order itself follows.")
        .takes(Body::json::<NewDeliveryMark>(golden::DELIVERY_MARK))
        .answers(&[Response::new(
            200,
            "The status of the order's delivery.",
            &[Body::json::<Marked<DeliveryStatus>>(golden::DELIVERY_MARKED)],
        )])
        .fails(&[Code::OrderNotFound, Code::ImpossibleTransition]),
    Operation::new(("GET", "/livreurs"), "listCouriers", &TAG, "List couriers")
        .token(Token::MayBeNeeded)
    .answers(&[Response::new(200, "The couriers.", &[Body::list::<Courier>(golden::COURIER)])]),
    Operation::new(
        ("POST", "/livreurs"),
        "registerCourier",
        &TAG,
        "Register a courier",
    )
        .token(Token::MayBeNeeded)
    .with(&[IDEMPOTENCY_KEY])
    .takes(Body::json::<NewCourier>(golden::NEW_COURIER))
    .answers(&[Response::new(201, "The new courier.", &[COURIER_BODY]).with(&[LOCATION]).leads_to(&[("getCourier", "id"), ("changeCourier", "id"), ("removeCourier", "id")])])
    .fails(&[
        Code::EmailTaken,
        Code::IdempotencyKeyReused,
        Code::QuotaReached,
        Code::StorageFull,
    ]),
    Operation::new(
        ("GET", "/livreurs/{id}"),
        "getCourier",
        &TAG,
        "Get a courier",
    )
    .such_as(COURIER_ID)
        .token(Token::MayBeNeeded)
    .answers(&[Response::new(200, "The courier.", &[COURIER_BODY]).with(&[ETAG])])
    .fails(&[Code::CourierNotFound]),
    Operation::new(
        ("PATCH", "/livreurs/{id}"),
        "changeCourier",
        &TAG,
        "Change a courier",
    )
    .such_as(COURIER_ID)
        .token(Token::MayBeNeeded)
    .says("What is left out stays as it is. In a merge patch (RFC 7396), `null` removes an optional value.")
    .with(&[IF_MATCH])
    .takes(Body::json::<CourierChange>(golden::COURIER_CHANGE))
    .or_takes(Body::merge_patch::<CourierPatch>(golden::COURIER_PATCH))
    .answers(&[Response::new(200, "The courier as it is now.", &[COURIER_BODY]).with(&[ETAG])])
    .fails(&[Code::CourierNotFound, Code::EmailTaken, Code::PreconditionFailed]),
    Operation::new(
        ("DELETE", "/livreurs/{id}"),
        "removeCourier",
        &TAG,
        "Remove a courier",
    )
    .such_as(COURIER_ID)
    .with(&[IF_MATCH])
        .token(Token::MayBeNeeded)
    .answers(&[Response::new(
        200,
        "The courier is removed.",
        &[Body::json::<Confirmation>(golden::CONFIRMATION)],
    )])
    .fails(&[Code::CourierNotFound, Code::PreconditionFailed]),
    Operation::new(
        ("GET", "/livraisons"),
        "listDeliveries",
        &TAG,
        "List deliveries",
    )
        .token(Token::MayBeNeeded)
    .says("The newest first.")
    .with(&[COURIER, ORDER, STATUS])
    .answers(&[Response::new(200, "The deliveries.", &[Body::list::<Delivery>(golden::DELIVERY)])])
    .fails(&[Code::ValidationFailed]),
    Operation::new(
        ("POST", "/livraisons"),
        "openDelivery",
        &TAG,
        "Open a delivery",
    )
        .token(Token::MayBeNeeded)
    .says("An order has one delivery at most that is not cancelled. The draft that a ready order has is filled in, and free to be taken \
         unless a `livreurId` names its courier or one has set out.")
    .with(&[IDEMPOTENCY_KEY])
    .takes(Body::json::<NewDelivery>(golden::NEW_DELIVERY))
    .answers(&[Response::new(201, "The new delivery.", &[DELIVERY]).with(&[LOCATION]).leads_to(&[("getDelivery", "id"), ("changeDelivery", "id"), ("assignDelivery", "id")])])
    .fails(&[
        Code::DeliveryExists,
        Code::IdempotencyKeyReused,
        Code::QuotaReached,
        Code::StorageFull,
    ]),
    Operation::new(
        ("GET", "/livraisons/{id}"),
        "getDelivery",
        &TAG,
        "Get a delivery",
    )
    .such_as(DELIVERY_ID)
        .token(Token::MayBeNeeded)
    .answers(&[Response::new(200, "The delivery.", &[DELIVERY]).with(&[ETAG])])
    .fails(&[Code::DeliveryNotFound]),
    Operation::new(
        ("PATCH", "/livraisons/{id}"),
        "changeDelivery",
        &TAG,
        "Change or take a delivery",
    )
    .such_as(DELIVERY_ID)
        .token(Token::MayBeNeeded)
    .says(
        "What is left out stays as it is. `statut` moves `EN_ATTENTE`, `EN_ROUTE_RESTAURANT`, `RECUPEREE`, `EN_ROUTE_CLIENT`, \
         `LIVREE`, or to `ANNULEE` from any but `LIVREE`. A `livreurId` takes a delivery that is nobody's. \
         In a merge patch (RFC 7396), `null` removes a comment, and a courier who has not picked up the food.",
    )
    .with(&[IF_MATCH])
    .takes(Body::json::<DeliveryChange>(golden::DELIVERY_CHANGE))
    .or_takes(Body::merge_patch::<DeliveryPatch>(golden::DELIVERY_PATCH))
    .answers(&[Response::new(200, "The delivery as it is now.", &[DELIVERY]).with(&[ETAG])])
    .fails(&[Code::DeliveryNotFound, Code::ImpossibleTransition, Code::DeliveryTaken, Code::PreconditionFailed]),
    Operation::new(
        ("POST", "/livraisons/{id}/assigner"),
        "assignDelivery",
        &TAG,
        "Assign a delivery",
    )
    .such_as(DELIVERY_ID)
        .token(Token::MayBeNeeded)
    .says("To another courier, too.")
    .with(&[IDEMPOTENCY_KEY, IF_MATCH])
    .takes(Body::json::<CourierChoice>(golden::COURIER_CHOICE))
    .answers(&[Response::new(200, "The delivery as it is now.", &[DELIVERY])])
    .fails(&[
        Code::DeliveryNotFound,
        Code::IdempotencyKeyReused,
        Code::ImpossibleTransition,
        Code::PreconditionFailed,
    ]),
];
