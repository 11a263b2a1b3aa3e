//! Tests that every invalid order is refused and leaves nothing behind.

use actix_web::http::Method;
use serde_json::{Value, json};

use super::{MUSSELS, Service, TART, order_of};

const UNKNOWN: &str = "0192f0c4-0a11-7000-8000-00000000ffff";

/// The fields that the problem names.
async fn refused(service: &Service, order: Value) -> Vec<String> {
    let answer = service.post("/commandes", order).await;
    let problem = answer.problem(400, "validation_failed");
    let fields = problem.errors.into_iter().map(|error| error.field);
    fields.collect()
}

async fn assert_no_orders(service: &Service) {
    assert_eq!(service.get("/commandes").await.ok(200), json!([]));
}

#[actix_web::test]
async fn no_lines_or_more_than_fifty_are_refused() {
    let service = Service::start(true).await;
    let line = json!({"menuId": TART, "quantite": 1});
    for count in [0, 51] {
        let items = vec![line.clone(); count];
        assert_eq!(refused(&service, order_of(items.into())).await, ["items"]);
    }
    assert_no_orders(&service).await;
    let most = order_of(vec![line; 50].into());
    let _ = service.post("/commandes", most).await.ok(201);
}

#[actix_web::test]
async fn a_quantity_is_an_integer_between_1_and_99() {
    let service = Service::start(true).await;
    for quantity in [
        json!(0),
        json!(100),
        json!(-1),
        json!(1.5),
        json!("2"),
        Value::Null,
    ] {
        let items = json!([{"menuId": TART, "quantite": quantity}]);
        let fields = refused(&service, order_of(items)).await;
        assert_eq!(fields, ["items[0].quantite"], "{quantity}");
    }
    assert_no_orders(&service).await;
}

#[actix_web::test]
async fn every_unknown_or_unavailable_dish_is_named() {
    let service = Service::start(true).await;
    let items = json!([
        {"menuId": UNKNOWN, "quantite": 1},
        {"menuId": TART, "quantite": 1},
        {"menuId": MUSSELS, "quantite": 1},
    ]);
    let answer = service.post("/commandes", order_of(items)).await;
    let problem = answer.problem(400, "validation_failed");
    assert_eq!(problem.errors[0].field, "items[0].menuId");
    assert_eq!(problem.errors[1].field, "items[2].menuId");
    assert!(
        problem
            .detail
            .contains("« Moules marinières » n'est pas disponible"),
        "{}",
        problem.detail
    );
    assert_no_orders(&service).await;
}

#[actix_web::test]
async fn a_total_over_the_highest_price_is_refused() {
    let service = Service::start(false).await;
    let dish = json!({"nom": "Banquet", "prix": 1_000_000, "categorie": "PLAT_PRINCIPAL"});
    let dish = service.post("/menu", dish).await.ok(201);
    let items = json!([{"menuId": dish["id"], "quantite": 2}]);
    assert_eq!(refused(&service, order_of(items)).await, ["items"]);
    assert_no_orders(&service).await;
}

#[actix_web::test]
async fn a_quantity_is_exact_to_the_last_digit_or_refused() {
    let service = Service::start(true).await;
    for bad in ["1.0000000000000001", "1e-400", "98.99999999999999999"] {
        let order = order_of(json!([{"menuId": TART, "quantite": 7}])).to_string();
        let order = order.replace(":7", &format!(":{bad}"));
        let answer = service.post("/commandes", order.as_str()).await;
        let problem = answer.problem(400, "validation_failed");
        assert_eq!(problem.errors[0].field, "items[0].quantite", "{bad}");
    }
    assert_no_orders(&service).await;
}

#[actix_web::test]
async fn every_bad_field_is_named_at_once() {
    let service = Service::start(true).await;
    let order = json!({
        "clientId": "42",
        "items": [{"menuId": "pizza", "quantite": 0}],
        "telephone": "allô",
    });
    let mut fields = refused(&service, order).await;
    fields.sort_unstable();
    let expected = [
        "clientId",
        "items[0].menuId",
        "items[0].quantite",
        "telephone",
    ];
    assert_eq!(fields, expected);
    assert_eq!(refused(&service, json!({})).await, ["clientId", "items"]);
}

#[actix_web::test]
async fn a_body_that_cannot_be_read_is_refused() {
    let service = Service::start(true).await;
    let missing = service.request(Method::POST, "/commandes").send().await;
    let _ = missing.problem(400, "bad_request");
    let malformed = service.post("/commandes", "{\"items\": [").await;
    let _ = malformed.problem(400, "bad_request");
    let huge = format!("{{\"clientId\": \"{}\"}}", "x".repeat(10_000_000));
    let huge = service.post("/commandes", huge.as_str()).await;
    let _ = huge.problem(413, "payload_too_large");
    assert_no_orders(&service).await;
}
