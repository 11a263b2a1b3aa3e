//! The rest of the answer while a service is down, slow or confused.

use std::time::{Duration, Instant};

use actix_web::http::Method;
use gateway::Gateway;
use serde_json::{Value, json};
use service_kit::env::Env;
use service_kit::testing::Client;

use super::{DELIVERIES, ORDER, Restaurant, Service, config, gateway, states};
use crate::scripted::{silent, unused_address};
use crate::start_with;

#[actix_web::test]
async fn an_answer_without_a_service_that_is_down_names_it_as_missing() {
    let orders = Service::answering(ORDER).await;
    let delivery = Service::answering("[]").await;
    let client = Client::of(gateway(orders.addr, unused_address(), delivery.addr));
    let answer = client.get("/suivi/7").await;
    let body = answer.ok(200);
    assert_eq!(answer.header("x-degraded"), Some("partial"));
    assert_eq!(states(&body), ["ok", "unavailable", "not_found"]);
    assert_eq!(body["meta"]["complete"], json!(false));
    assert_eq!(
        (&body["kitchen"], &body["delivery"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(body["order"]["status"], "EN_PREPARATION");
}

#[actix_web::test]
async fn without_orders_and_without_a_copy_the_fault_is_reported() {
    let restaurant = Restaurant::open().await;
    let client = restaurant.client();
    for (status, body, told, code, retry) in [
        (503, "", 503, "upstream_unavailable", Some("1")),
        (500, "", 503, "upstream_unavailable", Some("1")),
        (200, "[", 502, "upstream_invalid_response", None),
    ] {
        restaurant.orders.answer(status, body);
        let answer = client.get("/suivi/7").await;
        let problem = answer.problem(told, code);
        assert_eq!(problem.service.as_deref(), Some("orders"));
        assert_eq!(answer.header("retry-after"), retry);
    }
    let (kitchen, delivery) = (restaurant.kitchen.addr, restaurant.delivery.addr);
    let client = Client::of(gateway(unused_address(), kitchen, delivery));
    let _ = client
        .get("/suivi/7")
        .await
        .problem(502, "upstream_unreachable");
    let client = Client::of(gateway(silent().await, kitchen, delivery));
    let _ = client
        .get("/suivi/7")
        .await
        .problem(504, "upstream_timeout");
}

#[actix_web::test]
async fn without_orders_a_copy_stands_in_only_for_its_own_caller() {
    let restaurant = Restaurant::open().await;
    let client = restaurant.client();
    let ask = async |token: Option<&str>| {
        let request = client.request(Method::GET, "/suivi/7");
        let request = match token {
            Some(token) => request.bearer(token),
            None => request,
        };
        request.send().await
    };
    let _ = ask(Some("mine")).await.ok(200);
    restaurant.orders.answer(503, "");
    restaurant.kitchen.answer(500, "");
    let answer = ask(Some("mine")).await;
    let body = answer.ok(200);
    assert_eq!(answer.header("x-degraded"), Some("stale"));
    assert_eq!(states(&body), ["stale", "stale", "ok"]);
    assert!(body["meta"]["parts"]["order"]["ageSeconds"].is_u64());
    assert_eq!(body["meta"]["parts"]["delivery"].get("ageSeconds"), None);
    assert_eq!(body["order"]["totalPrice"], json!(12.5));
    assert_eq!(body["kitchen"]["order_id"], "7");
    for token in [Some("other"), None] {
        let _ = ask(token).await.problem(503, "upstream_unavailable");
    }
    // With orders available again, the kitchen's copy is not another caller's either.
    restaurant.orders.answer(200, ORDER);
    let answer = ask(Some("other")).await;
    assert_eq!(states(&answer.ok(200)), ["ok", "unavailable", "ok"]);
    assert_eq!(answer.header("x-degraded"), Some("partial"));
}

#[actix_web::test]
async fn a_service_that_hangs_keeps_nobody_longer_than_the_deadline() {
    let orders = Service::answering(ORDER).await;
    let delivery = Service::answering(DELIVERIES).await;
    let kitchen = silent().await;
    let client = Client::of(gateway(orders.addr, kitchen, delivery.addr));
    let began = Instant::now();
    let answer = client.get("/suivi/7").await;
    assert!(began.elapsed() >= Duration::from_millis(500));
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(states(&answer.ok(200)), ["ok", "timeout", "ok"]);
    // If there is no such order, nobody waits for the kitchen.
    orders.answer(404, "{}");
    let patient = config(orders.addr, kitchen, delivery.addr).replace("\"500ms\"", "\"20s\"");
    let client = Client::of(start_with(&patient, unused_address(), []));
    let began = Instant::now();
    let _ = client.get("/suivi/7").await.problem(404, "order_not_found");
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "{:?}",
        began.elapsed()
    );
}

#[actix_web::test]
async fn a_drill_marks_only_the_answers_that_it_changed() {
    let orders = Service::answering(ORDER).await;
    let kitchen = Service::answering("[]").await;
    let delivery = Service::answering(DELIVERIES).await;
    let config = config(orders.addr, kitchen.addr, delivery.addr);
    let env = Env::of_pairs([
        ("GATEWAY_BIND", "127.0.0.1:0"),
        ("GATEWAY_ADMIN_BIND", "127.0.0.1:0"),
        ("GATEWAY_DRILLS", "on"),
    ]);
    let gateway = Gateway::build(crate::parse(&config, &env)).unwrap();
    let (client, operator) = (Client::of(gateway.addr()), Client::of(gateway.admin_addr()));
    actix_web::rt::spawn(gateway.run_until(std::future::pending()));
    let marked = async || {
        let answer = client.get("/suivi/7").await;
        let mark = answer.header("x-drill").map(str::to_owned);
        (states(&answer.ok(200)).map(str::to_owned), mark)
    };
    let well = ["ok", "not_found", "ok"].map(str::to_owned);
    assert_eq!(marked().await, (well.clone(), None));
    let drill = operator.request(Method::PUT, "/drills/kitchen");
    let order = json!({"mode": "down", "for": "1m"});
    let _ = drill.send_json(order).await.ok(200);
    let without = ["ok", "unavailable", "ok"].map(str::to_owned);
    assert_eq!(marked().await, (without, Some("down".to_owned())));
    assert_eq!(operator.delete("/drills/kitchen").await.status, 204);
    assert_eq!(marked().await, (well, None));
}
