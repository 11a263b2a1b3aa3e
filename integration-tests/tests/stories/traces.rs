//! Tests of the facts that the logs tell of an order, and of those that they must not tell.

use actix_web::http::Method;
use serde_json::{Value, json};
use service_kit::testing::{Client, eventually};

use crate::processes::Processes;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PASSWORD: &str = "passe-plat";
/// A text that only a body contains.
const ADDRESS: &str = "12 rue des Cascades";

/// A text that only a query contains.
const NOTE: &str = "entre-nous";

/// Every crate's own lines, down to the lowest level.
const ALL: &str = "trace,sqlx=info,mio=info";

#[actix_web::test]
async fn one_id_finds_the_whole_story_of_an_order_and_no_secret() {
    let processes = Processes::start(ALL);
    let gateway = Client::of(processes.gateway());
    let login = json!({"email": "client@passe-plat.example", "password": PASSWORD});
    let login = gateway.post("/client-api/login", login).await.ok(200);
    let token = login["access_token"].as_str().unwrap();
    let sessions = gateway.request(Method::GET, "/client-api/sessions");
    let _ = sessions.bearer(token).send().await.ok(200);

    let menu = format!("/order-api/menu?note={NOTE}");
    let menu = gateway.get(&menu).await.ok(200);
    let items = json!([{"menuId": menu[0]["id"], "quantite": 1}]);
    let order = json!({"clientId": login["client"]["id"], "items": items, "adresse": ADDRESS});
    let request = gateway.request(Method::POST, "/order-api/commandes");
    let traceparent = format!("00-{TRACE}-00f067aa0ba902b7-01");
    let request = request.header("traceparent", &traceparent).bearer(token);
    let order = request.send_json(order).await.ok(201);
    eventually("the order in the kitchen", async || {
        let orders = gateway.get("/kitchen/orders").await.ok(200);
        let is_it = |ticket: &Value| ticket["order_id"] == order["id"];
        orders.as_array().unwrap().iter().any(is_it).then_some(())
    })
    .await;

    for (name, route) in [
        ("gateway", "/order-api/commandes"),
        ("order-service", "/commandes"),
        ("kitchen-mock", "/events"),
        ("delivery-mock", "/events"),
    ] {
        let process = processes.process(name);
        let line = process.line_with(&format!("trace_id={TRACE}"));
        assert!(line.contains(&format!(" route={route} ")), "{name}: {line}");
    }
    let (_, signature) = token.rsplit_once('.').unwrap();
    for name in [
        "gateway",
        "client-service",
        "order-service",
        "kitchen-mock",
        "delivery-mock",
    ] {
        for line in processes.process(name).log() {
            for secret in [
                signature,
                ADDRESS,
                NOTE,
                "\"password\"",
                &format!("\"{PASSWORD}\""),
            ] {
                assert!(!line.contains(secret), "{name}: {line}");
            }
        }
    }
}
