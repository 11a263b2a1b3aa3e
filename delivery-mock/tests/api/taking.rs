//! Tests of taking a delivery as a courier, and of assigning it to another.

use serde_json::{Value, json};
use service_kit::testing::assert_same_shape;
use shared_types::golden;

use crate::{NOBODY, carried, courier, delivery, unassigned};

#[actix_web::test]
async fn a_courier_takes_a_delivery_that_nobody_has() {
    let client = delivery(false).await;
    let lea = courier(&client, "lea").await;
    let path = unassigned(&client, "CMD7").await;
    let take = json!({"livreurId": lea, "statut": "EN_ROUTE_RESTAURANT"});
    let taken = client.patch(&path, take).await.ok(200);
    assert_eq!(taken["livreurId"], lea);
    assert_eq!(taken["statut"], "EN_ROUTE_RESTAURANT");
}

#[actix_web::test]
async fn asking_again_for_ones_own_delivery_changes_nothing() {
    let client = delivery(false).await;
    let lea = courier(&client, "lea").await;
    let path = carried(&client, "CMD7", &lea).await;
    let before = client.get(&path).await.ok(200);
    let take = json!({"livreurId": lea});
    assert_eq!(client.patch(&path, take).await.ok(200), before);
}

#[actix_web::test]
async fn a_delivery_of_another_courier_is_taken_and_stays_as_it_is() {
    let client = delivery(false).await;
    let lea = courier(&client, "lea").await;
    let max = courier(&client, "max").await;
    let path = carried(&client, "CMD7", &lea).await;
    let before = client.get(&path).await.ok(200);
    let take = json!({"livreurId": max, "statut": "ANNULEE", "commentaires": "À moi"});
    let _ = client
        .patch(&path, take)
        .await
        .problem(409, "delivery_taken");
    assert_eq!(client.get(&path).await.ok(200), before);
}

#[actix_web::test]
async fn a_delivery_is_not_taken_with_an_impossible_status() {
    let client = delivery(false).await;
    let lea = courier(&client, "lea").await;
    let path = unassigned(&client, "CMD7").await;
    let before = client.get(&path).await.ok(200);
    let take = json!({"livreurId": lea, "statut": "LIVREE", "commentaires": "Fait"});
    let _ = client
        .patch(&path, take)
        .await
        .problem(409, "impossible_transition");
    assert_eq!(client.get(&path).await.ok(200), before);
}

#[actix_web::test]
async fn one_of_two_couriers_who_take_a_delivery_at_once_gets_it() {
    let client = delivery(false).await;
    let path = unassigned(&client, "CMD7").await;
    let mut attempts = Vec::new();
    for name in ["lea", "max"] {
        let id = courier(&client, name).await;
        let (client, path) = (client.clone(), path.clone());
        attempts.push(actix_web::rt::spawn(async move {
            let answer = client.patch(&path, json!({"livreurId": id})).await;
            (id, answer)
        }));
    }
    let mut winners = Vec::new();
    for attempt in attempts {
        let (id, answer) = attempt.await.unwrap();
        if answer.status == 200 {
            winners.push(id);
        } else {
            let _ = answer.problem(409, "delivery_taken");
        }
    }
    assert_eq!(winners.len(), 1);
    assert_eq!(client.get(&path).await.ok(200)["livreurId"], winners[0]);
}

#[actix_web::test]
async fn a_delivery_is_assigned_and_reassigned() {
    let client = delivery(false).await;
    let path = unassigned(&client, "CMD7").await;
    let assign = format!("{path}/assigner");
    for name in ["lea", "max"] {
        let id = courier(&client, name).await;
        let mut choice: Value = serde_json::from_str(golden::COURIER_CHOICE).unwrap();
        choice["livreurId"] = id.clone();
        let assigned = client.post(&assign, choice.clone()).await.ok(200);
        assert_same_shape(&assigned, golden::DELIVERY);
        assert_eq!(assigned["livreurId"], id);
        // To the same courier again: nothing changes.
        assert_eq!(client.post(&assign, choice).await.ok(200), assigned);
    }
}

#[actix_web::test]
async fn a_finished_delivery_is_nobodys_to_take_or_to_give() {
    let client = delivery(false).await;
    let lea = courier(&client, "lea").await;
    for (order, status) in [("A", "LIVREE"), ("B", "ANNULEE")] {
        let path = unassigned(&client, order).await;
        let mark = json!({"order_id": order, "status": status});
        let _ = client.post("/update", mark).await.ok(200);
        let before = client.get(&path).await.ok(200);
        let choice = json!({"livreurId": lea});
        let answers = [
            client.patch(&path, choice.clone()).await,
            client.post(&format!("{path}/assigner"), choice).await,
        ];
        for answer in answers {
            let problem = answer.problem(409, "impossible_transition");
            assert!(problem.detail.contains(status), "{}", problem.detail);
        }
        assert_eq!(client.get(&path).await.ok(200), before);
    }
}

#[actix_web::test]
async fn nothing_is_given_to_an_unknown_courier() {
    let client = delivery(false).await;
    let path = unassigned(&client, "CMD7").await;
    let before = client.get(&path).await.ok(200);
    // The golden choice names a courier who does not exist.
    let answers = [
        client
            .post(&format!("{path}/assigner"), golden::COURIER_CHOICE)
            .await,
        client.patch(&path, json!({"livreurId": NOBODY})).await,
    ];
    for answer in answers {
        let problem = answer.problem(400, "validation_failed");
        assert_eq!(problem.errors[0].field, "livreurId");
    }
    assert_eq!(client.get(&path).await.ok(200), before);
}

#[actix_web::test]
async fn a_delivery_is_taken_from_its_courier_until_it_is_picked_up() {
    let client = delivery(false).await;
    let lea = courier(&client, "lea").await;
    let path = carried(&client, "CMD7", &lea).await;
    let assign = format!("{path}/assigner");
    let (nobody, back) = (json!({"livreurId": null}), json!({"livreurId": lea}));
    for steps in [&[][..], &["EN_ROUTE_RESTAURANT"]] {
        for status in steps {
            let _ = client.patch(&path, json!({"statut": status})).await.ok(200);
        }
        let given_back = client.post(&assign, nobody.clone()).await.ok(200);
        assert_eq!(given_back["livreurId"], Value::Null);
        assert_eq!(given_back["statut"], "EN_ATTENTE");
        let _ = client.post(&assign, back.clone()).await.ok(200);
    }
    for status in ["EN_ROUTE_RESTAURANT", "RECUPEREE", "EN_ROUTE_CLIENT"] {
        let _ = client.patch(&path, json!({"statut": status})).await.ok(200);
        if status == "EN_ROUTE_RESTAURANT" {
            continue;
        }
        let answer = client.post(&assign, nobody.clone()).await;
        let problem = answer.problem(409, "impossible_transition");
        assert!(problem.detail.contains("autre livreur"), "{problem:?}");
        assert_eq!(client.get(&path).await.ok(200)["livreurId"], lea);
    }
    let _ = client
        .patch(&path, json!({"statut": "LIVREE"}))
        .await
        .ok(200);
    let answer = client.post(&assign, nobody).await;
    let _ = answer.problem(409, "impossible_transition");
}
