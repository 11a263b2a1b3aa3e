//! A list that holds every order is asked for once for all requests that need it.

use std::net::SocketAddr;
use std::sync::Arc;

use actix_web::http::Method;
use futures_util::future::join_all;
use serde_json::Value;
use service_kit::testing::{Client, eventually};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use super::{DELIVERIES, ORDER, Restaurant, Service, config, states};
use crate::scripted::{Seen, read_head, serving, unused_address};
use crate::start_with;
use crate::watcher::Watcher;

const ORDERS: usize = 20;

fn ticket(id: usize) -> String {
    format!(r#"{{"order_id":"{id}","status":"EN_PREPARATION","items":[{id}]}}"#)
}

fn tickets() -> String {
    let tickets: Vec<_> = (0..ORDERS).map(ticket).collect();
    format!("[{}]", tickets.join(", "))
}

/// A kitchen that holds back its list until it is told to send it.
pub(super) struct Slow {
    pub(super) addr: SocketAddr,
    pub(super) seen: Seen,
    answers: Arc<Semaphore>,
}

impl Slow {
    pub(super) async fn open() -> Self {
        let (seen, answers) = (Seen::default(), Arc::new(Semaphore::new(0)));
        let (requests, allowed) = (seen.clone(), Arc::clone(&answers));
        let addr = serving(move |mut stream| {
            let (requests, allowed) = (requests.clone(), Arc::clone(&allowed));
            async move {
                while let Some(request) = read_head(&mut stream).await {
                    requests.add(request);
                    let _allowed = allowed.acquire().await.unwrap();
                    let body = tickets();
                    let length = body.len();
                    let answer =
                        format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}");
                    stream.write_all(answer.as_bytes()).await.unwrap();
                }
            }
        })
        .await;
        Self {
            addr,
            seen,
            answers,
        }
    }

    pub(super) fn answer(&self) {
        self.answers.add_permits(Semaphore::MAX_PERMITS);
    }
}

/// A restaurant with a slow kitchen, which may take its time, and its order service.
async fn slow_restaurant() -> (Slow, Service, SocketAddr) {
    let kitchen = Slow::open().await;
    let orders = Service::answering(ORDER).await;
    let delivery = Service::answering(DELIVERIES).await;
    let config = config(orders.addr, kitchen.addr, delivery.addr).replace("\"500ms\"", "\"20s\"");
    let gateway = start_with(&config, unused_address(), [("GATEWAY_WORKERS", "2")]);
    (kitchen, orders, gateway)
}

/// Waits until `count` orders were asked for. The list is asked for at the same moment, so those
/// requests wait for it.
async fn until_asked(orders: &Service, count: usize) {
    eventually("all of them to wait", async || {
        (orders.seen.requests().len() >= count).then_some(())
    })
    .await;
}

async fn track(gateway: SocketAddr, id: usize, token: Option<&str>) -> Value {
    let client = Client::of(gateway);
    let request = client.request(Method::GET, &format!("/suivi/{id}"));
    let request = match token {
        Some(token) => request.bearer(token),
        None => request,
    };
    request.send().await.ok(200)
}

#[actix_web::test]
async fn a_request_during_a_list_gets_its_order_from_the_same_list() {
    let (kitchen, orders, gateway) = slow_restaurant().await;
    let answers = join_all((0..ORDERS).map(|id| track(gateway, id, None)));
    let answer = async {
        until_asked(&orders, ORDERS).await;
        kitchen.answer();
    };
    let (answers, ()) = tokio::join!(answers, answer);
    for (id, body) in answers.iter().enumerate() {
        assert_eq!(states(body)[1], "ok");
        let expected: Value = serde_json::from_str(&ticket(id)).unwrap();
        assert_eq!(body["kitchen"], expected);
    }
    assert_eq!(kitchen.seen.requests().len(), 1);
}

#[actix_web::test]
async fn a_list_is_shared_only_by_callers_with_the_same_token() {
    let (kitchen, orders, gateway) = slow_restaurant().await;
    let tokens = [Some("a"), Some("b"), None, Some("a"), None];
    let answers = join_all(tokens.map(|token| track(gateway, 7, token)));
    let answer = async {
        until_asked(&orders, tokens.len()).await;
        kitchen.answer();
    };
    tokio::join!(answers, answer);
    let requests = kitchen.seen.requests();
    let with = |token: &str| {
        let line = format!("authorization: Bearer {token}\r\n");
        requests.iter().filter(|head| head.contains(&line)).count()
    };
    assert_eq!((requests.len(), with("a"), with("b")), (3, 1, 1));
}

#[actix_web::test]
async fn a_list_arrives_although_the_client_that_asked_for_it_has_gone() {
    let (kitchen, orders, gateway) = slow_restaurant().await;
    let mut first = TcpStream::connect(gateway).await.unwrap();
    let request = b"GET /suivi/1 HTTP/1.1\r\nhost: x\r\n\r\n";
    first.write_all(request).await.unwrap();
    until_asked(&orders, 1).await;
    let second = track(gateway, 2, None);
    let leave = async {
        until_asked(&orders, 2).await;
        drop(first);
        kitchen.answer();
    };
    let (second, ()) = tokio::join!(second, leave);
    assert_eq!(states(&second)[1], "ok");
    assert_eq!(kitchen.seen.requests().len(), 1);
}

#[actix_web::test]
async fn a_list_is_asked_for_once_for_all_watched_orders() {
    let restaurant = Restaurant::open().await;
    restaurant.kitchen.answer(200, &tickets());
    let mut watchers = Vec::new();
    for id in 0..ORDERS {
        let path = format!("/suivi/{id}/flux");
        let mut watcher = Watcher::of(restaurant.gateway, &path, "").await;
        let event = watcher.event("suivi").await;
        assert_eq!(event["kitchen"]["items"][0], id);
        watchers.push(watcher);
    }
    eventually("a second round of all of them", async || {
        (restaurant.orders.seen.requests().len() >= 2 * ORDERS).then_some(())
    })
    .await;
    // One for each second. Each order by itself would have asked for as many lists as orders.
    let lists = restaurant.kitchen.seen.requests().len();
    assert!(lists < ORDERS / 2, "{lists}");
    restaurant
        .kitchen
        .answer(200, &tickets().replace("EN_PREPARATION", "EN_ATTENTE"));
    for watcher in &mut watchers {
        let event = watcher.event("suivi").await;
        assert_eq!(event["kitchen"]["status"], "EN_ATTENTE");
    }
}
