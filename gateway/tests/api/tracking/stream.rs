//! What is watched.

use std::net::SocketAddr;
use std::time::Duration;

use gateway::{Config, Gateway};
use serde_json::Value;
use service_kit::env::Env;
use service_kit::testing::eventually;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::{ORDER, Restaurant, config, states};

/// Longer than anything that is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

struct Watcher {
    stream: TcpStream,
    read: String,
}

impl Watcher {
    async fn of(restaurant: &Restaurant) -> Self {
        Self::with(restaurant.gateway, "").await
    }

    async fn with(gateway: SocketAddr, field: &str) -> Self {
        let mut stream = TcpStream::connect(gateway).await.unwrap();
        let request = format!("GET /suivi/7/flux HTTP/1.1\r\nhost: x\r\n{field}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut watcher = Self {
            stream,
            read: String::new(),
        };
        let head = watcher.until("\r\n\r\n").await;
        assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
        assert!(
            head.contains("content-type: text/event-stream\r\n"),
            "{head}"
        );
        assert!(head.contains("cache-control: no-store\r\n"), "{head}");
        watcher
    }

    /// What comes up to and including this, which is taken from what was read.
    async fn until(&mut self, text: &str) -> String {
        let mut buffer = [0; 4096];
        loop {
            if let Some(at) = self.read.find(text) {
                let rest = self.read.split_off(at + text.len());
                return std::mem::replace(&mut self.read, rest);
            }
            let count = timeout(PATIENCE, self.stream.read(&mut buffer)).await;
            let count = count.unwrap().unwrap();
            assert!(count > 0, "it ended: {}", self.read);
            self.read
                .push_str(std::str::from_utf8(&buffer[..count]).unwrap());
        }
    }

    async fn event(&mut self) -> Value {
        self.until("event: suivi\ndata: ").await;
        serde_json::from_str(&self.until("\n\n").await).unwrap()
    }

    /// The last chunk, after which the connection is as good as before.
    async fn end(&mut self) -> String {
        self.until("\r\n0\r\n\r\n").await
    }
}

#[actix_web::test]
async fn who_watches_is_told_at_once_and_whenever_something_changes() {
    let restaurant = Restaurant::open().await;
    let mut watcher = Watcher::of(&restaurant).await;
    let first = watcher.event().await;
    assert_eq!(states(&first), ["ok", "ok", "ok"]);
    restaurant.kitchen.answer(200, "[]");
    let second = watcher.event().await;
    assert_eq!(states(&second), ["ok", "not_found", "ok"]);
    // That what is old gets older is no news, and what comes back is.
    restaurant.delivery.answer(503, "");
    assert_eq!(states(&watcher.event().await), ["ok", "not_found", "stale"]);
    let asked = restaurant.delivery.seen.requests().len();
    eventually("two more rounds", async || {
        (restaurant.delivery.seen.requests().len() >= asked + 2).then_some(())
    })
    .await;
    restaurant.delivery.answer(200, "[]");
    assert_eq!(
        states(&watcher.event().await),
        ["ok", "not_found", "not_found"]
    );
}

#[actix_web::test]
async fn however_many_watch_the_services_are_asked_once_for_all() {
    let restaurant = Restaurant::open().await;
    let mut watchers = Vec::new();
    for _ in 0..6 {
        let mut watcher = Watcher::of(&restaurant).await;
        watcher.event().await;
        watchers.push(watcher);
    }
    // Each that asked for itself would have asked by now.
    let requests = restaurant.orders.seen.requests().len();
    assert!(requests <= 2, "{requests}");
    restaurant
        .orders
        .answer(200, &ORDER.replace("EN_PREPARATION", "PRETE"));
    for watcher in &mut watchers {
        assert_eq!(watcher.event().await["order"]["status"], "PRETE");
    }
    let seen = restaurant.orders.seen.requests();
    assert!(seen.len() <= 4, "{seen:#?}");
    assert_eq!(restaurant.kitchen.seen.requests().len(), seen.len());
}

#[actix_web::test]
async fn once_nobody_watches_nobody_asks() {
    let restaurant = Restaurant::open().await;
    let asked_by = |token: &str| {
        let line = format!("authorization: {token}\r\n");
        let requests = restaurant.orders.seen.requests();
        requests.iter().filter(|head| head.contains(&line)).count()
    };
    let mut gone = Watcher::with(restaurant.gateway, "authorization: gone\r\n").await;
    gone.event().await;
    drop(gone);
    // Who still watches is the clock.
    let mut watcher = Watcher::with(restaurant.gateway, "authorization: here\r\n").await;
    watcher.event().await;
    eventually("three rounds", async || {
        (asked_by("here") >= 4).then_some(())
    })
    .await;
    assert!(asked_by("gone") <= 2, "{}", asked_by("gone"));
}

#[actix_web::test]
async fn the_stream_ends_with_the_gateway() {
    let restaurant = Restaurant::open().await;
    let [orders, kitchen, delivery] = [
        &restaurant.orders,
        &restaurant.kitchen,
        &restaurant.delivery,
    ]
    .map(|one| one.addr);
    let env = Env::of_pairs([
        ("GATEWAY_BIND", "127.0.0.1:0"),
        ("GATEWAY_ADMIN_BIND", "127.0.0.1:0"),
        ("GATEWAY_WORKERS", "1"),
    ]);
    let text = config(orders, kitchen, delivery);
    let gateway = Gateway::build(Config::parse("test.toml", &text, &env).unwrap()).unwrap();
    let addr = gateway.addr();
    let (stop, stopped) = oneshot::channel::<()>();
    let running = actix_web::rt::spawn(gateway.run_until(async {
        let _ = stopped.await;
    }));
    let mut watcher = Watcher::with(addr, "").await;
    watcher.event().await;
    stop.send(()).unwrap();
    let end = watcher.end().await;
    assert!(!end.contains("event:"), "{end}");
    timeout(PATIENCE, running).await.unwrap().unwrap().unwrap();
}

#[actix_web::test]
async fn the_stream_ends_with_the_order() {
    for status in ["LIVREE", "ANNULEE"] {
        let restaurant = Restaurant::open().await;
        let mut watcher = Watcher::of(&restaurant).await;
        watcher.event().await;
        restaurant
            .orders
            .answer(200, &ORDER.replace("EN_PREPARATION", status));
        assert_eq!(watcher.event().await["order"]["status"], status);
        assert!(watcher.end().await.contains("event: fin\ndata: {}\n\n"));
        // Who comes later is shown how it ended.
        let mut late = Watcher::of(&restaurant).await;
        late.event().await;
        assert!(late.end().await.contains("event: fin\ndata: {}\n\n"));
    }
}

#[actix_web::test]
async fn a_stream_whose_order_is_refused_merely_ends() {
    let restaurant = Restaurant::open().await;
    let mut watcher = Watcher::of(&restaurant).await;
    watcher.event().await;
    restaurant.orders.answer(404, "{}");
    let end = watcher.end().await;
    assert!(!end.contains("event:"), "{end}");
}
