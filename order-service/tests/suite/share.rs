//! Tests of the limit on the open orders of a client address.

use actix_web::http::Method;
use serde_json::json;
use service_kit::testing::Answer;

use super::{Service, config, new_order};
use crate::TestDatabase;

async fn order_from(service: &Service, address: &str) -> Answer {
    let mut new = new_order();
    // Anyone may choose a clientId, but that does not circumvent the limit.
    new["clientId"] = json!(shared_types::id::ClientId::generate());
    let request = service.request(Method::POST, "/commandes");
    let request = request.header("X-Forwarded-For", address);
    request.send_json(new).await
}

async fn with_a_share_of_two() -> Service {
    let database = TestDatabase::fresh();
    let mut config = config(&database, true);
    config.open_per_address = "2".parse().unwrap();
    Service::start_with(config, database).await
}

#[actix_web::test]
async fn an_address_with_its_share_of_open_orders_keeps_nobody_else_out() {
    let service = with_a_share_of_two().await;
    let first = order_from(&service, "203.0.113.7").await.ok(201);
    let _ = order_from(&service, "203.0.113.7, 10.0.0.1").await.ok(201);
    let refused = order_from(&service, "203.0.113.7").await;
    let problem = refused.problem(429, "quota_reached");
    assert!(problem.detail.contains("2 commandes"), "{}", problem.detail);
    let limit = problem.limit.unwrap();
    assert_eq!(limit.name, "ORDERS_OPEN_PER_ADDRESS");
    assert_eq!(limit.value, "2");
    assert_eq!(refused.header("retry-after"), Some("60"));
    let _ = order_from(&service, "203.0.113.8").await.ok(201);
    // Requests from inside the restaurant have no limit.
    for _ in 0..3 {
        let _ = service.order().await;
    }
    for ended in ["PRETE", "LIVREE"] {
        let _ = service.change(&first, ended).await.ok(200);
    }
    let _ = order_from(&service, "203.0.113.7").await.ok(201);
    let again = order_from(&service, "203.0.113.7").await;
    let _ = again.problem(429, "quota_reached");
}

#[actix_web::test]
async fn an_ipv6_network_counts_as_one_address() {
    let service = with_a_share_of_two().await;
    for host in ["2001:db8::1", "2001:db8::2"] {
        let _ = order_from(&service, host).await.ok(201);
    }
    let refused = order_from(&service, "2001:db8::3").await;
    let _ = refused.problem(429, "quota_reached");
    let _ = order_from(&service, "2001:db8:0:1::1").await.ok(201);
}

#[actix_web::test]
async fn no_answer_contains_the_origin_of_an_order() {
    let service = Service::start(true).await;
    let order = order_from(&service, "203.0.113.7").await;
    let list = service.get("/commandes").await;
    for answer in [order, list] {
        assert!(!String::from_utf8_lossy(&answer.body).contains("203.0.113.7"));
    }
}
