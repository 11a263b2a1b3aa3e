//! Tests of placing an order and reading it again.

use actix_web::http::Method;
use serde_json::{Value, json};
use service_kit::testing::assert_same_shape;
use shared_types::golden;

use super::{Service, TART, each, new_order, order_of, path};

#[actix_web::test]
async fn the_golden_order_is_made_and_read_again() {
    let service = Service::start(true).await;
    let order = service.post("/commandes", golden::NEW_ORDER).await.ok(201);
    assert_same_shape(&order, golden::ORDER);
    assert_eq!(order["status"], "EN_ATTENTE");
    assert_eq!(order["totalPrice"], json!(13.0));
    assert_eq!(order["items"][0]["nom"], "Tarte aux pommes");
    assert_eq!(order["createdAt"], order["updatedAt"]);
    assert_eq!(service.get(&path(&order)).await.ok(200), order);
}

#[actix_web::test]
async fn a_made_order_names_its_location_at_the_path_that_the_client_asked() {
    let service = Service::start(true).await;
    let answer = service.post("/commandes", new_order()).await;
    let location = path(&answer.ok(201));
    assert_eq!(answer.header("location"), location.strip_prefix('/'));

    let ask = || {
        let request = service.request(Method::POST, "/commandes");
        let request = request.header("X-Forwarded-Uri", "/order-api/commandes");
        request
            .header("Idempotency-Key", "a-key")
            .send_json(new_order())
    };
    let (first, again) = (ask().await, ask().await);
    let location = path(&first.ok(201));
    for answer in [first, again] {
        assert_eq!(answer.header("location"), location.strip_prefix('/'));
    }
}

#[actix_web::test]
async fn a_price_or_a_name_from_the_client_is_ignored() {
    let service = Service::start(true).await;
    let line = json!({"menuId": TART, "quantite": 1, "prixUnitaire": 0.01, "nom": "Caviar"});
    let mut new = order_of(json!([line]));
    new["totalPrice"] = json!(0.01);
    new["status"] = json!("LIVREE");
    let order = service.post("/commandes", new).await.ok(201);
    assert_eq!(order["totalPrice"], json!(6.5));
    assert_eq!(order["items"][0]["nom"], "Tarte aux pommes");
    assert_eq!(order["status"], "EN_ATTENTE");
}

#[actix_web::test]
async fn a_total_is_exact_to_the_cent() {
    let service = Service::start(false).await;
    let mut items = Vec::new();
    for price in [0.1, 0.2, 19.99] {
        let dish = json!({"nom": "Plat", "prix": price, "categorie": "DESSERT"});
        let dish = service.post("/menu", dish).await.ok(201);
        items.push(json!({"menuId": dish["id"], "quantite": 3}));
    }
    let order = service
        .post("/commandes", order_of(Value::from(items)))
        .await;
    assert_eq!(order.ok(201)["totalPrice"], json!(60.87));
}

#[actix_web::test]
async fn the_same_dish_twice_stays_two_lines_in_their_order() {
    let service = Service::start(true).await;
    let items = json!([
        {"menuId": TART, "quantite": 3},
        {"menuId": TART, "quantite": 1},
    ]);
    let order = service.post("/commandes", order_of(items)).await.ok(201);
    let read = service.get(&path(&order)).await.ok(200);
    assert_eq!(each(&read["items"], "quantite"), [3, 1]);
    assert_eq!(read["totalPrice"], json!(26.0));
}

#[actix_web::test]
async fn an_empty_address_or_telephone_is_none() {
    let service = Service::start(true).await;
    let mut new = new_order();
    new["adresse"] = json!("");
    new["telephone"] = json!("");
    let order = service.post("/commandes", new).await.ok(201);
    assert_eq!(order["adresse"], Value::Null);
    assert_eq!(order["telephone"], Value::Null);
}

#[actix_web::test]
async fn a_pasted_telephone_is_taken_with_plain_separators() {
    let service = Service::start(true).await;
    let mut new = new_order();
    new["telephone"] = json!("\u{200e}+33\u{a0}6 12\u{2011}34\u{2011}56\u{2011}78\u{200e}");
    let order = service.post("/commandes", new).await.ok(201);
    assert_eq!(order["telephone"], "+33 6 12-34-56-78");
}

#[actix_web::test]
async fn an_unknown_order_is_a_404_whatever_its_id_looks_like() {
    let service = Service::start(true).await;
    for id in [
        "0192f0c4-0a11-7000-8000-00000000ffff",
        "CMD1234",
        "1",
        "%20",
    ] {
        let path = format!("/commandes/{id}");
        let _ = service.get(&path).await.problem(404, "order_not_found");
        let change = service
            .patch(&format!("{path}/status"), golden::STATUS_CHANGE)
            .await;
        let _ = change.problem(404, "order_not_found");
    }
}

#[actix_web::test]
async fn fifty_orders_at_once_are_all_made() {
    let service = Service::start(true).await;
    let orders = (0..50).map(|_| service.post("/commandes", new_order()));
    let answers = futures_util::future::join_all(orders).await;
    let mut ids: Vec<_> = answers
        .iter()
        .map(|answer| answer.ok(201)["id"].to_string())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 50);
    let listed = service.get("/commandes").await.ok(200);
    assert_eq!(listed.as_array().unwrap().len(), 50);
}
