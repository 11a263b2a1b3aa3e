//! Tests of the words: a French page has no English ones and no names of the gateway's file.

use serde_json::{Value, json};
use service_kit::testing::Client;
use stack::Service;

use crate::browser::Look;
use crate::console::{Console, DESK};

const FRENCH: Look = Look {
    language: "fr",
    ..DESK
};

/// The visible texts, but for paths and methods.
const TEXTS: &str = "return [...document.querySelectorAll('body *')]\
    .filter((element) => element.checkVisibility() && !element.closest('code, pre, script'))\
    .flatMap((element) => [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE))\
    .map((node) => node.data).join('\\n')";

/// Names of the file, codes of problems, causes of failures, and words that only engineers use.
const FOREIGN: [&str; 14] = [
    "orders",
    "kitchen",
    "delivery",
    "menu",
    "upstream",
    "unavailable",
    "unreachable",
    "probe",
    "connect",
    "refused",
    "answer",
    "without",
    "circuit",
    "unknown",
];

#[actix_web::test]
async fn a_french_page_speaks_french_in_an_outage_too() {
    let mut console = Console::open(FRENCH).await;
    let gateway = Client::of(console.stack.addr());
    console.stack.stop_service(Service::Kitchen).await;
    console.sees("#upstream-kitchen[data-state=down]").await;
    let _ = gateway.get("/kitchen/orders").await;
    console.clicks("#journey-all").await;
    console.sees("#step-kitchen[data-state=failed]").await;
    console
        .sees("#requests a[href$='/upstream-unavailable']")
        .await;
    let missing = console.text("#feature-ordering .quiet").await;
    assert_eq!(missing, "sans la cuisine");
    let error = console.text("#upstream-kitchen .error").await;
    assert!(error.starts_with("dernière erreur à "), "{error}");
    let texts = console.asks(TEXTS).await;
    let texts = texts.as_str().unwrap().to_lowercase();
    let mut words = texts.split(|c: char| !c.is_alphabetic());
    let astray = words.find(|word| FOREIGN.contains(word));
    assert_eq!(astray, None, "{texts}");
    console.browser.picture("outage-fr").await;
    console.was_well().await;
}

#[actix_web::test]
async fn services_and_features_are_in_the_order_of_a_meal() {
    let console = Console::open(FRENCH).await;
    let ids = async |selector: &str| {
        let script =
            format!("return [...document.querySelectorAll('{selector}')].map((each) => each.id)");
        console.asks(&script).await
    };
    let services = ["clients", "orders", "counter", "kitchen", "delivery"];
    let services = services.map(|name| format!("upstream-{name}"));
    assert_eq!(ids(".service").await, json!(services));
    let features = [
        "accounts",
        "login",
        "menu",
        "ordering",
        "orderStatus",
        "kitchen",
        "delivery",
        "tracking",
    ];
    let features = features.map(|name| format!("feature-{name}"));
    assert_eq!(ids("#features li").await, json!(features));
    // The clients' service and the clients themselves have different names.
    let names =
        "return [...document.querySelectorAll('#picture h3')].map((each) => each.textContent)";
    let names = console.asks(names).await;
    assert_eq!(names[0], "Navigateurs et applications");
    assert_eq!(names[2], "Le service des clients");
    console.was_well().await;
}

#[actix_web::test]
async fn a_journey_that_a_drill_stops_says_so_and_can_be_restored() {
    let console = Console::open(DESK).await;
    let shown = "return [...document.querySelectorAll('[id^=drill-][id$=-end]')]\
        .filter((each) => each.checkVisibility()).map((each) => each.id)";
    assert_eq!(console.asks(shown).await, Value::Array(Vec::new()));
    console.clicks("#drill-kitchen-down").await;
    console.sees("#upstream-kitchen[data-state=drill]").await;
    assert_eq!(console.asks(shown).await, json!(["drill-kitchen-end"]));
    console.clicks("#journey-all").await;
    console.sees("#step-kitchen[data-state=failed]").await;
    assert_eq!(
        console.text("#journey-said").await,
        "Stopped at “The kitchen prepares it” because of your drill."
    );
    let why = console.text("#step-kitchen .why").await;
    assert!(
        why.starts_with("Because of your drill. The kitchen"),
        "{why}"
    );
    console.clicks("#drill-kitchen-end").await;
    console.sees("#upstream-kitchen[data-state=up]").await;
    assert_eq!(console.asks(shown).await, Value::Array(Vec::new()));
    console.plays("kitchen").await;
    console.was_well().await;
}

#[actix_web::test]
async fn the_pages_own_requests_are_told_from_those_of_clients() {
    let console = Console::open(DESK).await;
    let gateway = Client::of(console.stack.addr());
    let _ = gateway.get("/order-api/menu").await.ok(200);
    console.sees("#requests td[data-asker=client]").await;
    console.plays("login").await;
    console.sees("#requests td[data-asker=console]").await;
    assert_eq!(console.text("td[data-asker=console]").await, "this console");
    assert_eq!(console.text("td[data-asker=client]").await, "client");
    console.was_well().await;
}

#[actix_web::test]
async fn no_outage_is_tried_before_a_yes() {
    let console = Console::open(DESK).await;
    console.clicks("#verdict-run").await;
    console.sees("#verdict-ask[open]").await;
    let asked = console.text("#verdict-ask").await;
    assert!(asked.contains("real clients get errors"), "{asked}");
    console.clicks("#verdict-cancel").await;
    console.sees("#verdict-ask:not([open])").await;
    // Later requests are on the list, and none of a check is.
    console.plays("menu").await;
    console.sees("#requests td[data-asker=console]").await;
    console.sees("#verdict-section[hidden]").await;
    let checked = "return document.querySelectorAll('[data-asker=rehearsal]').length";
    assert_eq!(console.asks(checked).await, 0);
    console.checks_it_all().await;
    console.sees("#requests td[data-asker=rehearsal]").await;
    console.was_well().await;
}
