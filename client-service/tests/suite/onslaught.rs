//! Tests of more passwords than can be hashed: some are refused, other requests are not affected.

use std::cell::Cell;
use std::rc::Rc;

use actix_web::http::Method;
use futures_util::future::{join, join_all};
use service_kit::testing::{Answer, Client, eventually};

use super::{Running, new_client, service};

/// One client's share of the queue. It is more than wait and are hashed at once on any machine of
/// this size.
const SHARE: usize = 40;
const MORE: usize = SHARE + 100;

/// This many simultaneous requests need several clients: each has at most 100 connections.
fn clients(service: &Running) -> Vec<Client> {
    (0..MORE)
        .step_by(90)
        .map(|_| Client::of(service.addr))
        .collect()
}

async fn register(http: &Client, address: &str, name: &str) -> Answer {
    let request = http.request(Method::POST, "/clients");
    let request = request.header("X-Forwarded-For", address);
    let new = new_client(&format!("{name}@example.com"));
    request.send_json(new).await
}

#[actix_web::test]
async fn while_passwords_wait_to_be_hashed_a_token_is_checked_at_once() {
    let service = Rc::new(service().await);
    service.register("lea@example.com").await;
    let token = service.log_in("lea@example.com").await;
    let answered = Rc::new(Cell::new(0));
    let all: Vec<_> = (0..SHARE)
        .map(|number| {
            let (service, answered) = (Rc::clone(&service), Rc::clone(&answered));
            actix_web::rt::spawn(async move {
                let name = format!("guest{number}");
                let _ = register(&service.http, "203.0.113.7", &name).await.ok(201);
                answered.set(answered.get() + 1);
            })
        })
        .collect();
    eventually("a password to be hashed", async || {
        (answered.get() > 0).then_some(())
    })
    .await;
    let _ = service.sessions(&token).await.ok(200);
    let before = answered.get();
    assert!(
        before < SHARE,
        "the token waited for all {before} passwords"
    );
    join_all(all).await;
}

#[actix_web::test]
async fn a_client_with_too_many_passwords_is_refused_and_another_is_not() {
    let service = service().await;
    let clients = clients(&service);
    let many = (0..MORE).map(|number| {
        let http = &clients[number % clients.len()];
        async move { register(http, "203.0.113.7", &format!("guest{number}")).await }
    });
    let other = register(&service.http, "203.0.113.8", "lea");
    let (many, other) = join(join_all(many), other).await;
    let _ = other.ok(201);
    let refused: Vec<_> = many.iter().filter(|answer| answer.status != 201).collect();
    assert!(!refused.is_empty() && refused.len() <= MORE - SHARE);
    for answer in refused {
        let problem = answer.problem(429, "rate_limited");
        assert_eq!(answer.header("retry-after"), Some("1"));
        assert!(
            problem.detail.contains("inscriptions"),
            "{}",
            problem.detail
        );
    }
}
