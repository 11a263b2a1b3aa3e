//! The stream of a watched order.

use std::net::SocketAddr;

use gateway::Gateway;
use service_kit::env::Env;
use service_kit::testing::eventually;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::{ORDER, Restaurant, config, states};
use crate::watcher::{PATIENCE, Watcher};

/// Watches the order of these tests.
async fn watch(restaurant: &Restaurant) -> Watcher {
    watch_as(restaurant.gateway, "").await
}

async fn watch_as(gateway: SocketAddr, field: &str) -> Watcher {
    Watcher::of(gateway, "/suivi/7/flux", field).await
}

#[actix_web::test]
async fn a_watcher_is_told_at_once_and_at_every_change() {
    let restaurant = Restaurant::open().await;
    let mut watcher = watch(&restaurant).await;
    let first = watcher.event("suivi").await;
    assert_eq!(states(&first), ["ok", "ok", "ok"]);
    restaurant.kitchen.answer(200, "[]");
    let second = watcher.event("suivi").await;
    assert_eq!(states(&second), ["ok", "not_found", "ok"]);
    // An old part that only ages is no news; one that is available again is.
    restaurant.delivery.answer(503, "");
    assert_eq!(
        states(&watcher.event("suivi").await),
        ["ok", "not_found", "stale"]
    );
    let asked = restaurant.delivery.seen.requests().len();
    eventually("two more rounds", async || {
        (restaurant.delivery.seen.requests().len() >= asked + 2).then_some(())
    })
    .await;
    restaurant.delivery.answer(200, "[]");
    assert_eq!(
        states(&watcher.event("suivi").await),
        ["ok", "not_found", "not_found"]
    );
}

#[actix_web::test]
async fn a_watcher_that_comes_back_is_told_only_what_has_changed() {
    let restaurant = Restaurant::open().await;
    let mut watcher = watch(&restaurant).await;
    let id = id(&watcher.until("event: suivi").await);
    drop(watcher);
    let seen = format!("last-event-id: {id}\r\n");
    let mut back = watch_as(restaurant.gateway, &seen).await;
    // Another gateway before the same services knows the id too.
    let other = restaurant.another_gateway();
    let mut elsewhere = watch_as(other, &seen).await;
    let mut unknown = watch_as(restaurant.gateway, "last-event-id: 7\r\n").await;
    assert_eq!(states(&unknown.event("suivi").await), ["ok", "ok", "ok"]);
    restaurant.kitchen.answer(200, "[]");
    for watcher in [&mut back, &mut elsewhere] {
        let first = watcher.event("suivi").await;
        assert_eq!(states(&first), ["ok", "not_found", "ok"]);
    }
}

/// The id of the event before which these bytes end.
fn id(bytes: &str) -> String {
    let id = bytes.lines().find_map(|line| line.strip_prefix("id: "));
    id.unwrap().to_owned()
}

#[actix_web::test]
async fn the_services_are_asked_once_for_all_watchers() {
    let restaurant = Restaurant::open().await;
    let mut watchers = Vec::new();
    for _ in 0..6 {
        let mut watcher = watch(&restaurant).await;
        watcher.event("suivi").await;
        watchers.push(watcher);
    }
    // If each had asked for itself, it would have asked by now.
    let requests = restaurant.orders.seen.requests().len();
    assert!(requests <= 2, "{requests}");
    restaurant
        .orders
        .answer(200, &ORDER.replace("EN_PREPARATION", "PRETE"));
    for watcher in &mut watchers {
        assert_eq!(watcher.event("suivi").await["order"]["status"], "PRETE");
    }
    let seen = restaurant.orders.seen.requests();
    assert!(seen.len() <= 4, "{seen:#?}");
    assert_eq!(restaurant.kitchen.seen.requests().len(), seen.len());
}

#[actix_web::test]
async fn without_watchers_the_services_are_not_asked() {
    let restaurant = Restaurant::open().await;
    let asked_by = |token: &str| {
        let line = format!("authorization: {token}\r\n");
        let requests = restaurant.orders.seen.requests();
        requests.iter().filter(|head| head.contains(&line)).count()
    };
    let mut gone = watch_as(restaurant.gateway, "authorization: gone\r\n").await;
    gone.event("suivi").await;
    drop(gone);
    // Another watcher shows that time passes.
    let mut watcher = watch_as(restaurant.gateway, "authorization: here\r\n").await;
    watcher.event("suivi").await;
    eventually("three rounds", async || {
        (asked_by("here") >= 4).then_some(())
    })
    .await;
    assert!(asked_by("gone") <= 2, "{}", asked_by("gone"));
}

#[actix_web::test]
async fn the_stream_ends_with_the_gateway() {
    let restaurant = Restaurant::open().await;
    let [orders, kitchen, delivery] = restaurant.addresses();
    let env = Env::of_pairs([
        ("GATEWAY_BIND", "127.0.0.1:0"),
        ("GATEWAY_ADMIN_BIND", "127.0.0.1:0"),
        ("GATEWAY_WORKERS", "1"),
    ]);
    let text = config(orders, kitchen, delivery);
    let gateway = Gateway::build(crate::parse(&text, &env)).unwrap();
    let addr = gateway.addr();
    let (stop, stopped) = oneshot::channel::<()>();
    let running = actix_web::rt::spawn(gateway.run_until(async {
        let _ = stopped.await;
    }));
    let mut watcher = watch_as(addr, "").await;
    watcher.event("suivi").await;
    stop.send(()).unwrap();
    let end = watcher.end().await;
    assert!(!end.contains("event:"), "{end}");
    let (_, wait) = end.split_once("retry: ").unwrap();
    let wait: u64 = wait.lines().next().unwrap().parse().unwrap();
    assert!((500..=2500).contains(&wait), "{end}");
    timeout(PATIENCE, running).await.unwrap().unwrap().unwrap();
}

#[actix_web::test]
async fn the_stream_ends_with_the_order() {
    for status in ["LIVREE", "ANNULEE"] {
        let restaurant = Restaurant::open().await;
        let mut watcher = watch(&restaurant).await;
        watcher.event("suivi").await;
        restaurant
            .orders
            .answer(200, &ORDER.replace("EN_PREPARATION", status));
        assert_eq!(watcher.event("suivi").await["order"]["status"], status);
        assert!(watcher.end().await.contains("event: fin\ndata: {}\n\n"));
        // A later watcher is shown the end, too.
        let mut late = watch(&restaurant).await;
        late.event("suivi").await;
        assert!(late.end().await.contains("event: fin\ndata: {}\n\n"));
    }
}

#[actix_web::test]
async fn a_stream_whose_order_is_refused_merely_ends() {
    let restaurant = Restaurant::open().await;
    let mut watcher = watch(&restaurant).await;
    watcher.event("suivi").await;
    restaurant.orders.answer(404, "{}");
    let end = watcher.end().await;
    assert!(!end.contains("event:"), "{end}");
}
