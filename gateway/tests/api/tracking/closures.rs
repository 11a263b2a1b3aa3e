//! Announced closures of the services that make an answer.

use actix_web::http::Method;
use gateway::Gateway;
use serde_json::{Value, json};
use service_kit::env::Env;
use service_kit::testing::Client;

use super::{Restaurant, config, states};
use crate::watcher::Watcher;

/// Far enough ahead, and long enough.
const LATER: &str = "2999-12-31T23:00:00+01:00";
const END: &str = "2999-12-31T23:30:00Z";

/// Starts another gateway before the services. Returns it and its operator's port.
fn start(restaurant: &Restaurant) -> (Client, Client, std::net::SocketAddr) {
    let [orders, kitchen, delivery] = restaurant.addresses();
    let env = Env::of_pairs([
        ("GATEWAY_BIND", "127.0.0.1:0"),
        ("GATEWAY_ADMIN_BIND", "127.0.0.1:0"),
        ("GATEWAY_WORKERS", "2"),
    ]);
    let features = "[features]\ntracking = { needs = [\"orders\"], probe = \"GET /suivi/7\" }\n";
    let config = format!("{}\n{features}", config(orders, kitchen, delivery));
    let gateway = Gateway::build(crate::parse(&config, &env)).unwrap();
    let address = gateway.addr();
    let started = (
        Client::of(address),
        Client::of(gateway.admin_addr()),
        address,
    );
    actix_web::rt::spawn(gateway.run_until(std::future::pending()));
    started
}

async fn close(operator: &Client, target: &str, from: Option<&str>, until: &str) {
    let mut order = json!({"until": until, "reason": {"fr": "Four.", "en": "Oven."}});
    if let Some(from) = from {
        order["from"] = from.into();
    }
    let request = operator.request(Method::PUT, &format!("/closures/{target}"));
    let _ = request.send_json(order).await.ok(200);
}

/// In half an hour.
fn soon() -> String {
    let now = shared_types::value::Timestamp::now();
    now.after(std::time::Duration::from_secs(1800)).to_string()
}

fn closures(body: &Value) -> Vec<&str> {
    let closures = body["meta"]["closures"].as_array();
    let closures = closures.into_iter().flatten();
    closures
        .map(|one| one["service"].as_str().unwrap())
        .collect()
}

#[actix_web::test]
async fn a_watcher_is_told_when_a_closure_is_announced_begins_and_is_over() {
    let restaurant = Restaurant::open().await;
    let (_, operator, address) = start(&restaurant);
    let mut watcher = Watcher::of(address, "/suivi/7/flux", "").await;
    let first = watcher.event("suivi").await;
    assert!(closures(&first).is_empty() && first["meta"].get("closures").is_none());
    close(&operator, "upstreams/kitchen", Some(LATER), END).await;
    let announced = watcher.event("suivi").await;
    assert_eq!(closures(&announced), ["kitchen"]);
    assert_eq!(announced["meta"]["closures"][0]["reason"]["fr"], "Four.");
    assert_eq!(
        announced["meta"]["closures"][0]["from"],
        "2999-12-31T22:00:00Z"
    );
    assert_eq!(states(&announced), ["ok", "ok", "ok"]);
    let asked = restaurant.kitchen.seen.requests().len();
    close(&operator, "upstreams/kitchen", None, &soon()).await;
    let mut begun = watcher.event("suivi").await;
    if states(&begun)[1] == "ok" {
        // The round was under way.
        begun = watcher.event("suivi").await;
    }
    assert_eq!(states(&begun), ["ok", "stale", "ok"]);
    assert!(restaurant.kitchen.seen.requests().len() <= asked + 1);
    assert_eq!(
        operator.delete("/closures/upstreams/kitchen").await.status,
        204
    );
    let over = watcher.event("suivi").await;
    assert!(closures(&over).is_empty());
}

#[actix_web::test]
async fn a_closed_feature_closes_its_answer_at_the_required_part() {
    let restaurant = Restaurant::open().await;
    let (public, operator, _) = start(&restaurant);
    close(&operator, "features/tracking", None, &soon()).await;
    let refused = public.get("/suivi/7").await;
    assert_eq!(refused.problem(503, "closed").detail, "Four.");
    assert!(refused.header("retry-after").unwrap().ends_with(" GMT"));
    assert_eq!(restaurant.orders.seen.requests().len(), 0);
    let _ = operator.delete("/closures/features/tracking").await;
    let _ = public.get("/suivi/7").await.ok(200);
    // With a last good answer, that one is shown.
    close(&operator, "features/tracking", None, &soon()).await;
    let stale = public.get("/suivi/7").await;
    assert_eq!(states(&stale.ok(200))[0], "stale");
    assert_eq!(stale.header("x-degraded"), Some("stale"));
}
