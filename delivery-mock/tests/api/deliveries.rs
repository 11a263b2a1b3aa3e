//! Tests of opening, reading and listing deliveries.

use serde_json::{Value, json};
use service_kit::testing::assert_same_shape;
use shared_types::golden;

use crate::{NOBODY, carried, column, courier, delivery, path_of, unassigned};

#[actix_web::test]
async fn a_list_is_filtered_by_several_statuses() {
    let client = delivery(false).await;
    let paths = [
        unassigned(&client, "A").await,
        unassigned(&client, "B").await,
    ];
    let _ = unassigned(&client, "C").await;
    for (path, status) in paths.iter().zip(["EN_ROUTE_RESTAURANT", "ANNULEE"]) {
        let _ = client.patch(path, json!({"statut": status})).await.ok(200);
    }
    for (query, orders) in [
        ("statut=ANNULEE", &["B"][..]),
        ("statut=annul%C3%A9e,EN_ROUTE_RESTAURANT", &["B", "A"]),
        ("statut=EN_ATTENTE&statut[]=ANNULEE", &["C", "B"]),
        ("statut=EN_ATTENTE,ANNULEE&commandeId=B", &["B"]),
        ("statut=", &["C", "B", "A"]),
    ] {
        let list = client.get(&format!("/livraisons?{query}")).await.ok(200);
        assert_eq!(column(&list, "commandeId"), orders, "{query}");
    }
    let bad = client.get("/livraisons?statut=perdue").await;
    assert_eq!(
        bad.problem(400, "validation_failed").errors[0].field,
        "statut"
    );
}

#[actix_web::test]
async fn a_parameter_that_resembles_a_filter_is_a_400_that_names_the_right_one() {
    let client = delivery(false).await;
    for (given, meant) in [
        ("status", "statut"),
        ("etat", "statut"),
        ("livreur_id", "livreurId"),
        ("order_id", "commandeId"),
        ("comandeId", "commandeId"),
    ] {
        let answer = client.get(&format!("/livraisons?{given}=1")).await;
        let problem = answer.problem(400, "validation_failed");
        assert_eq!(problem.errors[0].field, given);
        assert!(problem.errors[0].detail.contains(meant), "{given}");
    }
    let _ = client.get("/livraisons?_=1&colour=red").await.ok(200);
}

#[actix_web::test]
async fn a_new_delivery_is_kept_as_sent_and_waits() {
    let client = delivery(false).await;
    let answer = client.post("/livraisons", golden::NEW_DELIVERY).await;
    let made = answer.ok(201);
    assert_same_shape(&made, golden::DELIVERY);
    let sent: Value = serde_json::from_str(golden::NEW_DELIVERY).unwrap();
    for (field, value) in sent.as_object().unwrap() {
        assert_eq!(made[field], *value, "{field}");
    }
    assert_eq!(made["statut"], "EN_ATTENTE");
    assert_eq!(made["livreurId"], Value::Null);
    assert_eq!(made["createdAt"], made["updatedAt"]);
    assert_eq!(client.get(&path_of(&made)).await.ok(200), made);
}

#[actix_web::test]
async fn a_delivery_needs_no_more_than_an_order() {
    let client = delivery(false).await;
    let new = json!({"commandeId": "CMD7", "commentaires": "", "livreurId": ""});
    let made = client.post("/livraisons", new).await.ok(201);
    assert_same_shape(&made, golden::DELIVERY);
    assert_eq!(made["commentaires"], Value::Null);
    assert_eq!(made["livreurId"], Value::Null);
}

#[actix_web::test]
async fn an_order_has_one_delivery_until_that_is_cancelled() {
    let client = delivery(false).await;
    let mut opened = Vec::new();
    for _ in 0..3 {
        let made = client.post("/livraisons", golden::NEW_DELIVERY).await;
        let made = made.ok(201);
        assert_eq!(made["statut"], "EN_ATTENTE");
        let again = client.post("/livraisons", golden::NEW_DELIVERY).await;
        let _ = again.problem(400, "delivery_exists");
        let cancel = json!({"statut": "ANNULEE"});
        let _ = client.patch(&path_of(&made), cancel).await.ok(200);
        opened.insert(0, made["id"].clone());
    }
    let order = opened_order();
    let list = format!("/livraisons?commandeId={order}");
    let all = client.get(&list).await.ok(200);
    assert_eq!(column(&all, "id"), opened.iter().collect::<Vec<_>>());
}

#[actix_web::test]
async fn an_order_has_one_delivery_however_its_id_is_spelled() {
    let client = delivery(false).await;
    let made = client.post("/livraisons", golden::NEW_DELIVERY).await;
    let made = made.ok(201);
    let order = opened_order();
    for spelling in [order.to_uppercase(), order.replace('-', "")] {
        let again = client.post("/livraisons", json!({"commandeId": spelling}));
        let _ = again.await.problem(400, "delivery_exists");
        let list = format!("/livraisons?commandeId={spelling}");
        let listed = client.get(&list).await.ok(200);
        assert_eq!(listed, json!([made]), "{spelling}");
    }
    let id = made["id"].as_str().unwrap().to_uppercase();
    let path = format!("/livraisons/{id}");
    assert_eq!(client.get(&path).await.ok(200), made);
    let mark = json!({"order_id": order.to_uppercase()});
    let marked = client.post("/update", mark).await.ok(200);
    assert_eq!(marked, json!({"order_id": order, "status": "LIVREE"}));

    // Any other id keeps its spelling.
    for name in ["CMD7", "cmd7"] {
        let made = client
            .post("/livraisons", json!({"commandeId": name}))
            .await;
        assert_eq!(made.ok(201)["commandeId"], name);
    }
}

fn opened_order() -> String {
    let new: Value = serde_json::from_str(golden::NEW_DELIVERY).unwrap();
    new["commandeId"].as_str().unwrap().to_owned()
}

#[actix_web::test]
async fn a_mark_on_an_order_is_one_on_its_newest_delivery() {
    let client = delivery(false).await;
    let given_up = unassigned(&client, "CMD7").await;
    let _ = client
        .patch(&given_up, json!({"statut": "ANNULEE"}))
        .await
        .ok(200);
    let carried = unassigned(&client, "CMD7").await;
    // A comment on the first delivery does not move it up.
    let comment = json!({"commentaires": "Pneu crevé"});
    let _ = client.patch(&given_up, comment).await.ok(200);
    let mark = json!({"order_id": "CMD7"});
    let _ = client.post("/update", mark).await.ok(200);
    let status = async |path: &str| client.get(path).await.ok(200)["statut"].clone();
    assert_eq!(status(&carried).await, "LIVREE");
    assert_eq!(status(&given_up).await, "ANNULEE");
    let again = client.post("/livraisons", json!({"commandeId": "CMD7"}));
    let _ = again.await.problem(400, "delivery_exists");
}

#[actix_web::test]
async fn a_new_delivery_may_have_its_courier_already() {
    let client = delivery(false).await;
    let lea = courier(&client, "lea").await;
    let path = carried(&client, "CMD7", &lea).await;
    assert_eq!(client.get(&path).await.ok(200)["livreurId"], lea);
}

#[actix_web::test]
async fn a_new_delivery_of_an_unknown_courier_is_a_400_and_not_made() {
    let client = delivery(false).await;
    let new = json!({"commandeId": "CMD7", "livreurId": NOBODY});
    let answer = client.post("/livraisons", new).await;
    let problem = answer.problem(400, "validation_failed");
    assert_eq!(problem.errors[0].field, "livreurId");
    assert_eq!(client.get("/livraisons").await.ok(200), json!([]));
}

#[actix_web::test]
async fn deliveries_are_listed_the_newest_first() {
    let client = delivery(true).await;
    let _ = unassigned(&client, "B").await;
    let _ = unassigned(&client, "A").await;
    let all = client.get("/livraisons").await.ok(200);
    assert_eq!(column(&all, "commandeId"), ["A", "B", "CMD1236", "CMD1234"]);
    for delivery in all.as_array().unwrap() {
        assert_same_shape(delivery, golden::DELIVERY);
    }
}

#[actix_web::test]
async fn a_courier_sees_its_own_deliveries_and_the_unassigned_ones() {
    let client = delivery(false).await;
    let lea = courier(&client, "lea").await;
    let max = courier(&client, "max").await;
    let _ = carried(&client, "LEA_DONE", &lea).await;
    let _ = carried(&client, "LEA", &lea).await;
    let _ = carried(&client, "MAX", &max).await;
    let _ = unassigned(&client, "FREE").await;
    let _ = unassigned(&client, "CANCELLED").await;
    for (order, status) in [("LEA_DONE", "LIVREE"), ("CANCELLED", "ANNULEE")] {
        let mark = json!({"order_id": order, "status": status});
        let _ = client.post("/update", mark).await.ok(200);
    }
    for (courier, expected) in [
        (lea.as_str().unwrap(), &["FREE", "LEA", "LEA_DONE"][..]),
        (max.as_str().unwrap(), &["FREE", "MAX"]),
        (NOBODY, &["FREE"]),
        // An empty parameter is an absent one.
        ("", &["CANCELLED", "FREE", "MAX", "LEA", "LEA_DONE"]),
    ] {
        let path = format!("/livraisons?livreurId={courier}");
        let seen = client.get(&path).await.ok(200);
        assert_eq!(column(&seen, "commandeId"), expected, "{courier}");
    }
}

#[actix_web::test]
async fn the_list_of_an_order_has_its_delivery_alone() {
    let client = delivery(false).await;
    let lea = courier(&client, "lea").await;
    let _ = carried(&client, "CMD7", &lea).await;
    let _ = unassigned(&client, "CMD 8").await;
    for (query, expected) in [
        ("commandeId=CMD7", &["CMD7"][..]),
        ("commandeId=CMD%208", &["CMD 8"]),
        ("commandeId=CMD9", &[]),
        ("commandeId=", &["CMD 8", "CMD7"]),
        (&*format!("commandeId=CMD7&livreurId={NOBODY}"), &[]),
    ] {
        let seen = client.get(&format!("/livraisons?{query}")).await.ok(200);
        assert_eq!(column(&seen, "commandeId"), expected, "{query}");
    }
}

#[actix_web::test]
async fn an_unknown_delivery_is_a_404() {
    let client = delivery(true).await;
    for id in [NOBODY, "42", "CMD1234"] {
        let path = format!("/livraisons/{id}");
        let choice = json!({"livreurId": NOBODY});
        let answers = [
            client.get(&path).await,
            client.patch(&path, choice.clone()).await,
            client.post(&format!("{path}/assigner"), choice).await,
        ];
        for answer in answers {
            let _ = answer.problem(404, "delivery_not_found");
        }
    }
}
