//! Tests of drafts: filled in and freed by `POST /livraisons`, taken by couriers, or waiting for
//! one.

use order_feed::testing::new_order;
use serde_json::{Value, json};
use service_kit::testing::{Client, assert_same_shape};
use shared_types::account::Role;
use shared_types::golden;
use shared_types::order::Order;
use shared_types::order::OrderStatus::{Cancelled, Delivered, Delivering, Pending, Ready};

use crate::{carried, column, courier, delivery, merge_patch, path_of, tell};

/// A new order that is ready, and its delivery.
async fn draft(client: &Client) -> (Order, Value) {
    let order = new_order(Pending);
    tell(client, &order, Ready).await;
    let drafted = client.get("/livraisons").await.ok(200)[0].clone();
    assert_eq!(drafted["commandeId"], json!(order.id));
    (order, drafted)
}

/// The id of a new courier who gets no draft.
async fn off_duty(client: &Client) -> Value {
    let new = json!({"nom": "max", "email": "max@example.com", "disponible": false});
    client.post("/livreurs", new).await.ok(201)["id"].clone()
}

async fn carrier(client: &Client, delivery: &Value) -> Value {
    client.get(&path_of(delivery)).await.ok(200)["livreurId"].clone()
}

#[actix_web::test]
async fn opening_a_delivery_fills_in_the_draft_once() {
    let client = delivery(false).await;
    let (order, drafted) = draft(&client).await;
    let mut new: Value = serde_json::from_str(golden::NEW_DELIVERY).unwrap();
    new["commandeId"] = json!(order.id);
    let opened = client.post("/livraisons", new.clone()).await.ok(201);
    assert_same_shape(&opened, golden::DELIVERY);
    assert_eq!(opened["id"], drafted["id"]);
    for (field, value) in new.as_object().unwrap() {
        assert_eq!(opened[field], *value, "{field}");
    }
    let _ = client
        .post("/livraisons", new)
        .await
        .problem(400, "delivery_exists");
    let all = client.get("/livraisons").await.ok(200);
    assert_eq!(all, json!([opened]));
}

#[actix_web::test]
async fn omitted_fields_of_a_new_delivery_stay_as_drafted() {
    let client = delivery(false).await;
    let (order, mut expected) = draft(&client).await;
    let new = json!({"commandeId": order.id, "commentaires": "Code 42B", "adresseArrivee": ""});
    let opened = client.post("/livraisons", new).await.ok(201);
    expected["commentaires"] = json!("Code 42B");
    expected["updatedAt"] = opened["updatedAt"].clone();
    assert_eq!(opened, expected);
}

#[actix_web::test]
async fn a_draft_that_is_filled_in_is_freed_for_any_courier_to_take() {
    let client = delivery(false).await;
    let lea = courier(&client, "lea").await;
    let max = courier(&client, "max").await;
    let (order, drafted) = draft(&client).await;
    assert_eq!(drafted["livreurId"], lea);

    let take = json!({"livreurId": max});
    let _ = client
        .patch(&path_of(&drafted), take.clone())
        .await
        .problem(409, "delivery_taken");
    let new = json!({"commandeId": order.id});
    let freed = client.post("/livraisons", new).await.ok(201);
    assert_eq!(freed["livreurId"], Value::Null);
    let taken = client.patch(&path_of(&drafted), take).await.ok(200);
    assert_eq!(taken["livreurId"], max);
}

#[actix_web::test]
async fn a_draft_that_is_filled_in_goes_to_the_courier_it_names() {
    let client = delivery(false).await;
    let _ = courier(&client, "lea").await;
    let max = courier(&client, "max").await;
    let (order, _) = draft(&client).await;
    let new = json!({"commandeId": order.id, "livreurId": max});
    let opened = client.post("/livraisons", new).await.ok(201);
    assert_eq!(opened["livreurId"], max);
}

#[actix_web::test]
async fn a_draft_stays_with_the_courier_who_has_set_out() {
    for status in ["EN_ROUTE_RESTAURANT", "RECUPEREE", "EN_ROUTE_CLIENT"] {
        let client = delivery(false).await;
        let lea = courier(&client, "lea").await;
        let max = courier(&client, "max").await;
        let (order, drafted) = draft(&client).await;
        for step in ["EN_ROUTE_RESTAURANT", "RECUPEREE", "EN_ROUTE_CLIENT"] {
            let change = json!({"statut": step});
            let _ = client.patch(&path_of(&drafted), change).await.ok(200);
            if step == status {
                break;
            }
        }
        let new = json!({"commandeId": order.id, "livreurId": max});
        let opened = client.post("/livraisons", new.clone()).await.ok(201);
        assert_eq!(
            (&opened["livreurId"], &opened["statut"]),
            (&lea, &json!(status))
        );
        let again = client.post("/livraisons", new).await;
        let _ = again.problem(400, "delivery_exists");
    }
}

#[actix_web::test]
async fn a_draft_on_its_way_without_a_courier_goes_to_the_named_courier() {
    let client = delivery(false).await;
    let order = new_order(Pending);
    tell(&client, &order, Delivering).await;
    let max = off_duty(&client).await;
    let new = json!({"commandeId": order.id, "livreurId": max});
    let opened = client.post("/livraisons", new).await.ok(201);
    assert_eq!(
        (&opened["livreurId"], &opened["statut"]),
        (&max, &json!("RECUPEREE"))
    );
}

#[actix_web::test]
async fn a_finished_draft_is_not_filled_in() {
    for (end, refusal) in [
        (Delivered, (400, "delivery_exists")),
        (Cancelled, (409, "impossible_transition")),
    ] {
        let client = delivery(false).await;
        let (order, _) = draft(&client).await;
        tell(&client, &order, end).await;
        let answer = client.post("/livraisons", json!({"commandeId": order.id}));
        let _ = answer.await.problem(refusal.0, refusal.1);
    }
}

#[actix_web::test]
async fn an_order_that_has_ended_gets_no_delivery() {
    let client = delivery(false).await;
    for end in [Delivered, Cancelled] {
        let order = new_order(Pending);
        tell(&client, &order, end).await;
        let new = json!({"commandeId": order.id});
        let answer = client.post("/livraisons", new).await;
        let problem = answer.problem(409, "impossible_transition");
        assert!(problem.detail.contains("terminée"), "{problem:?}");
    }
    assert_eq!(client.get("/livraisons").await.ok(200), json!([]));
}

/// The order's deliveries, the newest first.
async fn deliveries_of(client: &Client, order: &Order) -> Vec<Value> {
    let path = format!("/livraisons?commandeId={}", order.id);
    let all = client.get(&path).await.ok(200);
    all.as_array().unwrap().clone()
}

#[actix_web::test]
async fn an_order_whose_delivery_is_cancelled_gets_another_that_another_courier_carries() {
    let client = delivery(false).await;
    let (lea, max) = (courier(&client, "lea").await, courier(&client, "max").await);
    let (order, first) = draft(&client).await;
    assert_eq!(first["livreurId"], lea);
    let cancel = json!({"statut": "ANNULEE"});
    let _ = client.patch(&path_of(&first), cancel.clone()).await.ok(200);
    // Léa comes first among the free couriers, and does not get it again.
    let all = deliveries_of(&client, &order).await;
    assert_eq!(column(&json!(all), "livreurId"), [&max, &lea]);
    assert_eq!(column(&json!(all), "statut"), ["EN_ATTENTE", "ANNULEE"]);
    assert_eq!(all[0]["adresseArrivee"], first["adresseArrivee"]);

    // When nobody is left who may have it, it waits. A repeated cancellation opens no other.
    let _ = client
        .patch(&path_of(&all[0]), cancel.clone())
        .await
        .ok(200);
    for again in [&first, &all[0]] {
        let _ = client.patch(&path_of(again), cancel.clone()).await.ok(200);
    }
    tell(&client, &order, Ready).await;
    let all = deliveries_of(&client, &order).await;
    assert_eq!(column(&json!(all), "livreurId"), [&Value::Null, &max, &lea]);
    let ina = courier(&client, "ina").await;
    assert_eq!(carrier(&client, &all[0]).await, ina);

    tell(&client, &order, Cancelled).await;
    let all = deliveries_of(&client, &order).await;
    assert_eq!(column(&json!(all), "statut"), ["ANNULEE"; 3]);
}

#[actix_web::test]
async fn a_delivery_that_is_cancelled_before_its_order_is_ready_is_replaced_when_it_is() {
    let client = delivery(false).await;
    let order = new_order(Pending);
    let new = json!({"commandeId": order.id, "commentaires": "Code 42B"});
    let early = client.post("/livraisons", new).await.ok(201);
    let cancel = json!({"statut": "ANNULEE"});
    let _ = client.patch(&path_of(&early), cancel).await.ok(200);
    tell(&client, &order, Pending).await;
    assert_eq!(deliveries_of(&client, &order).await.len(), 1);
    tell(&client, &order, Ready).await;
    let all = deliveries_of(&client, &order).await;
    assert_eq!(column(&json!(all), "statut"), ["EN_ATTENTE", "ANNULEE"]);
    assert_eq!(all[0]["commentaires"], "Code 42B");
}

#[actix_web::test]
async fn a_courier_who_declines_a_draft_does_not_get_it_again() {
    let client = delivery(false).await;
    let lea = courier(&client, "lea").await;
    let (_, drafted) = draft(&client).await;
    assert_eq!(drafted["livreurId"], lea);
    let assign = format!("{}/assigner", path_of(&drafted));
    let nobody = json!({"livreurId": null});
    let declined = client.post(&assign, nobody).await.ok(200);
    assert_eq!(declined["livreurId"], Value::Null);
    assert_eq!(carrier(&client, &drafted).await, Value::Null);
    let max = courier(&client, "max").await;
    assert_eq!(carrier(&client, &drafted).await, max);
    // She may still take it herself.
    let _ = client
        .post(&assign, json!({"livreurId": lea}))
        .await
        .ok(200);
    assert_eq!(carrier(&client, &drafted).await, lea);

    // Neither does one who declines it by a merge patch.
    let (_, drafted) = draft(&client).await;
    assert_eq!(drafted["livreurId"], max);
    let nobody = json!({"livreurId": null});
    let _ = merge_patch(&client, &path_of(&drafted), nobody)
        .await
        .ok(200);
    assert_eq!(carrier(&client, &drafted).await, Value::Null);
    let ida = courier(&client, "ida").await;
    assert_eq!(carrier(&client, &drafted).await, ida);
}

#[actix_web::test]
async fn a_courier_who_goes_off_duty_gives_back_what_is_not_picked_up() {
    let client = delivery(false).await;
    let lea = courier(&client, "lea").await;
    let (_, drafted) = draft(&client).await;
    let opened = carried(&client, "CMD7", &lea).await;
    let picked_up = carried(&client, "CMD8", &lea).await;
    let steps = ["EN_ROUTE_RESTAURANT", "RECUPEREE"];
    for (path, steps) in [(&opened, &steps[..1]), (&picked_up, &steps[..])] {
        for status in steps {
            let _ = client.patch(path, json!({"statut": status})).await.ok(200);
        }
    }
    let max = courier(&client, "max").await;
    let off = json!({"disponible": false});
    let _ = client.patch(&path_of_courier(&lea), off).await.ok(200);

    assert_eq!(carrier(&client, &drafted).await, max);
    let opened = client.get(&opened).await.ok(200);
    assert_eq!(
        (&opened["livreurId"], &opened["statut"]),
        (&Value::Null, &json!("EN_ATTENTE"))
    );
    let picked_up = client.get(&picked_up).await.ok(200);
    assert_eq!(picked_up["livreurId"], lea);
}

fn path_of_courier(courier: &Value) -> String {
    format!("/livreurs/{}", courier.as_str().unwrap())
}

#[actix_web::test]
async fn a_draft_is_not_filled_in_with_an_unknown_courier() {
    let client = delivery(false).await;
    let (order, drafted) = draft(&client).await;
    let new =
        json!({"commandeId": order.id, "livreurId": crate::NOBODY, "commentaires": "Code 42B"});
    let answer = client.post("/livraisons", new).await;
    let _ = answer.problem(400, "validation_failed");
    assert_eq!(client.get(&path_of(&drafted)).await.ok(200), drafted);
}

#[actix_web::test]
async fn a_draft_that_a_courier_took_or_was_given_is_still_filled_in() {
    let client = delivery(false).await;
    let (order, drafted) = draft(&client).await;
    let max = off_duty(&client).await;
    let choice = json!({"livreurId": max});
    let _ = client
        .patch(&path_of(&drafted), choice.clone())
        .await
        .ok(200);
    let assign = format!("{}/assigner", path_of(&drafted));
    let _ = client.post(&assign, choice).await.ok(200);
    let new = json!({"commandeId": order.id});
    let freed = client.post("/livraisons", new).await.ok(201);
    assert_eq!(freed["livreurId"], Value::Null);
}

#[actix_web::test]
async fn a_draft_waits_until_a_courier_hands_over() {
    let client = delivery(true).await;
    let (first, carried) = draft(&client).await;
    let (_, waiting) = draft(&client).await;
    assert_eq!(waiting["livreurId"], Value::Null);
    let mark = json!({"order_id": first.id});
    let _ = client.post("/update", mark).await.ok(200);
    assert_eq!(carrier(&client, &waiting).await, carried["livreurId"]);
}

#[actix_web::test]
async fn the_draft_of_a_cancelled_order_frees_its_courier() {
    let client = delivery(true).await;
    let (first, carried) = draft(&client).await;
    let (_, waiting) = draft(&client).await;
    tell(&client, &first, Cancelled).await;
    let cancelled = client.get(&path_of(&carried)).await.ok(200);
    assert_eq!(cancelled["statut"], "ANNULEE");
    assert_eq!(cancelled.get("motif"), None);
    assert_eq!(carrier(&client, &waiting).await, carried["livreurId"]);
}

#[actix_web::test]
async fn a_draft_is_given_to_the_first_courier_who_registers_or_comes_back() {
    let client = delivery(false).await;
    let (_, first) = draft(&client).await;
    let lea = courier(&client, "lea").await;
    assert_eq!(carrier(&client, &first).await, lea);

    let (_, second) = draft(&client).await;
    let max = off_duty(&client).await;
    assert_eq!(carrier(&client, &second).await, Value::Null);
    let path = format!("/livreurs/{}", max.as_str().unwrap());
    let _ = client
        .patch(&path, json!({"disponible": true}))
        .await
        .ok(200);
    assert_eq!(carrier(&client, &second).await, max);
}

#[actix_web::test]
async fn an_opened_delivery_is_never_assigned_automatically() {
    let client = delivery(false).await;
    let path = crate::unassigned(&client, "CMD7").await;
    let _ = courier(&client, "lea").await;
    let _ = draft(&client).await;
    assert_eq!(client.get(&path).await.ok(200)["livreurId"], Value::Null);
}

#[actix_web::test]
async fn a_delivery_that_is_cancelled_with_its_order_says_who_cancelled_that_and_why() {
    let client = delivery(false).await;
    let (mut order, drafted) = draft(&client).await;
    order.cancelled_by = Some(Role::Client);
    order.cancelled_because = Some("Trop tard".to_owned());
    for _ in 0..2 {
        tell(&client, &order, Cancelled).await;
        let cancelled = client.get(&path_of(&drafted)).await.ok(200);
        assert_eq!(cancelled["annuleePar"], "CLIENT");
        assert_eq!(cancelled["motif"], "Trop tard");
    }
}

#[actix_web::test]
async fn nobody_gets_what_is_picked_up_without_taking_it() {
    let client = delivery(false).await;
    let order = new_order(Pending);
    tell(&client, &order, Delivering).await;
    let lea = courier(&client, "lea").await;
    let all = deliveries_of(&client, &order).await;
    assert_eq!(column(&json!(all), "livreurId"), [&Value::Null]);
    let take = json!({"livreurId": lea});
    let _ = client.patch(&path_of(&all[0]), take).await.ok(200);
}
