//! Tests of changing an order's status. The tests of the state machine cover the whole table.

use serde_json::json;
use service_kit::testing::assert_same_shape;
use shared_types::golden;

use super::{Service, path, status_path};

#[actix_web::test]
async fn an_order_goes_from_waiting_to_delivered() {
    let service = Service::start(true).await;
    let order = service.order().await;
    for status in ["EN_PREPARATION", "PRETE", "EN_LIVRAISON", "LIVREE"] {
        let moved = service.change(&order, status).await.ok(200);
        assert_same_shape(&moved, golden::ORDER);
        assert_eq!(moved["status"], status);
        assert_eq!(moved["items"], order["items"]);
        assert_eq!(moved["createdAt"], order["createdAt"]);
        assert_eq!(service.get(&path(&order)).await.ok(200), moved);
    }
}

#[actix_web::test]
async fn a_status_is_taken_in_french_too() {
    let service = Service::start(true).await;
    let order = service.order().await;
    for (spelling, status) in [
        ("en préparation", "EN_PREPARATION"),
        ("prête", "PRETE"),
        ("Livrée", "LIVREE"),
    ] {
        let moved = service.change(&order, spelling).await.ok(200);
        assert_eq!(moved["status"], status);
    }
    let order = service.order().await;
    let moved = service.change(&order, "annulée").await.ok(200);
    assert_eq!(moved["status"], "ANNULEE");
}

#[actix_web::test]
async fn the_same_status_again_changes_nothing() {
    let service = Service::start(true).await;
    let order = service.order().await;
    assert_eq!(service.change(&order, "EN_ATTENTE").await.ok(200), order);
    let cancelled = service.change(&order, "ANNULEE").await.ok(200);
    let repeated = service.change(&order, "ANNULEE").await.ok(200);
    assert_eq!(repeated, cancelled);
}

#[actix_web::test]
async fn an_impossible_move_is_a_409_that_names_both_states() {
    let service = Service::start(true).await;
    let order = service.order().await;
    let cancelled = service.change(&order, "ANNULEE").await.ok(200);
    let answer = service.change(&order, "EN_PREPARATION").await;
    let problem = answer.problem(409, "impossible_transition");
    assert_eq!(
        problem.detail,
        "Une commande ANNULEE ne peut passer à EN_PREPARATION."
    );
    let request = service.request(actix_web::http::Method::PATCH, &status_path(&order));
    let answer = request
        .header("Accept-Language", "en")
        .send_json(json!({"status": "EN_PREPARATION"}))
        .await;
    let problem = answer.problem(409, "impossible_transition");
    assert_eq!(
        problem.detail,
        "An order that is ANNULEE cannot become EN_PREPARATION."
    );
    assert_eq!(service.get(&path(&order)).await.ok(200), cancelled);
}

#[actix_web::test]
async fn an_unknown_or_a_missing_status_is_a_400() {
    let service = Service::start(true).await;
    let order = service.order().await;
    for body in [json!({"status": "PERDUE"}), json!({"status": 3}), json!({})] {
        let answer = service.patch(&status_path(&order), body).await;
        let problem = answer.problem(400, "validation_failed");
        assert_eq!(problem.errors[0].field, "status");
    }
}

#[actix_web::test]
async fn one_of_two_contradicting_simultaneous_moves_is_refused() {
    let service = Service::start(true).await;
    for _ in 0..10 {
        let order = service.order().await;
        let _ = service.change(&order, "PRETE").await.ok(200);
        let (delivered, cancelled) = futures_util::future::join(
            service.change(&order, "LIVREE"),
            service.change(&order, "ANNULEE"),
        )
        .await;
        let mut statuses = [delivered.status.as_u16(), cancelled.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409]);
    }
}

#[actix_web::test]
async fn a_cancelled_order_says_who_cancelled_it_and_why() {
    let service = Service::start(true).await;
    let order = service.order().await;
    assert_eq!(order.get("annuleePar"), None);
    let status = status_path(&order);
    let cancel = json!({"status": "ANNULEE", "annuleePar": "chef", "motif": " Plus de tarte "});
    let cancelled = service.patch(&status, cancel).await.ok(200);
    assert_eq!(cancelled["annuleePar"], "CHEF");
    assert_eq!(cancelled["motif"], "Plus de tarte");
    // The first cancellation is the one that counts.
    let again = json!({"status": "ANNULEE", "annuleePar": "CLIENT"});
    assert_eq!(service.patch(&status, again).await.ok(200), cancelled);
    assert_eq!(service.get(&path(&order)).await.ok(200), cancelled);
    let list = service.get("/commandes").await.ok(200);
    assert_eq!(list[0], cancelled);

    // Whoever says nothing leaves nothing.
    let order = service.order().await;
    let silent = json!({"status": "ANNULEE", "annuleePar": null, "motif": ""});
    let cancelled = service.patch(&status_path(&order), silent).await.ok(200);
    assert_same_shape(&cancelled, golden::ORDER);
}

#[actix_web::test]
async fn only_a_cancellation_has_a_reason() {
    let service = Service::start(true).await;
    let order = service.order().await;
    for (field, value) in [("motif", "Vite"), ("annuleePar", "CHEF")] {
        let mut change = json!({"status": "PRETE"});
        change[field] = json!(value);
        let answer = service.patch(&status_path(&order), change).await;
        let problem = answer.problem(400, "validation_failed");
        assert_eq!(problem.errors[0].field, field);
    }
    for bad in [
        json!({"annuleePar": "ROI"}),
        json!({"motif": "x".repeat(201)}),
    ] {
        let mut change = bad;
        change["status"] = json!("ANNULEE");
        let answer = service.patch(&status_path(&order), change).await;
        let _ = answer.problem(400, "validation_failed");
    }
    assert_eq!(service.get(&path(&order)).await.ok(200), order);
}
