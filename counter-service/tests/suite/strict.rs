//! Tests of `ACCESS=strict`.

use std::time::Duration;

use actix_web::http::Method;
use actix_web::{App, HttpResponse, HttpServer, web};
use serde_json::{Value, json};
use service_kit::access::{Access, Claims, Settings, SigningKey};
use service_kit::testing::{Answer, eventually};
use shared_types::account::Role;
use shared_types::id::{ClientId, SessionId};
use shared_types::value::Timestamp;

use super::upstream::Upstream;
use super::{Service, config, order, path};
use crate::TestDatabase;

const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn signing() -> SigningKey {
    SigningKey::derived_from(&[1; 32]).unwrap()
}

fn token(client: ClientId, role: Role) -> String {
    let now = Timestamp::now();
    let lifetime = (now, now.after(Duration::from_secs(3600)));
    let claims = Claims::new(client, SessionId::generate(), role, lifetime);
    signing().sign(&claims).unwrap()
}

/// A client service that only tells its keys.
fn start_clients() -> String {
    let server = HttpServer::new(|| {
        let answer = || async {
            HttpResponse::Ok().json(json!({"keys": {"keys": [signing().public()]}, "ended": []}))
        };
        App::new().route("/auth/revocations/{cursor}", web::get().to(answer))
    });
    let server = server.workers(1).disable_signals();
    let server = server.bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", server.addrs()[0]);
    actix_web::rt::spawn(server.run());
    url
}

async fn strict(upstream: &Upstream, per_client: u64) -> Service {
    let database = TestDatabase::fresh();
    let mut config = config(&database, upstream);
    config.bounds.per_client = per_client;
    config.access = Settings {
        access: Access::Strict,
        clients_url: Some(start_clients().parse().unwrap()),
        peer_secret: Some(SECRET.parse().unwrap()),
    };
    let service = Service::start_with(config, database).await;
    let staff = token(ClientId::generate(), Role::Admin);
    eventually("the keys of tokens", async || {
        let unknown = "/differe/0192f0c4-0a11-7000-8000-000000000001";
        let asked = ask(&service, Method::GET, unknown, &staff).await;
        (asked.status == 404).then_some(())
    })
    .await;
    service
}

async fn ask(service: &Service, method: Method, path: &str, token: &str) -> Answer {
    service.request(method, path).bearer(token).send().await
}

async fn hand_in(service: &Service, address: &str, token: &str, body: Value) -> Answer {
    let request = service.request(Method::POST, "/deferred/orders/commandes");
    let request = request.header("X-Forwarded-For", address).bearer(token);
    request.send_json(body).await
}

#[actix_web::test]
async fn nobody_without_a_token_hands_in_or_reads() {
    let upstream = Upstream::stopped().await;
    let service = strict(&upstream, 10).await;
    let refused = service.hand_in("203.0.113.7", &order(1)).await;
    let _ = refused.problem(401, "unauthorized");
    let id = "/differe/0192f0c4-0a11-7000-8000-000000000001";
    let _ = service.get(id).await.problem(401, "unauthorized");
    let _ = service.delete(id).await.problem(401, "unauthorized");
}

#[actix_web::test]
async fn a_client_reads_and_withdraws_only_their_own_and_staff_reads_all() {
    let upstream = Upstream::stopped().await;
    let service = strict(&upstream, 10).await;
    let own = token(ClientId::generate(), Role::Client);
    let other = token(ClientId::generate(), Role::Client);
    let entry = hand_in(&service, "203.0.113.7", &own, order(1)).await;
    let path = path(&entry.ok(202));
    for method in [Method::GET, Method::DELETE] {
        let hidden = ask(&service, method, &path, &other).await;
        let _ = hidden.problem(404, "not_found");
    }
    let staff = token(ClientId::generate(), Role::Chef);
    for reader in [&own, &staff] {
        let read = ask(&service, Method::GET, &path, reader).await.ok(200);
        assert_eq!(read["status"], "pending");
    }
    let withdrawn = ask(&service, Method::DELETE, &path, &own).await.ok(200);
    assert_eq!(withdrawn["status"], "withdrawn");
}

#[actix_web::test]
async fn a_client_is_an_account_wherever_the_requests_come_from() {
    let mut upstream = Upstream::stopped().await;
    let service = strict(&upstream, 2).await;
    let own = token(ClientId::generate(), Role::Client);
    for (number, address) in ["203.0.113.7", "203.0.113.8"].iter().enumerate() {
        let _ = hand_in(&service, address, &own, order(number))
            .await
            .ok(202);
    }
    let refused = hand_in(&service, "203.0.113.9", &own, order(2)).await;
    let _ = refused.problem(503, "service_unavailable");
    let other = token(ClientId::generate(), Role::Client);
    let _ = hand_in(&service, "203.0.113.7", &other, order(3))
        .await
        .ok(202);
    upstream.resume().await;
    upstream.hears(3).await;
    let arrivals = upstream.arrivals();
    let bearer = format!("Bearer {own}");
    let own = arrivals
        .iter()
        .filter(|arrival| arrival.header("authorization") == Some(&bearer));
    let own: Vec<_> = own.map(|arrival| arrival.body["number"].clone()).collect();
    assert_eq!(own, [0, 1]);
    let vouched =
        |arrival: &super::upstream::Arrival| arrival.header("x-peer-secret") == Some(SECRET);
    assert!(arrivals.iter().all(vouched));
}

#[actix_web::test]
async fn the_password_of_the_services_is_never_sent_as_a_token() {
    let mut upstream = Upstream::stopped().await;
    let service = strict(&upstream, 10).await;
    let entry = hand_in(&service, "203.0.113.7", SECRET, order(1)).await;
    let entry = entry.ok(202);
    upstream.resume().await;
    upstream.hears(1).await;
    let arrival = upstream.arrivals().remove(0);
    assert_eq!(arrival.header("authorization"), None);
    assert_eq!(arrival.header("x-deferred-id"), entry["id"].as_str());
}
