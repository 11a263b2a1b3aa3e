//! The tracking of an order, which the gateway makes of several services' answers.

use shared_types::aggregate::tracking::Tracking;
use shared_types::golden;

use crate::operator::openapi::headers::DEGRADED;
use crate::operator::openapi::operation::{Body, Operation, Response, Tag};

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::new(("GET", "/suivi/{commandeId}"), "trackOrder", Tag::Tracking, "Track an order")
        .says("What orders, kitchen and delivery say, whichever of them can be heard; `meta` says how whole that is.")
        .answers(&[Response::new(
            200,
            "The order as all who work on it see it.",
            &[Body::json::<Tracking>(golden::TRACKING)],
        )
        .with(&[DEGRADED])])
        ,
    Operation::new(
        ("GET", "/suivi/{commandeId}/flux"),
        "watchOrder",
        Tag::Tracking,
        "Watch an order",
    )
    .says(
        "Server-sent events: `suivi`, with the body of `GET /suivi/{commandeId}` at once and whenever it changes, and `fin` after \
         the last one.",
    )
    .answers(&[Response::new(200, "A stream of events.", &[Body::text("text/event-stream")])])
    ,
];
