//! Tests of `X-Max-Total` and `X-Deferred-Id`.

use std::time::Duration;

use actix_web::http::Method;
use actix_web::{App, HttpResponse, HttpServer, web};
use serde_json::json;
use service_kit::access::{Access, Claims, Settings, SigningKey};
use service_kit::testing::{Answer, eventually};
use shared_types::account::Role;
use shared_types::id::{ClientId, SessionId};
use shared_types::value::Timestamp;

use super::{CLIENT, Service, config, new_order, path};
use crate::TestDatabase;

const MAX_TOTAL: &str = "X-Max-Total";
const DEFERRED_ID: &str = "X-Deferred-Id";
const ID: &str = "0192f0d1-5c2b-7e4f-8a63-9b7c2d3e5f60";

async fn order_with(service: &Service, fields: &[(&str, &str)]) -> Answer {
    let request = service.request(Method::POST, "/commandes");
    let add = |request: service_kit::testing::Request, (name, value): &(&str, &str)| {
        request.header(name, value)
    };
    let request = fields.iter().fold(request, add);
    request.send_json(new_order()).await
}

#[actix_web::test]
async fn an_order_above_the_clients_limit_is_not_made() {
    let service = Service::start(true).await;
    let total = service.order().await["totalPrice"].as_f64().unwrap();
    let refused = order_with(&service, &[(MAX_TOTAL, &format!("{}", total - 0.01))]).await;
    let problem = refused.problem(409, "total_exceeded");
    assert_eq!(serde_json::to_value(problem.total).unwrap(), total);
    let shown = format!("{total:.2}").replace('.', ",");
    assert!(problem.detail.contains(&shown), "{}", problem.detail);
    let _ = order_with(&service, &[(MAX_TOTAL, &format!("{total}"))])
        .await
        .ok(201);
    let list = service.get("/commandes").await.ok(200);
    assert_eq!(list.as_array().unwrap().len(), 2);
}

#[actix_web::test]
async fn a_refusal_for_the_total_leaves_the_key_free() {
    let service = Service::start(true).await;
    let key = ("Idempotency-Key", "a");
    let refused = order_with(&service, &[key, (MAX_TOTAL, "0.01")]).await;
    let _ = refused.problem(409, "total_exceeded");
    let _ = order_with(&service, &[key, (MAX_TOTAL, "1000")])
        .await
        .ok(201);
}

#[actix_web::test]
async fn a_limit_that_is_no_price_is_a_400() {
    let service = Service::start(true).await;
    for limit in ["", "12,50", "-1", "12.345", "lots"] {
        let refused = order_with(&service, &[(MAX_TOTAL, limit)]).await;
        let problem = refused.problem(400, "validation_failed");
        assert_eq!(problem.errors[0].field, MAX_TOTAL, "{limit}");
    }
}

#[actix_web::test]
async fn a_deferred_order_has_the_id_of_its_request() {
    let service = Service::start(true).await;
    let fields = [(DEFERRED_ID, ID), ("Idempotency-Key", "a")];
    let order = order_with(&service, &fields).await.ok(201);
    assert_eq!(order["id"], ID);
    assert_eq!(service.get(&path(&order)).await.ok(200), order);
    // The delivery is repeated.
    assert_eq!(order_with(&service, &fields).await.ok(201), order);
}

#[actix_web::test]
async fn a_second_order_with_the_same_id_is_a_422_and_changes_nothing() {
    let service = Service::start(true).await;
    let key = |key| [(DEFERRED_ID, ID), ("Idempotency-Key", key)];
    let order = order_with(&service, &key("a")).await.ok(201);
    for fields in [&key("b")[..], &[(DEFERRED_ID, ID)]] {
        let refused = order_with(&service, fields).await;
        let problem = refused.problem(422, "idempotency_key_reused");
        assert!(problem.detail.contains(DEFERRED_ID), "{}", problem.detail);
    }
    let fields = key("c");
    let at_once = (0..8).map(|_| order_with(&service, &fields));
    for refused in futures_util::future::join_all(at_once).await {
        let _ = refused.problem(422, "idempotency_key_reused");
    }
    assert_eq!(service.get(&path(&order)).await.ok(200), order);
}

#[actix_web::test]
async fn several_orders_with_one_id_at_once_make_one() {
    let service = Service::start(true).await;
    let keys = ["a", "b", "c", "d"];
    let fields = keys.map(|key| [(DEFERRED_ID, ID), ("Idempotency-Key", key)]);
    let at_once = fields.iter().map(|fields| order_with(&service, fields));
    let answers = futures_util::future::join_all(at_once).await;
    let (made, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 201);
    assert_eq!(made.len(), 1);
    for refused in refused {
        let _ = refused.problem(422, "idempotency_key_reused");
    }
}

#[actix_web::test]
async fn an_id_that_is_none_is_a_400() {
    let service = Service::start(true).await;
    let refused = order_with(&service, &[(DEFERRED_ID, "12")]).await;
    let problem = refused.problem(400, "validation_failed");
    assert_eq!(problem.errors[0].field, DEFERRED_ID);
}

const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn signing() -> SigningKey {
    SigningKey::derived_from(&[1; 32]).unwrap()
}

/// A token of the client whose orders these tests place.
fn token() -> String {
    let client: ClientId = serde_json::from_value(CLIENT.into()).unwrap();
    let now = Timestamp::now();
    let lifetime = (now, now.after(Duration::from_secs(3600)));
    let claims = Claims::new(client, SessionId::generate(), Role::Client, lifetime);
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

/// Where access is strict, only a service may choose an id. The password in `Authorization` makes
/// the sender a service; the one in `X-Peer-Secret` only vouches for the other fields.
#[actix_web::test]
async fn an_id_is_believed_beside_a_token_and_the_password_which_gives_no_access() {
    let database = TestDatabase::fresh();
    let mut config = config(&database, true);
    config.access = Settings {
        access: Access::Strict,
        clients_url: Some(start_clients().parse().unwrap()),
        peer_secret: Some(SECRET.parse().unwrap()),
    };
    let service = Service::start_with(config, database).await;
    let id = (DEFERRED_ID, ID);
    let vouched = ("X-Peer-Secret", SECRET);
    let refused = order_with(&service, &[id, vouched]).await;
    let _ = refused.problem(401, "unauthorized");
    let bearer = format!("Bearer {}", token());
    let token = ("Authorization", bearer.as_str());
    eventually("the keys of tokens", async || {
        let ordered = order_with(&service, &[token]).await;
        (ordered.status == 201).then_some(())
    })
    .await;
    for fields in [&[token, id][..], &[token, id, ("X-Peer-Secret", "guessed")]] {
        assert_ne!(order_with(&service, fields).await.ok(201)["id"], ID);
    }
    // The client's token gives no access to a route of services, vouched for or not.
    let event = service.request(Method::POST, "/events");
    let event = event.header(token.0, token.1).header(vouched.0, vouched.1);
    let _ = event.send_json(json!({})).await.problem(403, "forbidden");
    let order = order_with(&service, &[token, id, vouched]).await.ok(201);
    assert_eq!(order["id"], ID);
}

#[actix_web::test]
async fn a_service_chooses_an_id() {
    let database = TestDatabase::fresh();
    let mut config = config(&database, true);
    config.access = Settings {
        access: Access::Strict,
        clients_url: Some("http://127.0.0.1:9".parse().unwrap()),
        peer_secret: Some(SECRET.parse().unwrap()),
    };
    let service = Service::start_with(config, database).await;
    let bearer = format!("Bearer {SECRET}");
    let fields = [(DEFERRED_ID, ID), ("Authorization", &bearer)];
    assert_eq!(order_with(&service, &fields).await.ok(201)["id"], ID);
}
