//! Tests of one wrong password after another at one account.

use actix_web::http::Method;
use serde_json::{Value, json};
use service_kit::testing::{Answer, eventually};

use super::{PASSWORD, Running, service};

const GUESSER: &str = "203.0.113.7";
const OWNER: &str = "203.0.113.8";
const FREE: usize = 5;

async fn log_in(service: &Running, from: &str, email: &str, password: &str) -> Answer {
    let request = service.http.request(Method::POST, "/auth/login");
    let login = json!({"email": email, "password": password});
    request
        .header("X-Forwarded-For", from)
        .send_json(login)
        .await
}

async fn guess(service: &Running, email: &str) {
    for _ in 0..FREE {
        let answer = log_in(service, GUESSER, email, "another password").await;
        let _ = answer.problem(401, "invalid_credentials");
    }
}

#[actix_web::test]
async fn a_guesser_has_to_wait_whether_there_is_such_an_account_or_not() {
    let service = service().await;
    service.register("lea@example.com").await;
    service.register("gone@example.com").await;
    service
        .alter("UPDATE clients SET is_active = FALSE WHERE email_key = 'gone@example.com'")
        .await;
    let mut bodies = Vec::new();
    for email in ["lea@example.com", "nobody@example.com", "gone@example.com"] {
        guess(&service, email).await;
        // Even the right password, in another spelling of the address.
        let answer = log_in(&service, GUESSER, &email.to_uppercase(), PASSWORD).await;
        let _ = answer.problem(429, "rate_limited");
        assert_eq!(answer.header("retry-after"), Some("1"));
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
async fn a_guesser_locks_nobody_else_out() {
    let service = service().await;
    service.register("lea@example.com").await;
    service.register("max@example.com").await;
    guess(&service, "lea@example.com").await;
    let refused = log_in(&service, GUESSER, "lea@example.com", PASSWORD).await;
    let _ = refused.problem(429, "rate_limited");
    let owner = log_in(&service, OWNER, "lea@example.com", PASSWORD).await;
    let _ = owner.ok(200);
    let neighbour = log_in(&service, GUESSER, "max@example.com", PASSWORD).await;
    let _ = neighbour.ok(200);
}

#[actix_web::test]
async fn the_right_password_after_the_wait_ends_it() {
    let service = service().await;
    service.register("lea@example.com").await;
    guess(&service, "lea@example.com").await;
    let answer = eventually("the end of the wait", async || {
        let answer = log_in(&service, GUESSER, "lea@example.com", PASSWORD).await;
        (answer.status != 429).then_some(answer)
    });
    let _ = answer.await.ok(200);
    guess(&service, "lea@example.com").await;
}

#[actix_web::test]
async fn a_stolen_session_does_not_guess_the_password_faster() {
    let service = service().await;
    let lea = service.register("lea@example.com").await;
    let token = service.log_in("lea@example.com").await;
    let path = format!("/clients/{}", lea["id"].as_str().unwrap());
    let change = async |method: Method, path: &str, body: Value| {
        let request = service.request(method, path, &token);
        let request = request.header("X-Forwarded-For", GUESSER);
        request.send_json(body).await
    };
    let new_address = json!({"email": "thief@example.com", "currentPassword": "another one"});
    let new_password = json!({"current": "another one", "new": "tarte aux prunes"});
    for _ in 0..3 {
        let answer = change(Method::PATCH, &path, new_address.clone()).await;
        let _ = answer.problem(403, "wrong_password");
    }
    let path = format!("{path}/password");
    for _ in 3..FREE {
        let answer = change(Method::POST, &path, new_password.clone()).await;
        let _ = answer.problem(403, "wrong_password");
    }
    let answer = change(Method::POST, &path, new_password).await;
    let _ = answer.problem(429, "rate_limited");
    let login = log_in(&service, GUESSER, "lea@example.com", PASSWORD).await;
    let _ = login.problem(429, "rate_limited");
}

#[actix_web::test]
async fn requests_from_inside_do_not_wait() {
    let service = service().await;
    service.register("lea@example.com").await;
    let login = json!({"email": "lea@example.com", "password": "another password"});
    for _ in 0..2 * FREE {
        let answer = service.http.post("/auth/login", login.clone()).await;
        let _ = answer.problem(401, "invalid_credentials");
    }
}
