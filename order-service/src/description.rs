//! The description of the service's routes: the menu, the orders, and the older demo's orders.

use openapi::{
    Body, ETAG, IDEMPOTENCY_KEY, IF_MATCH, LINK, LOCATION, NEXT_CURSOR, Operation,
    PREFERENCE_APPLIED, Parameter, Response, Service, TOTAL_COUNT, Tag, Token, or_blank, schema_of,
    several,
};
use serde_json::{Value, json};
use shared_types::demo::{DemoOrder, DemoOrderRow, NewDemoOrder};
use shared_types::id::ClientId;
use shared_types::menu::{
    Category, Dish, DishChange, ImportReport, MenuFile, NewDish, Spreadsheet,
};
use shared_types::order::opening::OpeningHours;
use shared_types::order::{NewOrder, Order, OrderStatus, StatusChange};
use shared_types::problem::Code;
use shared_types::value::Price;
use shared_types::{Confirmation, golden};

const MENU: Tag = Tag {
    name: "Menu",
    description: "The dishes.",
};

const ORDERS: Tag = Tag {
    name: "Orders",
    description: "Orders, from their making to their end.",
};

const DEMO: Tag = Tag {
    name: "Demo",
    description: "Simulated, for older clients: no real account or order is behind these.",
};

/// The description of this service's routes.
pub const SERVICE: Service = Service {
    title: "Order service",
    description: "The menu and the orders.",
    tags: &[MENU, ORDERS, DEMO],
    operations: OPERATIONS,
};

const CATEGORY: Parameter = Parameter {
    place: "query",
    name: "categorie",
    description: "A category. Without it: the whole menu. An unknown category has no dishes.",
    schema: || json!({ "type": "string", "examples": Category::ALL }),
};

const CLIENT: Parameter = Parameter {
    place: "query",
    name: "clientId",
    description: "Only the orders of these clients.",
    schema: || several(schema_of::<ClientId>()),
};

const STATUS: Parameter = Parameter {
    place: "query",
    name: "status",
    description: "Only the orders with one of these statuses.",
    schema: || several(json!({ "type": "string", "enum": OrderStatus::ALL })),
};

const FROM: Parameter = Parameter {
    place: "query",
    name: "from",
    description: "Only the orders made at this time or later, or from this day on (UTC).",
    schema: time_or_day,
};

const TO: Parameter = Parameter {
    place: "query",
    name: "to",
    description: "Only the orders made before this time, or until the end of this day (UTC).",
    schema: time_or_day,
};

const PREFER: Parameter = Parameter {
    place: "header",
    name: "Prefer",
    description: "`count=exact` asks for the number of orders on all pages (RFC 7240).",
    // Other preferences are ignored (§2).
    schema: || json!({ "type": "string", "examples": ["count=exact"] }),
};

const MAX_TOTAL: Parameter = Parameter {
    place: "header",
    name: "X-Max-Total",
    description: "The most that the order may cost, in euros. An order that costs more is not made: the answer is a 409 \
                  with the `total`.",
    schema: schema_of::<Price>,
};

const LIMIT: Parameter = Parameter {
    place: "query",
    name: "limit",
    description: "The size of a page. Without it: every open order, and the newest 1,000 that have ended.",
    schema: || or_blank(json!({ "type": "integer", "minimum": 1, "maximum": 200 })),
};

const CURSOR: Parameter = Parameter {
    place: "query",
    name: "cursor",
    description: "Where the page begins: the `X-Next-Cursor` of the page before.",
    schema: || json!({ "type": "string" }),
};

const SORT: Parameter = Parameter {
    place: "query",
    name: "sort",
    description: "`oldest` for pages that begin with the oldest orders; it needs a `limit`.",
    schema: || or_blank(json!({ "type": "string", "enum": ["newest", "oldest"] })),
};

const DRY_RUN: Parameter = Parameter {
    place: "query",
    name: "dryRun",
    description: "`true` for the report alone, without a change.",
    schema: || or_blank(json!({ "type": "string", "enum": ["true", "false", "1", "0"] })),
};

const FORMAT: Parameter = Parameter {
    place: "query",
    name: "format",
    description: "The format of the file.",
    schema: || or_blank(json!({ "type": "string", "enum": ["csv", "json"] })),
};

fn time_or_day() -> Value {
    let time = json!({ "type": "string", "format": "date-time" });
    let day = json!({ "type": "string", "format": "date" });
    or_blank(json!({ "anyOf": [time, day] }))
}

const DISHES: &[Response] = &[Response::new(
    200,
    "The dishes, by category, then by name.",
    &[Body::list::<Dish>(golden::DISH)],
)];
/// An apple tart, one of the sample dishes.
const SAMPLE_DISH: &str = "0192f0c4-0a11-7000-8000-000000000001";
const DISH: Body = Body::json::<Dish>(golden::DISH);
const ORDER: Body = Body::json::<Order>(golden::ORDER);

const OPERATIONS: &[Operation] = &[
    Operation::new(("GET", "/menu"), "getMenu", &MENU, "Read the menu")
        .with(&[CATEGORY])
        .answers(DISHES),
    Operation::new(("POST", "/menu"), "addDish", &MENU, "Add a dish")
        .token(Token::MayBeNeeded)
    .with(&[IDEMPOTENCY_KEY])
        .takes(Body::json::<NewDish>(golden::NEW_DISH))
        .answers(&[Response::new(201, "The new dish.", &[DISH]).with(&[LOCATION]).leads_to(&[("getDish", "id"), ("changeDish", "id"), ("removeDish", "id")])])
        .fails(&[Code::IdempotencyKeyReused]),
    Operation::new(("POST", "/menu/import"), "importMenu", &MENU, "Import a menu")
        .token(Token::MayBeNeeded)
        .says(
            "All of it or nothing. A dish of the same name in the same category is changed, so that an import can be \
             repeated; dishes that the file does not have stay. The first line of a CSV file has titles such as \
             `nom`, `prix`, `catégorie`, `description`, `disponible`, `allergènes`, in French or English. A fault names \
             its line.",
        )
        .with(&[DRY_RUN])
        .takes(Body::json::<MenuFile>(golden::MENU_FILE))
        .or_takes(Body::of::<Spreadsheet>("text/csv"))
        .answers(&[Response::new(200, "What became of each dish.", &[Body::json::<ImportReport>(golden::IMPORT_REPORT)])]),
    Operation::new(("GET", "/menu/export"), "exportMenu", &MENU, "Export the menu")
        .says("As CSV or as JSON: as `format` says, otherwise as `Accept` prefers, otherwise as JSON.")
        .with(&[FORMAT])
        .answers(&[Response::new(200, "The dishes, by category, then by name.", &[Body::list::<Dish>(golden::DISH), Body::text("text/csv")])])
        .fails(&[Code::ValidationFailed]),
    Operation::new(("GET", "/menu/{id}"), "getDish", &MENU, "Get a dish")
        .such_as(SAMPLE_DISH)
        .answers(&[Response::new(200, "The dish.", &[DISH]).with(&[ETAG])])
        .fails(&[Code::DishNotFound, Code::PreconditionFailed, Code::ValidationFailed]),
    Operation::new(("PATCH", "/menu/{id}"), "changeDish", &MENU, "Change a dish")
        .such_as(SAMPLE_DISH)
        .token(Token::MayBeNeeded)
    .says(
            "A merge patch (RFC 7396): an absent field stays as it is, and `null` removes a description or what is said \
             about allergens. `{\"disponible\": false}` marks a dish as sold out. Orders keep their names and prices.",
        )
        .with(&[IF_MATCH])
        .takes(Body::json::<DishChange>(golden::DISH_CHANGE))
        .or_takes(Body::merge_patch::<DishChange>(golden::DISH_CHANGE))
        .answers(&[Response::new(200, "The dish as it is now.", &[DISH]).with(&[ETAG])])
        .fails(&[Code::DishNotFound, Code::PreconditionFailed]),
    Operation::new(("DELETE", "/menu/{id}"), "removeDish", &MENU, "Remove a dish")
        .such_as(SAMPLE_DISH)
        .token(Token::MayBeNeeded)
    .says("Orders keep its name and price.")
        .with(&[IF_MATCH])
        .answers(&[Response::new(200, "It is removed.", &[Body::json::<Confirmation>(golden::CONFIRMATION)])])
        .fails(&[Code::DishNotFound, Code::PreconditionFailed]),
    Operation::new(("GET", "/opening"), "getOpening", &ORDERS, "Read the opening hours")
        .says("Whether orders are taken now, until when or from when on, and the hours of each day.")
        .answers(&[Response::new(200, "The hours.", &[Body::json::<OpeningHours>(golden::OPENING)])]),
    Operation::new(("POST", "/commandes"), "placeOrder", &ORDERS, "Place an order")
        .token(Token::MayBeNeeded)
    .says("Names and prices are those of the menu, and fixed from then on.")
        .with(&[IDEMPOTENCY_KEY, MAX_TOTAL])
        .takes(Body::json::<NewOrder>(golden::NEW_ORDER))
        .answers(&[Response::new(201, "The new order.", &[ORDER]).with(&[LOCATION]).leads_to(&[("getOrder", "id"), ("changeOrderStatus", "id")])])
        .fails(&[Code::IdempotencyKeyReused, Code::QuotaReached, Code::RestaurantClosed, Code::TotalExceeded]),
    Operation::new(("GET", "/commandes"), "listOrders", &ORDERS, "List orders")
        .token(Token::MayBeNeeded)
    .says(
            "The newest first. Without `limit`: every order that is not delivered or cancelled, and the newest 1,000 of \
             those that are. The cursor leads to the rest.",
        )
        .with(&[CLIENT, STATUS, FROM, TO, LIMIT, CURSOR, SORT, PREFER])
        .answers(&[Response::new(200, "The orders, or a page of them.", &[Body::list::<Order>(
            golden::ORDER,
        )])
        .with(&[LINK, NEXT_CURSOR, TOTAL_COUNT, PREFERENCE_APPLIED])])
        .fails(&[Code::ValidationFailed]),
    Operation::new(("GET", "/commandes/{id}"), "getOrder", &ORDERS, "Get an order")
        .token(Token::MayBeNeeded)
    .answers(&[Response::new(200, "The order.", &[ORDER]).with(&[ETAG])])
        .fails(&[Code::OrderNotFound]),
    Operation::new(
        ("PATCH", "/commandes/{id}/status"),
        "changeOrderStatus",
        &ORDERS,
        "Change an order's status",
    )
        .token(Token::MayBeNeeded)
    .says(
        "From `EN_ATTENTE` to `EN_PREPARATION`, `PRETE` or `ANNULEE`; from `EN_PREPARATION` to `PRETE` or `ANNULEE`; from \
         `PRETE` to `EN_LIVRAISON`, `LIVREE` or `ANNULEE`; from `EN_LIVRAISON` to `LIVREE` or `ANNULEE`. The same status \
         again changes nothing.",
    )
    .with(&[IF_MATCH])
    .takes(Body::json::<StatusChange>(golden::STATUS_CHANGE))
    .answers(&[Response::new(200, "The order as it is now.", &[ORDER]).with(&[ETAG])])
    .fails(&[Code::OrderNotFound, Code::ImpossibleTransition, Code::PreconditionFailed]),
    Operation::new(
        ("GET", "/demo/orders"),
        "listDemoOrders",
        &DEMO,
        "List the older demo's orders",
    )
    .answers(&[Response::new(
        200,
        "The orders.",
        &[Body::list::<DemoOrderRow>(golden::DEMO_ORDER_ROW)],
    )]),
    Operation::new(
        ("POST", "/demo/orders"),
        "placeDemoOrder",
        &DEMO,
        "Place an order of the older demo",
    )
    .takes(Body::json::<NewDemoOrder>(golden::NEW_DEMO_ORDER))
    .answers(&[Response::new(
        200,
        "The new order.",
        &[Body::json::<DemoOrder>(golden::DEMO_ORDER)],
    )]),
];
