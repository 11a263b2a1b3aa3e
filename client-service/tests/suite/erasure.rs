//! Tests of erasing a client from every service.

use std::time::Duration;

use actix_web::http::Method;
use client_service::Mail;
use serde_json::{Value, json};
use service_kit::testing::{Answer, assert_same_shape, eventually};
use shared_types::golden;
use shared_types::value::Timestamp;

use super::order_service::OrderService;
use super::{PASSWORD, Running, service, service_with};

const PEER: &str = "the-password-of-the-other-services";

async fn linked(orders: &OrderService) -> Running {
    service_with(|config| {
        config.orders_url = Some(orders.url());
        config.peer_secret = Some(PEER.parse().unwrap());
    })
    .await
}

async fn erase(service: &Running, client: &Value, token: &str) -> Answer {
    let path = format!("/clients/{}/erasure", client.as_str().unwrap());
    service.request(Method::POST, &path, token).send().await
}

/// The report that the answer leads to.
async fn report(service: &Running, asked: &Answer) -> Value {
    let location = asked.header("location").unwrap().to_owned();
    let path = location.strip_prefix("../..").unwrap();
    service.http.get(path).await.ok(200)
}

async fn completed(service: &Running, asked: &Answer) -> Value {
    eventually("the erasure", async || {
        let report = report(service, asked).await;
        (report["status"] == "TERMINEE").then_some(report)
    })
    .await
}

#[actix_web::test]
async fn a_client_is_erased_here_and_told_when_all_services_have_done_so() {
    let orders = OrderService::start(202);
    let service = linked(&orders).await;
    let client = service.register("lea@example.com").await;
    let token = service.log_in("lea@example.com").await;
    let asked = erase(&service, &client["id"], &token).await;
    let erasure = asked.ok(202);
    assert_eq!(erasure["status"], "EN_COURS");
    assert_eq!(erasure["completedAt"], json!(null));
    // The account is gone at once, and its address is free.
    let path = format!("/clients/{}", client["id"].as_str().unwrap());
    let _ = service
        .http
        .get(&path)
        .await
        .problem(404, "client_not_found");
    let _ = service
        .sessions(&token)
        .await
        .problem(401, "session_expired");
    service.register("lea@example.com").await;

    eventually("the event to be sent again", async || {
        (orders.told().len() > 1).then_some(())
    })
    .await;
    assert_eq!(report(&service, &asked).await, erasure);
    orders.answer(204);
    let done = completed(&service, &asked).await;
    assert_same_shape(&done, golden::ERASURE);
    for told in orders.told() {
        assert_eq!(told.authorization.unwrap(), format!("Bearer {PEER}"));
        assert_eq!(
            told.event,
            json!({
                "specversion": "1.0", "id": erasure["id"], "source": "/clients",
                "type": "passe-plat.client.erased", "subject": client["id"],
            })
        );
    }
    // Not even its id is left.
    assert_eq!(
        service.count("SELECT COUNT(client_id) FROM erasures").await,
        0
    );
}

#[actix_web::test]
async fn an_erasure_waits_for_an_order_service_that_is_away_and_survives_a_restart() {
    let orders = OrderService::start(503);
    let service = linked(&orders).await;
    let client = service.register("lea@example.com").await;
    let token = service.log_in("lea@example.com").await;
    let asked = erase(&service, &client["id"], &token).await;
    assert_eq!(asked.status, 202);
    eventually("the event", async || orders.told().pop()).await;
    let url = orders.url();
    let service = service
        .restarted_with(|config| config.orders_url = Some(url))
        .await;
    assert_eq!(report(&service, &asked).await["status"], "EN_COURS");
    orders.answer(204);
    completed(&service, &asked).await;
}

#[actix_web::test]
async fn an_admin_erases_anyone_even_after_the_account_was_deleted_and_nobody_else_does() {
    let orders = OrderService::start(202);
    let service = linked(&orders).await;
    let client = service.register("lea@example.com").await;
    service.register("other@example.com").await;
    let other = service.log_in("other@example.com").await;
    let refused = erase(&service, &client["id"], &other).await;
    let _ = refused.problem(403, "forbidden");
    let path = format!("/clients/{}/erasure", client["id"].as_str().unwrap());
    let stranger = service.http.post(&path, "").await;
    let _ = stranger.problem(401, "unauthorized");

    let admin = json!({
        "email": "chef@example.com", "password": PASSWORD, "firstName": "A", "lastName": "B",
        "role": "ADMIN",
    });
    let _ = service.http.post("/clients", admin).await.ok(201);
    let admin = service.log_in("chef@example.com").await;
    let account = format!("/clients/{}", client["id"].as_str().unwrap());
    let _ = service.http.delete(&account).await.ok(200);
    let asked = erase(&service, &client["id"], &admin).await;
    let again = erase(&service, &client["id"], &admin).await;
    assert_eq!(asked.ok(202), again.ok(202), "one erasure at a time");
    orders.answer(204);
    completed(&service, &asked).await;
    let later = erase(&service, &client["id"], &admin).await.ok(202);
    assert_ne!(later["id"], asked.ok(202)["id"]);
}

#[actix_web::test]
async fn a_report_that_does_not_exist_is_a_404() {
    let service = service().await;
    for id in ["0192f0c4-7b1a-7c3e-9d52-3f6a1b2c4d5e", "7"] {
        let answer = service.http.get(&format!("/erasures/{id}")).await;
        let _ = answer.problem(404, "not_found");
    }
}

#[actix_web::test]
async fn without_an_order_service_nothing_is_erased() {
    let service = service().await;
    let client = service.register("lea@example.com").await;
    let token = service.log_in("lea@example.com").await;
    let refused = erase(&service, &client["id"], &token).await;
    let _ = refused.problem(501, "erasure_off");
    assert_eq!(service.sessions(&token).await.status, 200);
}

#[actix_web::test]
async fn a_report_is_forgotten_a_month_after_the_end() {
    let orders = OrderService::start(204);
    let service = linked(&orders).await;
    for email in ["old@example.com", "young@example.com"] {
        let client = service.register(email).await;
        let token = service.log_in(email).await;
        let asked = erase(&service, &client["id"], &token).await;
        completed(&service, &asked).await;
        service
            .alter("UPDATE erasures SET completed_at = completed_at - 1500000000")
            .await;
    }
    let service = service.restarted().await;
    eventually("the sweep", async || {
        let left = service.count("SELECT COUNT(*) FROM erasures").await;
        (left == 1).then_some(())
    })
    .await;
}

#[actix_web::test]
async fn an_answer_does_not_count_while_the_ended_session_may_still_place_an_order() {
    let orders = OrderService::start(204);
    let service = linked(&orders).await;
    let client = service.register("lea@example.com").await;
    let token = service.log_in("lea@example.com").await;
    let asked = erase(&service, &client["id"], &token).await;
    let done = completed(&service, &asked).await;
    let time = |field: &str| -> Timestamp { serde_json::from_value(done[field].clone()).unwrap() };
    assert!(time("completedAt") >= time("requestedAt").after(Duration::from_secs(3)));
    assert!(orders.told().len() > 2);
}

#[actix_web::test]
async fn mails_that_are_shown_go_with_the_account() {
    let service = service_with(|config| config.mail = Mail::DevOutbox).await;
    let client = service.register("lea@example.com").await;
    let ask = json!({"email": "lea@example.com"});
    assert_eq!(service.http.post("/password-reset", ask).await.status, 202);
    eventually("the mail", async || {
        (service.count("SELECT COUNT(*) FROM dev_mails").await == 1).then_some(())
    })
    .await;
    let account = format!("/clients/{}", client["id"].as_str().unwrap());
    let _ = service.http.delete(&account).await.ok(200);
    for table in ["dev_mails", "password_resets", "password_reset_requests"] {
        let left = service
            .count(&format!("SELECT COUNT(*) FROM {table}"))
            .await;
        assert_eq!(left, 0, "{table}");
    }
}
