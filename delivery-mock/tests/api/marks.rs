//! Tests of `/assigned` and `/update`.

use serde_json::json;
use service_kit::testing::assert_same_shape;
use shared_types::golden;

use crate::{carried, column, courier, delivery, unassigned};

#[actix_web::test]
async fn youssef_carries_the_sample_order() {
    let assigned = delivery(true).await.get("/assigned").await.ok(200);
    assert_same_shape(&assigned[0], golden::ASSIGNMENT);
    let expected = json!([{
        "order_id": "CMD1234",
        "livreur": "Youssef",
        "status": "EN_ROUTE_CLIENT",
        "adresse": "12 rue des Lilas, 75011 Paris",
    }]);
    assert_eq!(assigned, expected);
}

#[actix_web::test]
async fn without_samples_there_is_nothing() {
    let client = delivery(false).await;
    for path in ["/assigned", "/livreurs", "/livraisons"] {
        assert_eq!(client.get(path).await.ok(200), json!([]), "{path}");
    }
}

#[actix_web::test]
async fn only_unfinished_deliveries_with_a_courier_are_listed_as_assigned() {
    let client = delivery(false).await;
    let lea = courier(&client, "lea").await;
    let _ = unassigned(&client, "A").await;
    for order in ["B", "C", "D"] {
        let _ = carried(&client, order, &lea).await;
    }
    for (order, status) in [("B", "LIVREE"), ("C", "ANNULEE")] {
        let mark = json!({"order_id": order, "status": status});
        let _ = client.post("/update", mark).await.ok(200);
    }
    let expected =
        json!([{"order_id": "D", "livreur": "lea", "status": "EN_ATTENTE", "adresse": null}]);
    assert_eq!(client.get("/assigned").await.ok(200), expected);
}

#[actix_web::test]
async fn a_mark_without_a_status_hands_the_order_over() {
    let client = delivery(true).await;
    let mark = json!({"orderId": "CMD1234"});
    let marked = client.post("/update", mark).await.ok(200);
    assert_same_shape(&marked, golden::DELIVERY_MARKED);
    assert_eq!(marked, json!({"order_id": "CMD1234", "status": "LIVREE"}));
    assert_eq!(client.get("/assigned").await.ok(200), json!([]));
}

#[actix_web::test]
async fn the_golden_mark_is_accepted_and_repeated_without_effect() {
    let client = delivery(true).await;
    let first = client.post("/update", golden::DELIVERY_MARK).await.ok(200);
    let after_first = client.get("/livraisons").await.ok(200);
    let second = client.post("/update", golden::DELIVERY_MARK).await.ok(200);
    assert_eq!(first, second);
    assert_eq!(client.get("/livraisons").await.ok(200), after_first);
}

#[actix_web::test]
async fn a_mark_hands_over_from_any_unfinished_state() {
    let client = delivery(false).await;
    let steps = ["EN_ROUTE_RESTAURANT", "RECUPEREE", "EN_ROUTE_CLIENT"];
    for taken in 0..=steps.len() {
        let order = format!("CMD{taken}");
        let path = unassigned(&client, &order).await;
        for step in &steps[..taken] {
            let _ = client.patch(&path, json!({"statut": step})).await.ok(200);
        }
        let mark = json!({"order_id": order, "status": "livrée"});
        assert_eq!(
            client.post("/update", mark).await.ok(200)["status"],
            "LIVREE"
        );
    }
}

#[actix_web::test]
async fn a_mark_of_another_status_takes_one_step_at_a_time() {
    let client = delivery(true).await;
    let mark = json!({"order_id": "CMD1236", "status": "récupérée"});
    let _ = client
        .post("/update", mark.clone())
        .await
        .problem(409, "impossible_transition");
    let step = json!({"order_id": "CMD1236", "status": "en route restaurant"});
    let _ = client.post("/update", step).await.ok(200);
    let marked = client.post("/update", mark).await.ok(200);
    assert_eq!(marked["status"], "RECUPEREE");
}

#[actix_web::test]
async fn a_cancelled_delivery_is_not_handed_over() {
    let client = delivery(true).await;
    let cancel = json!({"order_id": "CMD1234", "status": "annulée"});
    let _ = client.post("/update", cancel).await.ok(200);
    let before = client.get("/livraisons").await.ok(200);
    let _ = client
        .post("/update", json!({"order_id": "CMD1234"}))
        .await
        .problem(409, "impossible_transition");
    assert_eq!(client.get("/livraisons").await.ok(200), before);
}

#[actix_web::test]
async fn an_order_without_a_delivery_is_a_404() {
    let answer = delivery(true)
        .await
        .post("/update", json!({"order_id": "CMD9999"}))
        .await;
    let _ = answer.problem(404, "order_not_found");
}

#[actix_web::test]
async fn a_new_delivery_of_a_courier_is_assigned_too() {
    let client = delivery(true).await;
    let ines = client.post("/livreurs", golden::NEW_COURIER).await.ok(201);
    let _ = carried(&client, "CMD7", &ines["id"]).await;
    let assigned = client.get("/assigned").await.ok(200);
    assert_eq!(column(&assigned, "livreur"), ["Youssef", "Inès"]);
}
