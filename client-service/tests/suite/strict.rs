//! Tests of `CLIENT_ACCESS=strict`: every route with every kind of caller.

use actix_web::http::Method;
use client_service::{Access, DEMO_ACCOUNTS};
use serde_json::{Value, json};
use service_kit::testing::{Answer, Client};

use super::{PASSWORD, Running, new_client, service_with};

/// A service with one account of each role: the demo accounts.
async fn strict() -> Running {
    service_with(|config| {
        config.access = Access::Strict;
        config.seed_demo = true;
    })
    .await
}

/// The id and the token of the demo account with this role.
async fn log_in(http: &Client, role: &str) -> (String, String) {
    let mut accounts = DEMO_ACCOUNTS.iter();
    let account = accounts
        .find(|account| account.role.as_str() == role)
        .unwrap();
    let login = json!({"email": account.email, "password": account.password});
    let answer = http.post("/auth/login", login).await.ok(200);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&answer["client"]["id"]), text(&answer["access_token"]))
}

#[track_caller]
fn assert_allowed(allowed: bool, success: u16, answer: &Answer) {
    if allowed {
        let _ = answer.ok(success);
    } else {
        let _ = answer.problem(403, "forbidden");
    }
}

#[actix_web::test]
async fn a_stranger_can_only_sign_up_as_a_client() {
    let service = strict().await;
    let client = service.register("lea@example.com").await;
    let path = format!("/clients/{}", client["id"].as_str().unwrap());
    let mut chef = new_client("chef@example.com");
    chef["role"] = json!("CHEF");
    for answer in [
        service.http.get("/clients").await,
        service.http.get(&path).await,
        service.http.delete(&path).await,
        service.http.post("/clients", chef).await,
    ] {
        let _ = answer.problem(401, "unauthorized");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    }
}

#[actix_web::test]
async fn a_bad_token_is_a_401_and_not_a_403() {
    let service = strict().await;
    let request = service.request(Method::GET, "/clients", "garbage");
    let _ = request.send().await.problem(401, "unauthorized");
}

#[actix_web::test]
async fn each_role_may_do_what_the_contract_says() {
    let service = strict().await;
    for role in ["CLIENT", "CHEF", "LIVREUR", "ADMIN"] {
        let (own_id, token) = log_in(&service.http, role).await;
        let other = service.register(&format!("{role}@example.com")).await;
        let other = format!("/clients/{}", other["id"].as_str().unwrap());
        let own = format!("/clients/{own_id}");
        let (staff, admin) = (role != "CLIENT", role == "ADMIN");

        let send = |method, path: &str| service.request(method, path, &token).send();
        assert_allowed(staff, 200, &send(Method::GET, "/clients").await);
        assert_allowed(staff, 200, &send(Method::GET, &other).await);
        assert_allowed(true, 200, &send(Method::GET, &own).await);
        for given in ["CHEF", "LIVREUR", "ADMIN"] {
            let mut new = new_client(&format!("{given}.by.{role}@example.com"));
            new["role"] = json!(given);
            let request = service.request(Method::POST, "/clients", &token);
            assert_allowed(admin, 201, &request.send_json(new).await);
        }
        assert_allowed(admin, 200, &send(Method::DELETE, &other).await);
        assert_allowed(true, 200, &send(Method::DELETE, &own).await);
        let _ = send(Method::GET, &own)
            .await
            .problem(401, "session_expired");
    }
}

#[actix_web::test]
async fn a_clients_token_does_not_tell_which_ids_exist() {
    let service = strict().await;
    service.register("lea@example.com").await;
    let token = service.log_in("lea@example.com").await;
    let nobody = format!("/clients/{}", shared_types::id::ClientId::generate());
    let request = service.request(Method::GET, &nobody, &token);
    let _ = request.send().await.problem(403, "forbidden");
    let login = json!({"email": "lea@example.com", "password": PASSWORD});
    let _ = service.http.post("/auth/login", login).await.ok(200);
}
