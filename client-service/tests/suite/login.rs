//! Tests of logging in, and of how little a failed login reveals.

use actix_web::http::Method;
use serde_json::{Value, json};
use service_kit::testing::{Answer, assert_same_shape};
use shared_types::golden;

use super::{PASSWORD, Running, new_client, service};

async fn log_in(service: &Running, email: &str, password: &str) -> Answer {
    let login = json!({"email": email, "password": password});
    service.http.post("/auth/login", login).await
}

#[actix_web::test]
async fn the_golden_login_gives_a_token_and_the_client() {
    let service = service().await;
    let registered = service.http.post("/clients", golden::NEW_CLIENT).await;
    let answer = service.http.post("/auth/login", golden::LOGIN).await;
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let logged_in = answer.ok(200);
    assert_same_shape(&logged_in, golden::LOGGED_IN);
    assert_eq!(logged_in["token_type"], "Bearer");
    assert_eq!(logged_in["expires_in"], 3600);
    assert_eq!(logged_in["client"], registered.ok(201));
}

#[actix_web::test]
async fn the_emails_case_does_not_matter() {
    let service = service().await;
    service.register("lea@example.com").await;
    let _ = log_in(&service, " LEA@example.com", PASSWORD).await.ok(200);
}

/// The same texts with composed and with decomposed characters.
const COMPOSED: [&str; 2] = ["zoé@example.com", "Crème brûlée"];
const DECOMPOSED: [&str; 2] = [
    "zoe\u{301}@example.com",
    "Cre\u{300}me bru\u{302}le\u{301}e",
];

async fn register(service: &Running, [email, password]: [&str; 2]) -> Answer {
    let mut new = new_client(email);
    new["password"] = json!(password);
    service.http.post("/clients", new).await
}

#[actix_web::test]
async fn the_composition_of_characters_does_not_matter() {
    for (registered, other) in [(COMPOSED, DECOMPOSED), (DECOMPOSED, COMPOSED)] {
        let service = service().await;
        let client = register(&service, registered).await.ok(201);
        assert_eq!(client["email"], registered[0]);
        for [email, password] in [registered, other] {
            let logged_in = log_in(&service, email, password).await.ok(200);
            assert_eq!(logged_in["client"], client);
        }
        let answer = register(&service, other).await;
        let _ = answer.problem(409, "email_taken");
        let almost = log_in(&service, other[0], "Creme brulee").await;
        let _ = almost.problem(401, "invalid_credentials");
    }
}

#[actix_web::test]
async fn an_account_of_an_earlier_version_goes_on_working() {
    let service = service().await;
    let _ = register(&service, DECOMPOSED).await.ok(201);
    // An earlier version stored the address as it was typed.
    service
        .alter("UPDATE clients SET email_key = 'zoe\u{301}@example.com'")
        .await;
    for [email, password] in [COMPOSED, DECOMPOSED] {
        let _ = log_in(&service, email, password).await.ok(200);
        let answer = register(&service, [email, password]).await;
        let _ = answer.problem(409, "email_taken");
    }
    let clients = service.http.get("/clients").await.ok(200);
    assert_eq!(clients.as_array().unwrap().len(), 1);

    // It also kept two spellings apart. Each account is still reached by its own.
    let _ = register(&service, ["other@example.com", COMPOSED[1]]).await;
    service
        .alter(
            "UPDATE clients SET email = 'zoé@example.com', email_key = 'zoé@example.com' \
                WHERE email_key = 'other@example.com'",
        )
        .await;
    for [email, password] in [COMPOSED, DECOMPOSED] {
        let logged_in = log_in(&service, email, password).await.ok(200);
        assert_eq!(logged_in["client"]["email"], email);
    }
}

#[actix_web::test]
async fn an_unknown_email_an_inactive_client_and_a_wrong_password_look_alike() {
    let service = service().await;
    service.register("lea@example.com").await;
    service.register("gone@example.com").await;
    service
        .alter("UPDATE clients SET is_active = FALSE WHERE email_key = 'gone@example.com'")
        .await;
    let mut bodies = Vec::new();
    for (email, password) in [
        ("lea@example.com", "another password"),
        ("lea@example.com", "short"),
        ("lea@example.com", ""),
        ("nobody@example.com", PASSWORD),
        ("not an address", PASSWORD),
        ("gone@example.com", PASSWORD),
    ] {
        let answer = log_in(&service, email, password).await;
        let _ = answer.problem(401, "invalid_credentials");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        let mut body: Value = answer.json();
        body.as_object_mut().unwrap().remove("requestId");
        bodies.push(body);
    }
    assert!(
        bodies.windows(2).all(|pair| pair[0] == pair[1]),
        "{bodies:?}"
    );
}

#[actix_web::test]
async fn a_session_knows_where_it_was_begun() {
    let service = service().await;
    service.register("lea@example.com").await;
    let login = json!({"email": "lea@example.com", "password": PASSWORD});
    let answer = service
        .http
        .request(Method::POST, "/auth/login")
        .header("X-Forwarded-For", "203.0.113.7, 10.0.0.1")
        .header("User-Agent", &"x".repeat(300))
        .send_json(login)
        .await
        .ok(200);
    let sessions = service
        .sessions(answer["access_token"].as_str().unwrap())
        .await
        .ok(200);
    assert_eq!(sessions[0]["ipAddress"], "203.0.113.7");
    assert_eq!(sessions[0]["userAgent"], "x".repeat(200));
}

#[actix_web::test]
async fn many_logins_at_once_are_all_answered() {
    let service = service().await;
    service.register("lea@example.com").await;
    let logins: Vec<_> = (0..100)
        .map(|_| {
            let http = service.http.clone();
            let login = json!({"email": "lea@example.com", "password": PASSWORD});
            actix_web::rt::spawn(async move { http.post("/auth/login", login).await })
        })
        .collect();
    let mut accepted = 0;
    for login in logins {
        let answer = login.await.unwrap();
        if answer.status == 200 {
            accepted += 1;
        } else {
            let _ = answer.problem(503, "service_unavailable");
            assert_eq!(answer.header("retry-after"), Some("1"));
        }
    }
    assert!(accepted > 64, "{accepted}");
}
