//! The limits on watched orders, for one client and for all.

use std::net::SocketAddr;

use actix_web::http::Method;
use service_kit::testing::{Answer, Client, eventually};

use super::lists::Slow;
use super::{DELIVERIES, Restaurant, Service, TICKETS, config};
use crate::scripted::unused_address;
use crate::start_with;
use crate::watcher::Watcher;

/// Three services, and a limit of three watched orders, of which a client gets two.
async fn start() -> SocketAddr {
    let Restaurant {
        orders,
        kitchen,
        delivery,
        ..
    } = Restaurant::open().await;
    let addr = |service: &Service| service.addr;
    let config = config(addr(&orders), addr(&kitchen), addr(&delivery)).replace(
        "[aggregates.suivi.events]",
        "[aggregates.suivi.events]\nwatched = 3\nstreams_per_client = 2",
    );
    let trusted = [("GATEWAY_TRUSTED_PROXIES", "127.0.0.0/8")];
    start_with(&config, unused_address(), trusted)
}

async fn ask(gateway: SocketAddr, path: &str, address: &str) -> Answer {
    let client = Client::of(gateway);
    let request = client.request(Method::GET, path);
    request.header("x-forwarded-for", address).send().await
}

fn from(address: &str) -> String {
    format!("x-forwarded-for: {address}\r\n")
}

#[actix_web::test]
async fn a_client_with_all_its_streams_gets_no_other() {
    let gateway = start().await;
    let client = Client::of(gateway);
    let ask = async |address: &str| ask(gateway, "/suivi/1/flux", address).await;
    let mine = from("2001:db8::1");
    let first = Watcher::of(gateway, "/suivi/1/flux", &mine).await;
    let _second = Watcher::of(gateway, "/suivi/1/flux", &mine).await;
    // An address of the same household.
    let refused = ask("2001:db8::ffff").await;
    let limit = refused.problem(429, "rate_limited").limit.unwrap();
    assert_eq!(limit.name, "aggregates.suivi.events.streams_per_client");
    assert_eq!(limit.value, "2");
    assert_eq!(refused.header("retry-after"), Some("1"));
    // Another client, and the same one once a stream has ended.
    let _other = Watcher::of(gateway, "/suivi/1/flux", &from("192.0.2.1")).await;
    drop(first);
    eventually("room for another", async || {
        let head = client.request(Method::HEAD, "/suivi/1/flux");
        let answer = head.header("x-forwarded-for", "2001:db8::1").send().await;
        (answer.status == 200).then_some(())
    })
    .await;
}

#[actix_web::test]
async fn beyond_the_limit_no_other_order_is_watched_and_the_watched_ones_are_open_to_all() {
    let gateway = start().await;
    let mut watchers = Vec::new();
    for id in 1..=3 {
        let path = format!("/suivi/{id}/flux");
        let address = from(&format!("192.0.2.{id}"));
        watchers.push(Watcher::of(gateway, &path, &address).await);
    }
    let client = Client::of(gateway);
    let refused = client.get("/suivi/4/flux").await;
    let problem = refused.problem(503, "upstream_overloaded");
    assert_eq!(problem.service.as_deref(), Some("orders"));
    let limit = problem.limit.unwrap();
    assert_eq!(limit.name, "aggregates.suivi.events.watched");
    assert_eq!(limit.value, "3");
    assert_eq!(refused.header("retry-after"), Some("1"));
    let _another = Watcher::of(gateway, "/suivi/3/flux", &from("192.0.2.9")).await;
}

#[actix_web::test]
async fn a_client_that_tracks_an_order_has_a_share_of_each_service() {
    let orders = Slow::open().await;
    let kitchen = Service::answering(TICKETS).await;
    let delivery = Service::answering(DELIVERIES).await;
    let share =
        "retries = 0\nconcurrency = { requests = 9, queue = 9, wait = \"10ms\", per_client = 1 }";
    let config = config(orders.addr, kitchen.addr, delivery.addr)
        .replace("\"500ms\"", "\"20s\"")
        .replace("retries = 0", share);
    let gateway = start_with(
        &config,
        unused_address(),
        [("GATEWAY_TRUSTED_PROXIES", "127.0.0.0/8")],
    );
    let under_way = async |count| {
        eventually("so many to be under way", async || {
            (orders.seen.requests().len() >= count).then_some(())
        })
        .await;
    };
    let first = actix_web::rt::spawn(ask(gateway, "/suivi/7", "192.0.2.1"));
    under_way(1).await;
    let second = ask(gateway, "/suivi/7", "192.0.2.1").await;
    let limit = second.problem(429, "rate_limited").limit.unwrap();
    assert_eq!(limit.name, "upstreams.orders.concurrency.per_client");
    assert_eq!(limit.value, "1");
    let other = actix_web::rt::spawn(ask(gateway, "/suivi/7", "192.0.2.2"));
    under_way(2).await;
    // A list, which is not an order.
    orders.answer();
    for answer in [first.await, other.await] {
        let _ = answer.unwrap().problem(502, "upstream_invalid_response");
    }
}
