//! The gateway's own pages.

use schemars::SchemaGenerator;
use serde_json::Value;
use shared_types::gateway::{HealthAnswer, Status, Welcome};
use shared_types::golden;
use shared_types::problem::Code;

use crate::operator::openapi::operation::{Body, Example, Operation, Response, Tag};

const HEALTH: Body = Body::json::<HealthAnswer>(golden::HEALTH);
const HTML: Body = Body::text("text/html");

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::new(("GET", "/"), "welcome", Tag::Gateway, "Find the way").answers(&[
        Response::new(
            200,
            "A greeting, and where to go from it.",
            &[Body::json::<Welcome>(golden::WELCOME)],
        ),
    ]),
    Operation::new(
        ("GET", "/status"),
        "getStatus",
        Tag::Gateway,
        "See what works",
    )
    .says("Always a 200: each feature is `up`, `degraded` or `down`.")
    .answers(&[Response::new(
        200,
        "What the restaurant can do right now.",
        &[Body::json::<Status>(golden::STATUS)],
    )]),
    Operation::new(
        ("GET", "/live"),
        "isLive",
        Tag::Gateway,
        "Ask whether the gateway runs",
    )
    .answers(&[Response::new(200, "It does.", &[HEALTH])]),
    Operation::new(
        ("GET", "/ready"),
        "isReady",
        Tag::Gateway,
        "Ask whether the gateway takes requests",
    )
    .answers(&[
        Response::new(200, "It does, whichever service is down.", &[HEALTH]),
        Response::new(503, "It is about to stop.", &[HEALTH]),
    ]),
    Operation::new(
        ("GET", "/problems/{code}"),
        "explainProblem",
        Tag::Gateway,
        "Read what to do about a problem",
    )
    .says("Where a problem's `type` leads.")
    .answers(&[Response::new(
        200,
        "A page, in the reader's language.",
        &[HTML],
    )])
    .fails(&[Code::RouteNotFound]),
    Operation::new(
        ("GET", "/openapi.json"),
        "getOpenApiDocument",
        Tag::Gateway,
        "Read this document",
    )
    .answers(&[Response::new(
        200,
        "An OpenAPI 3.1 document.",
        &[Body {
            media_type: "application/json",
            schema: SchemaGenerator::subschema_for::<serde_json::Map<String, Value>>,
            example: Example::None,
        }],
    )]),
    Operation::new(
        ("GET", "/docs"),
        "getDocsPage",
        Tag::Gateway,
        "Read and try the API",
    )
    .answers(&[Response::new(
        200,
        "A page that shows this document.",
        &[HTML],
    )]),
    Operation::new(
        ("GET", "/docs/{file}"),
        "getDocsFile",
        Tag::Gateway,
        "Get a file of that page",
    )
    .answers(&[Response::new(
        200,
        "The file.",
        &[
            Body::text("text/css"),
            Body::text("text/javascript"),
            Body::text("text/plain"),
            Body::text("image/png"),
        ],
    )])
    .fails(&[Code::RouteNotFound]),
];
