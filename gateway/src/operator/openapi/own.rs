//! The description of the gateway's own pages.

use openapi::{Body, Example, Operation, Parameter, Response, Tag};
use schemars::SchemaGenerator;
use serde_json::{Value, json};
use shared_types::gateway::{HealthAnswer, Status, Welcome};
use shared_types::golden;
use shared_types::problem::Code;

use crate::operator::docs;
use crate::routing::route::Page;

pub(super) const TAG: Tag = Tag {
    name: "Gateway",
    description: "What the gateway answers itself, whichever service is down.",
};

const HEALTH: Body = Body::json::<HealthAnswer>(golden::HEALTH);
const WELCOME: Body = Body::json::<Welcome>(golden::WELCOME);
const STATUS: Body = Body::json::<Status>(golden::STATUS);
const HTML: Body = Body::text("text/html");
const TRANSLATED_PAGE: &[Response] = &[Response::new(
    200,
    "A page, in the reader's language.",
    &[HTML],
)];

const PROBLEM: Parameter = Parameter {
    place: "path",
    name: "code",
    description: "The code with hyphens.",
    schema: || {
        let pages: Vec<_> = Code::ALL.iter().map(|code| code.page()).collect();
        json!({ "type": "string", "enum": pages })
    },
};

const FILE: Parameter = Parameter {
    place: "path",
    name: "file",
    description: "One of the files that the page loads.",
    schema: || json!({ "type": "string", "enum": docs::file_names() }),
};

const FILES: &[Body] = &[
    Body::text("text/css"),
    Body::text("text/javascript"),
    Body::text("text/plain"),
    Body::text("image/png"),
];

const DEMO_FILE: Parameter = Parameter {
    place: "path",
    name: "file",
    description: "`salle`, `cuisine`, `livraison`, or one of the files that they load.",
    schema: || json!({ "type": "string" }),
};

const DEMO_FILES: &[Body] = &[HTML, Body::text("text/css"), Body::text("text/javascript")];

const DOCUMENT: Body = Body {
    media_type: "application/json",
    schema: SchemaGenerator::subschema_for::<serde_json::Map<String, Value>>,
    example: Example::None,
};

const fn get(path: &'static str, id: &'static str, summary: &'static str) -> Operation {
    Operation::new(("GET", path), id, &TAG, summary)
}

/// One operation for each page.
pub(super) fn all() -> impl Iterator<Item = Operation> {
    Page::ALL.into_iter().map(|(page, _)| of(page))
}

pub(super) fn of(page: Page) -> Operation {
    match page {
        Page::Welcome => get("/", "welcome", "Find the way")
            .answers(const { &[Response::new(200, "A greeting with links.", &[WELCOME])] }),
        Page::Status => get("/status", "getStatus", "See what works")
            .says("Always a 200: each feature is `up`, `degraded`, `down` or `unknown`.")
            .answers(
                const {
                    &[Response::new(
                        200,
                        "The features that work right now.",
                        &[STATUS],
                    )]
                },
            ),
        Page::Live => get("/live", "isLive", "Ask whether the gateway runs")
            .answers(const { &[Response::new(200, "It does.", &[HEALTH])] }),
        Page::Ready => get(
            "/ready",
            "isReady",
            "Ask whether the gateway takes requests",
        )
        .answers(
            const {
                &[
                    Response::new(200, "It does, whichever service is down.", &[HEALTH]),
                    Response::new(503, "It is about to stop.", &[HEALTH]),
                ]
            },
        ),
        Page::Problems => get("/problems", "listProblems", "Read which problems there are")
            .answers(TRANSLATED_PAGE),
        Page::Problem => get(
            "/problems/{code}",
            "explainProblem",
            "Read what to do about a problem",
        )
        .says("A problem's `type` leads here.")
        .with(&[PROBLEM])
        .answers(TRANSLATED_PAGE)
        .fails(&[Code::RouteNotFound]),
        Page::OpenApi => get("/openapi.json", "getOpenApiDocument", "Read this document")
            .answers(const { &[Response::new(200, "An OpenAPI 3.1 document.", &[DOCUMENT])] }),
        Page::Docs => get("/docs", "getDocsPage", "Read and try the API").answers(
            const {
                &[Response::new(
                    200,
                    "A page that shows this document.",
                    &[HTML],
                )]
            },
        ),
        Page::DocsFile => get("/docs/{file}", "getDocsFile", "Get a file of that page")
            .with(&[FILE])
            .answers(const { &[Response::new(200, "The file.", FILES)] })
            .fails(&[Code::RouteNotFound]),
        Page::Demo => get("/demo", "getDemoPage", "Play a service").answers(
            const {
                &[Response::new(
                    200,
                    "A page with the dining room, the kitchen and delivery.",
                    &[HTML],
                )]
            },
        ),
        Page::DemoFile => get(
            "/demo/{file}",
            "getDemoFile",
            "Get one room, or a file of its page",
        )
        .with(&[DEMO_FILE])
        .answers(const { &[Response::new(200, "The room or the file.", DEMO_FILES)] })
        .fails(&[Code::RouteNotFound]),
    }
}
