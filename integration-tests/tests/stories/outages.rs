//! Tests of a service that is down: its routes say so or serve stale answers, all others go on, and
//! its routes come back with it.

use service_kit::testing::{Answer, Client, eventually};
use stack::Service;

use crate::restaurant;

/// One read of each family, with its upstream.
const READS: [(Service, &str); 7] = [
    (Service::Clients, "/client-api/clients"),
    (Service::Orders, "/order-api/menu"),
    (Service::Orders, "/order-api/commandes"),
    (Service::Orders, "/orders"),
    (Service::Kitchen, "/kitchen/orders"),
    (Service::Delivery, "/delivery/assigned"),
    (Service::Delivery, "/delivery-api/livreurs"),
];

/// The problem of an unreachable or unavailable upstream.
fn is_refused(answer: &Answer, service: Service) {
    let problem = match answer.status.as_u16() {
        502 => answer.problem(502, "upstream_unreachable"),
        _ => answer.problem(503, "upstream_unavailable"),
    };
    assert_eq!(problem.service.as_deref(), Some(service.upstream()));
}

/// The last good menu is served while its service is down. Every other read is refused.
fn is_what_an_outage_leaves(answer: &Answer, service: Service, path: &str) {
    if path != "/order-api/menu" {
        is_refused(answer, service);
    } else if answer.header("x-degraded") != Some("stale") {
        // A recent answer is still fresh.
        assert!(answer.header("cache-status").unwrap().contains("hit"));
    }
}

/// Waits until every feature is up.
async fn all_is_up(gateway: &Client) {
    eventually("every feature", async || {
        let told = gateway.get("/status").await.ok(200);
        (told["status"] == "up").then_some(())
    })
    .await;
}

async fn everything_works_except(down: Option<Service>, gateway: &Client) {
    for (service, path) in READS {
        let answer = gateway.get(path).await;
        if Some(service) == down {
            is_what_an_outage_leaves(&answer, service, path);
        } else {
            let _ = answer.ok(200);
        }
    }
    let _ = gateway.get("/").await.ok(200);
    let _ = gateway.get("/ready").await.ok(200);
}

#[actix_web::test]
async fn each_service_in_turn_is_stopped_and_started_again() {
    let mut restaurant = restaurant().await;
    everything_works_except(None, &restaurant.gateway).await;
    for service in Service::ALL {
        restaurant.stack.stop_service(service).await;
        assert!(!restaurant.stack.is_running(service));
        everything_works_except(Some(service), &restaurant.gateway).await;
        restaurant.stack.start_service(service).await.unwrap();
        all_is_up(&restaurant.gateway).await;
        everything_works_except(None, &restaurant.gateway).await;
    }
}

#[actix_web::test]
async fn stored_rows_are_there_after_a_restart() {
    let mut restaurant = restaurant().await;
    let client = serde_json::json!(uuid::Uuid::now_v7());
    let order = restaurant.order(&client).await;
    restaurant.stack.stop_service(Service::Orders).await;
    restaurant
        .stack
        .start_service(Service::Orders)
        .await
        .unwrap();
    all_is_up(&restaurant.gateway).await;
    let path = format!("/order-api/commandes/{}", order["id"].as_str().unwrap());
    assert_eq!(restaurant.gateway.get(&path).await.ok(200), order);
}

#[actix_web::test]
async fn the_gateway_serves_with_every_service_down() {
    let mut restaurant = restaurant().await;
    let _ = restaurant.gateway.get("/order-api/menu").await.ok(200);
    for service in Service::ALL {
        restaurant.stack.stop_service(service).await;
    }
    for (service, path) in READS {
        let answer = restaurant.gateway.get(path).await;
        is_what_an_outage_leaves(&answer, service, path);
    }
    let _ = restaurant.gateway.get("/ready").await.ok(200);
}
