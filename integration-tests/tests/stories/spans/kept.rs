//! The traces that a stack keeps for its console.

use actix_web::http::Method;
use serde_json::{Value, json};
use service_kit::env::Env;
use service_kit::testing::{Client, eventually};
use stack::{Options, Stack};

use super::{ADDRESS, Frontend, PARENT, TRACE};

/// One span of a trace as the operator's port tells it, by its own keys.
fn text<'s>(span: &'s Value, key: &str) -> &'s str {
    span[key].as_str().unwrap_or_default()
}

#[actix_web::test]
async fn a_stack_keeps_the_trace_of_an_order_through_all_services() {
    let folder = tempfile::tempdir().unwrap();
    // The token has what has to be encoded on the way.
    let env = Env::of_pairs([
        ("GATEWAY_WORKERS", "1"),
        ("GATEWAY_ADMIN_TOKEN", "100%,=a+b/c:\"d;e~f"),
        ("OTEL_BSP_SCHEDULE_DELAY", "50"),
    ]);
    let token = env.get("GATEWAY_ADMIN_TOKEN").unwrap();
    let options = Options::on_free_ports(folder.path(), env);
    let stack = Stack::start(options).await.unwrap();
    let frontend = Frontend(Client::of(stack.addr()));
    let operator = Client::of(stack.admin_addr());
    let menu = frontend.0.get("/order-api/menu").await.ok(200);
    let items = json!([{"menuId": menu[0]["id"], "quantite": 1}]);
    let order = json!({"clientId": uuid::Uuid::now_v7(), "items": items, "adresse": ADDRESS});
    let _ = frontend
        .send(Method::POST, "/order-api/commandes", Some(order))
        .await;
    let spans = eventually("the spans of all", async || {
        let request = operator.request(Method::GET, &format!("/traces/{TRACE}"));
        let answer = request.bearer(&token).send().await;
        let spans = (answer.status == 200).then(|| answer.json()["spans"].take())?;
        let spans = spans.as_array()?.clone();
        // Batches come in any order.
        let has = |name: &str, count| {
            spans
                .iter()
                .filter(|span| text(span, "name") == name)
                .count()
                == count
        };
        let is_known = |id: &str| id == PARENT || spans.iter().any(|span| text(span, "id") == id);
        let is_whole = spans.iter().all(|span| is_known(text(span, "parent")));
        let is_it = is_whole && has("process order", 2) && has("transaction", 1);
        is_it.then_some(spans)
    })
    .await;
    let way = |last: &Value| {
        let mut way = vec![format!("{}: {}", text(last, "service"), text(last, "name"))];
        let mut parent = text(last, "parent");
        while let Some(span) = spans.iter().find(|span| text(span, "id") == parent) {
            way.push(format!("{}: {}", text(span, "service"), text(span, "name")));
            parent = text(span, "parent");
        }
        assert_eq!(parent, PARENT, "{way:?} does not begin at the frontend");
        way
    };
    let named = |service: &str, name: &str| {
        let mut found = spans.iter();
        let is_it = |span: &&Value| text(span, "service") == service && text(span, "name") == name;
        found
            .find(is_it)
            .unwrap_or_else(|| panic!("{service}: {name}"))
    };
    let to_orders = [
        "order-service: POST /commandes",
        "gateway: POST orders",
        "gateway: POST /order-api/commandes",
    ];
    let written = named("order-service", "transaction");
    assert_eq!(written["attributes"]["db.system.name"], "sqlite");
    assert_eq!(
        way(written),
        [&["order-service: transaction"], &to_orders[..]].concat()
    );
    for (service, upstream) in [("kitchen-mock", "kitchen"), ("delivery-mock", "delivery")] {
        let sent = format!("send {upstream}");
        let peer = &named("order-service", &sent)["attributes"]["service.peer.name"];
        assert_eq!(peer, upstream);
        let begin = [
            &format!("{service}: process order"),
            &format!("{service}: POST /events"),
            &format!("order-service: {sent}"),
            "order-service: create outbox",
        ];
        let processed = named(service, "process order");
        assert_eq!(way(processed), [&begin[..], &to_orders].concat());
    }
    stack.stop().await;
}
