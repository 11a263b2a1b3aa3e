//! Answers made of several upstreams' answers that no line of the gateway's code knows.

use std::net::SocketAddr;

use actix_web::http::Method;
use futures_util::future::join_all;
use serde_json::{Value, json};
use service_kit::testing::Client;

use crate::scripted::unused_address;
use crate::tracking::Service;
use crate::watcher::Watcher;
use crate::{CONFIG, shipped_without_probes, start, start_with};

const DISHES: &str = r#"[{"id":"1","nom":"Tajine","prix":12.50}]"#;
const TICKETS: &str = r#"[{"order_id":"7","status":"EN_PREPARATION"}]"#;
const DELIVERIES: &str = "[]";

/// A gateway with the shipped file before these services.
fn shipped(orders: SocketAddr, kitchen: SocketAddr, delivery: SocketAddr) -> SocketAddr {
    let mut text = shipped_without_probes();
    for (port, addr) in [(8002, orders), (8003, kitchen), (8004, delivery)] {
        text = text.replace(&format!("127.0.0.1:{port}"), &addr.to_string());
    }
    start_with(&text, unused_address(), [])
}

fn states<'b>(body: &'b Value, parts: &[&str]) -> Vec<&'b str> {
    let of = |part: &&str| body["meta"]["parts"][*part]["state"].as_str().unwrap();
    parts.iter().map(of).collect()
}

#[actix_web::test]
async fn the_chefs_screen_is_whole_while_all_is_well_and_partial_without_a_service() {
    const PARTS: [&str; 3] = ["menu", "kitchen", "deliveries"];
    let orders = Service::answering(DISHES).await;
    let kitchen = Service::answering(TICKETS).await;
    let delivery = Service::answering(DELIVERIES).await;
    let gateway = shipped(orders.addr, kitchen.addr, delivery.addr);
    let client = Client::of(gateway);
    let answer = client.get("/tableau-de-bord").await;
    let expected = format!(
        "{{\"menu\":{DISHES},\"kitchen\":{TICKETS},\"deliveries\":{DELIVERIES},{}}}",
        concat!(
            r#""meta":{"complete":true,"parts":{"menu":{"state":"ok"},"#,
            r#""kitchen":{"state":"ok"},"deliveries":{"state":"ok"}}}"#
        )
    );
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body, expected);
    assert_eq!(answer.header("x-degraded"), None);

    let without = Client::of(shipped(orders.addr, unused_address(), delivery.addr));
    let answer = without.get("/tableau-de-bord").await;
    let body = answer.ok(200);
    assert_eq!(answer.header("x-degraded"), Some("partial"));
    assert_eq!(states(&body, &PARTS), ["ok", "unavailable", "ok"]);
    assert_eq!(body["kitchen"], Value::Null);
    assert_eq!(body["menu"][0]["nom"], "Tajine");

    let mut watcher = Watcher::of(gateway, "/tableau-de-bord/flux", "").await;
    let first = watcher.event("tableau-de-bord").await;
    assert_eq!(states(&first, &PARTS), ["ok", "ok", "ok"]);
    orders.answer(503, "");
    let stale = watcher.event("tableau-de-bord").await;
    assert_eq!(states(&stale, &PARTS), ["stale", "ok", "ok"]);
    assert_eq!(stale["menu"], first["menu"]);
    assert!(stale["meta"]["parts"]["menu"]["ageSeconds"].is_u64());
}

/// [`CONFIG`] with an aggregate of its upstream.
fn config(parts: &str, keys: &str) -> String {
    format!(
        "{CONFIG}\n[aggregates.item]\npath = \"/shops/{{shop}}/items/{{id}}\"\n{keys}\n[aggregates.item.parts]\n{parts}\n"
    )
}

const ITEM: &str =
    r#"item = { upstream = "backend", path = "/{shop}/items?id={id}", required = true }"#;

#[actix_web::test]
async fn without_a_required_part_its_problem_is_the_answer() {
    let backend = Service::answering("{}").await;
    let client = Client::of(start(
        &config(ITEM, "stale_if_error = \"0s\""),
        backend.addr,
    ));
    let body = client.get("/shops/a%20b/items/7").await.ok(200);
    assert_eq!(body["item"], json!({}));
    let request = backend.seen.only();
    assert!(
        request.starts_with("GET /a%20b/items?id=7 HTTP/1.1\r\n"),
        "{request}"
    );
    for (status, told, code) in [
        (404, 404, "not_found"),
        (400, 404, "not_found"),
        (401, 401, "unauthorized"),
        (403, 403, "forbidden"),
        // Nothing was kept.
        (500, 503, "upstream_unavailable"),
    ] {
        backend.answer(status, "{}");
        let answer = client.get("/shops/a%20b/items/7").await;
        let _ = answer.problem(told, code);
    }
    let _ = client
        .get("/shops/../items/%2e%2e")
        .await
        .problem(400, "bad_request");
    // There is no stream, and no other method.
    let _ = client
        .get("/shops/a/items/7/events")
        .await
        .problem(404, "route_not_found");
    let post = client.request(Method::POST, "/shops/a/items/7");
    let _ = post.send().await.problem(405, "method_not_allowed");
}

/// [`config`] with a second upstream, where the item is looked for too.
fn with_archive(archive: SocketAddr) -> String {
    let item = ITEM.replace(
        "required = true",
        r#"required = true, otherwise = { upstream = "archive", path = "/old/{id}" }"#,
    );
    let archive =
        format!("[upstreams.archive]\nurl = \"http://{archive}\"\nretries = 0\n\n[routes]");
    config(&item, "").replacen("[routes]", &archive, 1)
}

#[actix_web::test]
async fn a_part_that_its_upstream_has_not_or_cannot_show_is_looked_for_elsewhere() {
    let (backend, archive) = (
        Service::answering("{}").await,
        Service::answering("{}").await,
    );
    let client = Client::of(start(&with_archive(archive.addr), backend.addr));
    archive.answer(200, r#"{"from":"archive"}"#);
    for status in [404, 400, 500] {
        backend.answer(status, "{}");
        let answer = client.get(&format!("/shops/a/items/{status}")).await;
        assert_eq!(
            answer.ok(200)["item"],
            json!({"from": "archive"}),
            "{status}"
        );
        assert_eq!(answer.header("x-degraded"), None);
    }
    let asked = archive.seen.requests();
    assert!(
        asked[0].starts_with("GET /old/404 HTTP/1.1\r\n"),
        "{asked:?}"
    );

    // A refusal is final, and so is what the upstream itself has.
    backend.answer(403, "{}");
    let _ = client
        .get("/shops/a/items/7")
        .await
        .problem(403, "forbidden");
    backend.answer(200, r#"{"from":"shop"}"#);
    let answer = client.get("/shops/a/items/7").await;
    assert_eq!(answer.ok(200)["item"], json!({"from": "shop"}));
    // What it has shown before is served from its copy.
    backend.answer(500, "{}");
    let answer = client.get("/shops/a/items/7").await;
    assert_eq!(answer.ok(200)["item"], json!({"from": "shop"}));
    assert_eq!(answer.header("x-degraded"), Some("stale"));
    assert_eq!(archive.seen.requests().len(), asked.len());

    // Without it there either, the upstream's own answer counts.
    for at_archive in [404, 500, 403] {
        archive.answer(at_archive, "{}");
        backend.answer(404, "{}");
        let _ = client
            .get("/shops/a/items/8")
            .await
            .problem(404, "not_found");
        backend.answer(500, "{}");
        let answer = client.get("/shops/a/items/8").await;
        let _ = answer.problem(503, "upstream_unavailable");
    }
}

#[actix_web::test]
async fn a_part_is_found_in_a_list_by_a_text_or_a_whole_number() {
    let backend = Service::answering(r#"[{"item":70},{"item":7,"n":1},{"item":"x","n":2}]"#).await;
    let part = r#"stock = { upstream = "backend", path = "/stock", find = { item = "{id}" } }"#;
    let client = Client::of(start(&config(part, ""), backend.addr));
    for (id, found, state) in [
        ("7", json!({"item": 7, "n": 1}), "ok"),
        ("x", json!({"item": "x", "n": 2}), "ok"),
        ("8", Value::Null, "not_found"),
    ] {
        let body = client.get(&format!("/shops/s/items/{id}")).await.ok(200);
        assert_eq!(body["stock"], found);
        assert_eq!(states(&body, &["stock"]), [state]);
        assert_eq!(body["meta"]["complete"], true);
    }
}

#[actix_web::test]
async fn a_part_of_another_type_than_declared_is_unavailable() {
    let backend = Service::answering("[]").await;
    let parts = [
        ("either", ""),
        ("object", ", type = \"object\""),
        ("array", ", type = \"array\""),
    ];
    let parts = parts.map(|(name, kind)| {
        format!("{name} = {{ upstream = \"backend\", path = \"/{{id}}\"{kind} }}")
    });
    let client = Client::of(start(&config(&parts.join("\n"), ""), backend.addr));
    let answer = client.get("/shops/s/items/7").await;
    let body = answer.ok(200);
    let found = states(&body, &["either", "object", "array"]);
    assert_eq!(found, ["ok", "unavailable", "ok"]);
}

#[actix_web::test]
async fn the_clients_of_a_stream_share_its_polls_and_its_last_event_ends_it() {
    let backend = Service::answering(r#"{"state":"open"}"#).await;
    let keys = r#"
[aggregates.item.events]
path = "/shops/{shop}/items/{id}/events"
name = "news"
end = { part = "item", key = "state", values = ["sold"] }
"#;
    let gateway = start(&config(ITEM, keys), backend.addr);
    let watch = |_| async move {
        let mut watcher = Watcher::of(gateway, "/shops/s/items/7/events", "").await;
        let first = watcher.event("news").await;
        assert_eq!(first["item"]["state"], "open");
        watcher
    };
    let watchers = join_all((0..5).map(watch)).await;
    assert!(backend.seen.requests().len() <= 2);
    backend.answer(200, r#"{"state":"sold"}"#);
    for mut watcher in watchers {
        assert_eq!(watcher.event("news").await["item"]["state"], "sold");
        let end = watcher.end().await;
        assert!(end.contains("event: end\ndata: {}\n\n"), "{end}");
    }
}
