//! The description of the service's routes.

use openapi::{Body, Operation, Response, Service, Tag, Token};
use shared_types::golden;
use shared_types::order::deferred::Deferred;
use shared_types::problem::Code;

const DEFERRED: Tag = Tag {
    name: "Deferred requests",
    description: "Requests that wait until their service is back.",
};

/// The description of this service's routes.
pub const SERVICE: Service = Service {
    title: "Counter service",
    description: "Requests that wait until their service is back.",
    tags: &[DEFERRED],
    operations: OPERATIONS,
};

const BODY: Body = Body::json::<Deferred>(golden::DEFERRED);

const OPERATIONS: &[Operation] = &[
    Operation::new(
        ("GET", "/differe/{id}"),
        "getDeferred",
        &DEFERRED,
        "Get a deferred request",
    )
    .token(Token::MayBeNeeded)
    .says(
        "`pending` until the service has answered; then `accepted` with its `result`, or `refused` \
         with its `problem`. One that was not handed over within 24 h is `expired`. A request that has ended \
         can be read for a day.",
    )
    .answers(&[Response::new(200, "The request as it stands.", &[BODY])])
    .fails(&[Code::NotFound]),
    Operation::new(
        ("DELETE", "/differe/{id}"),
        "withdrawDeferred",
        &DEFERRED,
        "Withdraw a deferred request",
    )
    .token(Token::MayBeNeeded)
    .says(
        "Only while it waits. A request that has ended, is being handed over, or may have been \
         carried out although its answer was lost, gets a 409.",
    )
    .answers(&[Response::new(200, "It is withdrawn.", &[BODY])])
    .fails(&[Code::NotFound, Code::ImpossibleTransition]),
];
