//! Tests of the opening hours: how they are shown, and which orders they refuse.

use std::time::Duration;

use actix_web::http::Method;
use chrono::{DateTime, Days, NaiveTime, Utc};
use chrono_tz::Tz;
use order_service::Opening;
use serde_json::{Value, json};
use service_kit::testing::{Answer, assert_same_shape};
use shared_types::golden;
use shared_types::value::Timestamp;

use super::{Service, config, each, new_order};
use crate::TestDatabase;

/// Midnight, this many days from today, in UTC.
fn midnight(days: u64) -> DateTime<Utc> {
    let date = Utc::now().date_naive() + Days::new(days);
    date.and_time(NaiveTime::MIN).and_utc()
}

/// Open on one whole day only, this many days from today.
fn only_in(days: u64) -> String {
    let date = midnight(days).date_naive();
    format!("Mo-Su off; {date} 00:00-24:00")
}

async fn start_on(database: TestDatabase, hours: &str) -> Service {
    let mut config = config(&database, true);
    config.opening = Opening::new(Some(hours.parse().unwrap()), Tz::UTC);
    Service::start_with(config, database).await
}

async fn start(hours: &str) -> Service {
    start_on(TestDatabase::fresh(), hours).await
}

fn wished(time: DateTime<Utc>) -> Value {
    let mut order = new_order();
    order["pourLe"] = json!(Timestamp::from_millis(time.timestamp_millis()).unwrap());
    order
}

/// The problem's `opensAt`.
#[track_caller]
fn opens_at(answer: &Answer) -> DateTime<Utc> {
    let problem = answer.problem(409, "restaurant_closed");
    let opens_at = problem.opens_at.unwrap();
    DateTime::from_timestamp_millis(opens_at.millis()).unwrap()
}

#[actix_web::test]
async fn without_hours_the_restaurant_is_always_open() {
    let service = Service::start(true).await;
    let opening = service.get("/opening").await.ok(200);
    let expected = json!({
        "open": true, "timeZone": "Europe/Paris", "hours": [], "exceptions": [],
    });
    assert_eq!(opening, expected);
    let _ = service.order().await;
}

#[actix_web::test]
async fn an_order_outside_the_hours_is_refused_and_told_when_to_come_back() {
    let service = start(&only_in(2)).await;
    let answer = service.post("/commandes", new_order()).await;
    assert_eq!(opens_at(&answer), midnight(2));
    let wait = answer.header("retry-after").unwrap();
    let wait: i64 = wait.parse().unwrap();
    let expected = (midnight(2) - Utc::now()).num_seconds();
    assert!((expected..expected + 60).contains(&wait), "{wait}");
    assert_eq!(service.get("/commandes").await.ok(200), json!([]));

    let request = service.request(Method::POST, "/commandes");
    let request = request.header("accept-language", "en");
    let problem = request.send_json(new_order()).await;
    let problem = problem.problem(409, "restaurant_closed");
    let day = midnight(2).format("on %A %-d %B at 00:00.").to_string();
    assert!(problem.detail.ends_with(&day), "{}", problem.detail);
}

#[actix_web::test]
async fn the_hours_are_shown_with_the_next_change() {
    let closed = start(&only_in(2)).await;
    let opening = closed.get("/opening").await.ok(200);
    assert_same_shape(&opening, golden::OPENING);
    assert_eq!(opening["open"], false);
    let days = each(&opening["hours"], "day");
    assert_eq!(days.len(), 7);
    assert_eq!(days[0], "LUNDI");
    let date = json!(midnight(2).date_naive());
    let slot = json!({"from": "00:00", "to": "24:00"});
    let exception = json!({"from": date, "to": date, "slots": [slot]});
    assert_eq!(opening["exceptions"], json!([exception]));

    // Closed tomorrow.
    let hours = format!("24/7; {} off", midnight(1).date_naive());
    let open = start(&hours).await;
    let opening = open.get("/opening").await.ok(200);
    assert_eq!(opening["open"], true);
    assert_eq!(opening["opensAt"], Value::Null);
    let until = opening["until"].as_str().unwrap();
    assert_eq!(DateTime::parse_from_rfc3339(until).unwrap(), midnight(1));
    let _ = open.order().await;
}

#[actix_web::test]
async fn an_order_for_later_is_judged_by_the_time_it_is_wished_for() {
    let service = start(&only_in(2)).await;
    let noon = Duration::from_hours(12);
    let good = service.post("/commandes", wished(midnight(2) + noon)).await;
    let _ = good.ok(201);
    let early = service.post("/commandes", wished(midnight(1) + noon)).await;
    assert_eq!(opens_at(&early), midnight(2));
    // The wish is wrong, not the moment of the request.
    assert_eq!(early.header("retry-after"), None);
    let late = service.post("/commandes", wished(midnight(3))).await;
    let problem = late.problem(409, "restaurant_closed");
    assert_eq!(problem.opens_at, None);
    assert!(problem.detail.contains("souhaitée"), "{}", problem.detail);
    let list = service.get("/commandes").await.ok(200);
    assert_eq!(each(&list, "status"), ["EN_ATTENTE"]);
}

#[actix_web::test]
async fn an_order_that_was_taken_is_answered_again_after_closing_time() {
    let keyed = async |service: &Service| {
        let request = service.request(Method::POST, "/commandes");
        let request = request.header("Idempotency-Key", "evening");
        request.send_json(new_order()).await
    };
    let open = Service::start(true).await;
    let order = keyed(&open).await.ok(201);
    let closed = start_on(open.stop().await, &only_in(2)).await;
    assert_eq!(keyed(&closed).await.ok(201), order);
    let new = closed.post("/commandes", new_order()).await;
    let _ = new.problem(409, "restaurant_closed");
    // Orders that were taken go on.
    let _ = closed.change(&order, "PRETE").await.ok(200);
}
