//! Tests of changing one's own password.

use actix_web::http::Method;
use client_service::DEMO_ACCOUNTS;
use serde_json::{Value, json};
use service_kit::testing::{Answer, assert_same_shape};
use shared_types::golden;

use super::{PASSWORD, Running, service, service_with};

const NEW: &str = "crème brûlée maison";

async fn change(service: &Running, client: &Value, token: &str, body: Value) -> Answer {
    let path = format!("/clients/{}/password", client["id"].as_str().unwrap());
    let request = service.request(Method::POST, &path, token);
    request.send_json(body).await
}

async fn log_in(service: &Running, password: &str) -> Answer {
    let login = json!({"email": "lea@example.com", "password": password});
    service.http.post("/auth/login", login).await
}

#[actix_web::test]
async fn a_new_password_replaces_the_old_one_and_ends_the_other_sessions() {
    let service = service().await;
    let lea = service.register("lea@example.com").await;
    service.register("other@example.com").await;
    let other = service.log_in("other@example.com").await;
    let lost = service.log_in("lea@example.com").await;
    let own = service.log_in("lea@example.com").await;
    let body = json!({"current": PASSWORD, "new": NEW});
    let confirmation = change(&service, &lea, &own, body).await.ok(200);
    assert_same_shape(&confirmation, golden::CONFIRMATION);
    let _ = service
        .sessions(&lost)
        .await
        .problem(401, "session_expired");
    let sessions = service.sessions(&own).await.ok(200);
    assert_eq!(sessions.as_array().unwrap().len(), 1);
    let _ = service.sessions(&other).await.ok(200);
    let old = log_in(&service, PASSWORD).await;
    let _ = old.problem(401, "invalid_credentials");
    let _ = log_in(&service, NEW).await.ok(200);
}

#[actix_web::test]
async fn a_wrong_current_password_is_a_403_and_changes_nothing() {
    let service = service().await;
    let lea = service.register("lea@example.com").await;
    let other = service.log_in("lea@example.com").await;
    let own = service.log_in("lea@example.com").await;
    let body = json!({"current": "another password", "new": NEW});
    let answer = change(&service, &lea, &own, body).await;
    let _ = answer.problem(403, "wrong_password");
    assert!(answer.header("www-authenticate").is_none());
    for token in [&own, &other] {
        let _ = service.sessions(token).await.ok(200);
    }
    let _ = log_in(&service, PASSWORD).await.ok(200);
}

#[actix_web::test]
async fn a_bad_body_is_a_400_and_changes_nothing() {
    let service = service().await;
    let lea = service.register("lea@example.com").await;
    let own = service.log_in("lea@example.com").await;
    for (body, field) in [
        (json!({"current": PASSWORD}), "new"),
        (json!({"new": NEW}), "current"),
        (json!({"current": PASSWORD, "new": "short"}), "new"),
        (json!({"current": PASSWORD, "new": "x".repeat(1025)}), "new"),
        (json!({"current": 7, "new": NEW}), "current"),
    ] {
        let answer = change(&service, &lea, &own, body).await;
        let problem = answer.problem(400, "validation_failed");
        assert_eq!(problem.errors[0].field, field);
    }
    let _ = log_in(&service, PASSWORD).await.ok(200);
}

#[actix_web::test]
async fn nobody_changes_anothers_password() {
    let service = service_with(|config| config.seed_demo = true).await;
    let lea = service.register("lea@example.com").await;
    let body = json!({"current": PASSWORD, "new": NEW});
    let path = format!("/clients/{}/password", lea["id"].as_str().unwrap());
    let bare = service.http.post(&path, body.clone()).await;
    let _ = bare.problem(401, "unauthorized");
    for account in DEMO_ACCOUNTS {
        let login = json!({"email": account.email, "password": account.password});
        let login = service.http.post("/auth/login", login).await.ok(200);
        let token = login["access_token"].as_str().unwrap();
        let answer = change(&service, &lea, token, body.clone()).await;
        let _ = answer.problem(403, "forbidden");
    }
    let _ = log_in(&service, PASSWORD).await.ok(200);
}

#[actix_web::test]
async fn of_two_changes_at_once_one_wins() {
    let service = service().await;
    let lea = service.register("lea@example.com").await;
    let own = service.log_in("lea@example.com").await;
    let attempt = |new: &str| {
        let body = json!({"current": PASSWORD, "new": new});
        change(&service, &lea, &own, body)
    };
    let (one, other) = tokio::join!(attempt("first new one"), attempt("second new one"));
    let winner = match (one.status.as_u16(), other.status.as_u16()) {
        (200, 403) => "first new one",
        (403, 200) => "second new one",
        statuses => panic!("{statuses:?}"),
    };
    let _ = log_in(&service, winner).await.ok(200);
}
