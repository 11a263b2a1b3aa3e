//! Tests of a new password by mail, with the mails on `/dev/outbox`.

use actix_web::http::Method;
use client_service::Mail;
use serde_json::{Value, json};
use service_kit::testing::{Answer, Client, assert_same_shape, eventually};
use shared_types::golden;

use super::{PASSWORD, Running, service, service_with};

const NEW: &str = "crème brûlée maison";
const LINK: &str = "https://restaurant.example/reset?token=";

async fn with_outbox() -> Running {
    service_with(|config| config.mail = Mail::DevOutbox).await
}

async fn ask(http: &Client, email: &str) -> Answer {
    http.post("/password-reset", json!({"email": email})).await
}

async fn set(http: &Client, token: &str, new: &str) -> Answer {
    let body = json!({"token": token, "new": new});
    http.post("/password-reset/confirm", body).await
}

async fn log_in(service: &Running, password: &str) -> Answer {
    let login = json!({"email": "lea@example.com", "password": password});
    service.http.post("/auth/login", login).await
}

/// The mails, the newest first, once there are so many and every request is handled.
async fn mails(service: &Running, count: usize) -> Vec<Value> {
    let outbox = eventually("the mails", async || {
        let waiting = service.count("SELECT COUNT(*) FROM password_reset_requests");
        let mails = service.http.get("/dev/outbox").await.ok(200);
        let mails = mails.as_array().unwrap().clone();
        (waiting.await == 0 && mails.len() >= count).then_some(mails)
    });
    let mails = outbox.await;
    assert_eq!(mails.len(), count);
    mails
}

/// The token of a mail.
pub(crate) fn token_in(text: &str) -> String {
    let (_, rest) = text.split_once(LINK).unwrap();
    rest.split_whitespace().next().unwrap().to_owned()
}

/// The token of the newest of so many mails.
async fn token(service: &Running, count: usize) -> String {
    let mails = mails(service, count).await;
    token_in(mails[0]["text"].as_str().unwrap())
}

#[actix_web::test]
async fn every_address_is_answered_alike_and_only_a_live_account_gets_a_mail() {
    let service = with_outbox().await;
    service.register("lea@example.com").await;
    service.register("gone@example.com").await;
    service
        .alter("UPDATE clients SET is_active = FALSE WHERE email_key = 'gone@example.com'")
        .await;
    let mut bodies = Vec::new();
    for email in [
        "nobody@example.com",
        "gone@example.com",
        " LEA@example.com ",
    ] {
        let confirmation = ask(&service.http, email).await.ok(202);
        assert_same_shape(&confirmation, golden::CONFIRMATION);
        bodies.push(confirmation);
    }
    assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]));
    let mails = mails(&service, 1).await;
    // As it was registered, and not as somebody typed it.
    assert_eq!(mails[0]["to"], "lea@example.com");
}

#[actix_web::test]
async fn a_token_sets_the_password_once_and_ends_every_session() {
    let service = with_outbox().await;
    service.register("lea@example.com").await;
    service.register("other@example.com").await;
    let session = service.log_in("lea@example.com").await;
    let other = service.log_in("other@example.com").await;
    let _ = ask(&service.http, "lea@example.com").await.ok(202);
    let token = token(&service, 1).await;
    let _ = log_in(&service, PASSWORD).await.ok(200);

    let confirmation = set(&service.http, &token, NEW).await.ok(200);
    assert_same_shape(&confirmation, golden::CONFIRMATION);
    let refused = service.sessions(&session).await;
    let _ = refused.problem(401, "session_expired");
    let _ = service.sessions(&other).await.ok(200);
    let old = log_in(&service, PASSWORD).await;
    let _ = old.problem(401, "invalid_credentials");
    let _ = log_in(&service, NEW).await.ok(200);

    let again = set(&service.http, &token, PASSWORD).await;
    let _ = again.problem(400, "reset_token_invalid");
    let _ = log_in(&service, NEW).await.ok(200);
}

#[actix_web::test]
async fn of_two_uses_at_once_one_wins() {
    let service = with_outbox().await;
    service.register("lea@example.com").await;
    let _ = ask(&service.http, "lea@example.com").await.ok(202);
    let token = token(&service, 1).await;
    let (one, other) = tokio::join!(
        set(&service.http, &token, "first new one"),
        set(&service.http, &token, "second new one"),
    );
    let winner = match (one.status.as_u16(), other.status.as_u16()) {
        (200, 400) => "first new one",
        (400, 200) => "second new one",
        statuses => panic!("{statuses:?}"),
    };
    let _ = log_in(&service, winner).await.ok(200);
}

#[actix_web::test]
async fn only_the_newest_token_is_valid() {
    let service = with_outbox().await;
    service.register("lea@example.com").await;
    let _ = ask(&service.http, "lea@example.com").await.ok(202);
    let first = token(&service, 1).await;
    let _ = ask(&service.http, "lea@example.com").await.ok(202);
    let second = token(&service, 2).await;
    let answer = set(&service.http, &first, NEW).await;
    let _ = answer.problem(400, "reset_token_invalid");
    let _ = set(&service.http, &second, NEW).await.ok(200);
}

#[actix_web::test]
async fn a_token_expires_after_half_an_hour() {
    let service = with_outbox().await;
    service.register("lea@example.com").await;
    let _ = ask(&service.http, "lea@example.com").await.ok(202);
    let first = token(&service, 1).await;
    service
        .alter("UPDATE password_resets SET expires_at = expires_at - 1800001")
        .await;
    let answer = set(&service.http, &first, NEW).await;
    let _ = answer.problem(400, "reset_token_invalid");
    let _ = ask(&service.http, "lea@example.com").await.ok(202);
    let second = token(&service, 2).await;
    service
        .alter("UPDATE password_resets SET expires_at = expires_at - 1700000")
        .await;
    let _ = set(&service.http, &second, NEW).await.ok(200);
}

#[actix_web::test]
async fn a_change_of_the_password_or_the_address_withdraws_the_token() {
    let service = with_outbox().await;
    let lea = service.register("lea@example.com").await;
    let session = service.log_in("lea@example.com").await;
    let path = format!("/clients/{}", lea["id"].as_str().unwrap());
    let _ = ask(&service.http, "lea@example.com").await.ok(202);
    let first = token(&service, 1).await;
    let change = json!({"current": PASSWORD, "new": NEW});
    let request = service.request(Method::POST, &format!("{path}/password"), &session);
    let _ = request.send_json(change).await.ok(200);
    let _ = ask(&service.http, "lea@example.com").await.ok(202);
    let second = token(&service, 2).await;
    let change = json!({"email": "zoe@example.com", "currentPassword": NEW});
    let request = service.request(Method::PATCH, &path, &session);
    let _ = request.send_json(change).await.ok(200);
    for token in [first, second] {
        let answer = set(&service.http, &token, PASSWORD).await;
        let _ = answer.problem(400, "reset_token_invalid");
    }
}

#[actix_web::test]
async fn an_account_gets_five_mails_within_half_an_hour_and_the_last_stays_valid() {
    let service = with_outbox().await;
    service.register("lea@example.com").await;
    service.register("other@example.com").await;
    for count in 1..=5 {
        let _ = ask(&service.http, "lea@example.com").await.ok(202);
        let _ = mails(&service, count).await;
    }
    for _ in 0..3 {
        let _ = ask(&service.http, "lea@example.com").await.ok(202);
        let _ = mails(&service, 5).await;
    }
    let last = token(&service, 5).await;
    let _ = ask(&service.http, "other@example.com").await.ok(202);
    let _ = mails(&service, 6).await;
    service
        .alter("UPDATE password_resets SET counted_from = counted_from - 1800001")
        .await;
    let _ = set(&service.http, &last, NEW).await.ok(200);
    let _ = ask(&service.http, "lea@example.com").await.ok(202);
    let _ = mails(&service, 7).await;
}

#[actix_web::test]
async fn a_mail_is_in_the_language_of_the_request() {
    let service = with_outbox().await;
    service.register("lea@example.com").await;
    for (count, lang, subject) in [
        (1, "fr", "Un nouveau mot de passe pour votre compte"),
        (2, "en", "A new password for your account"),
    ] {
        let request = service.http.request(Method::POST, "/password-reset");
        let request = request.header("Accept-Language", lang);
        let body = json!({"email": "lea@example.com"});
        let _ = request.send_json(body).await.ok(202);
        assert_eq!(mails(&service, count).await[0]["subject"], subject);
    }
}

#[actix_web::test]
async fn the_outbox_is_also_a_page() {
    let service = with_outbox().await;
    service.register("lea@example.com").await;
    let _ = ask(&service.http, "lea@example.com").await.ok(202);
    let token = token(&service, 1).await;
    let request = service.http.request(Method::GET, "/dev/outbox");
    let page = request.header("Accept", "text/html,*/*").send().await;
    assert_eq!(page.status, 200);
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert_eq!(page.header("cache-control"), Some("no-store"));
    let link = format!("<a rel=\"noreferrer\" href=\"{LINK}{token}\">");
    assert!(page.text().contains(&link), "{}", page.text());
}

#[actix_web::test]
async fn the_database_has_no_token_but_its_hash() {
    let service = with_outbox().await;
    service.register("lea@example.com").await;
    let _ = ask(&service.http, "lea@example.com").await.ok(202);
    let token = token(&service, 1).await;
    let stored = "SELECT COUNT(*) FROM password_resets WHERE token_hash = '";
    let hash = hex::encode(sha2::Digest::finalize(sha2::Digest::chain_update(
        <sha2::Sha256 as sha2::Digest>::new(),
        token.as_bytes(),
    )));
    assert_eq!(service.count(&format!("{stored}{hash}'")).await, 1);
    assert_eq!(service.count(&format!("{stored}{token}'")).await, 0);
}

#[actix_web::test]
async fn a_bad_body_is_a_400_and_changes_nothing() {
    let service = with_outbox().await;
    service.register("lea@example.com").await;
    for bad in ["lea", "", "lea@localhost"] {
        let answer = ask(&service.http, bad).await;
        let problem = answer.problem(400, "validation_failed");
        assert_eq!(problem.errors[0].field, "email");
    }
    let _ = ask(&service.http, "lea@example.com").await.ok(202);
    let token = token(&service, 1).await;
    for (token, new, field) in [
        (token.as_str(), "short", "new"),
        ("", NEW, "token"),
        (&"x".repeat(201), NEW, "token"),
    ] {
        let answer = set(&service.http, token, new).await;
        let problem = answer.problem(400, "validation_failed");
        assert_eq!(problem.errors[0].field, field);
    }
    for none in ["7", "' OR 1=1 --", &token[1..]] {
        let answer = set(&service.http, none, NEW).await;
        let _ = answer.problem(400, "reset_token_invalid");
    }
    let _ = set(&service.http, &token, NEW).await.ok(200);
}

#[actix_web::test]
async fn a_service_without_mail_says_so_for_every_address_and_shows_no_outbox() {
    let service = service().await;
    service.register("lea@example.com").await;
    for email in ["lea@example.com", "nobody@example.com"] {
        let answer = ask(&service.http, email).await;
        let _ = answer.problem(501, "password_reset_off");
    }
    let outbox = service.http.get("/dev/outbox").await;
    let _ = outbox.problem(404, "route_not_found");
}
