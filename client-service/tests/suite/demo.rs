//! Tests of the simulated login, and of the demo accounts, which are real.

use client_service::DEMO_ACCOUNTS;
use serde_json::json;
use service_kit::testing::assert_same_shape;
use shared_types::golden;

use super::{new_client, service, service_with};

#[actix_web::test]
async fn the_golden_demo_login_gives_the_golden_token() {
    let service = service().await;
    let answer = service.http.post("/demo/login", golden::DEMO_LOGIN).await;
    assert_same_shape(&answer.ok(200), golden::DEMO_TOKEN);
}

#[actix_web::test]
async fn the_three_demo_users_have_their_roles_in_lower_case_and_another_token_each_time() {
    let service = service().await;
    for (username, role) in [
        ("client", "client"),
        ("chef", "chef"),
        ("livreur", "livreur"),
    ] {
        let login = json!({"username": username, "password": "123"});
        let one = service
            .http
            .post("/demo/login", login.clone())
            .await
            .ok(200);
        let two = service.http.post("/demo/login", login).await.ok(200);
        assert_eq!(one["role"], role);
        assert!(one["token"].as_str().unwrap().starts_with("demo-"));
        assert_ne!(one["token"], two["token"]);
        let refused = service.sessions(one["token"].as_str().unwrap()).await;
        let _ = refused.problem(401, "unauthorized");
    }
    assert_eq!(service.http.get("/clients").await.ok(200), json!([]));
}

#[actix_web::test]
async fn another_name_or_password_is_a_401() {
    let service = service().await;
    for (username, password) in [("client", "1234"), ("admin", "123"), ("CHEF", "123")] {
        let login = json!({"username": username, "password": password});
        let answer = service.http.post("/demo/login", login).await;
        let _ = answer.problem(401, "invalid_credentials");
    }
}

#[actix_web::test]
async fn the_demo_accounts_are_made_once_and_can_log_in() {
    let service = service_with(|config| config.seed_demo = true).await;
    let before = service.http.get("/clients").await.ok(200);
    let again = service
        .restarted_with(|config| config.seed_demo = true)
        .await;
    assert_eq!(again.http.get("/clients").await.ok(200), before);
    for (account, client) in DEMO_ACCOUNTS.iter().zip(before.as_array().unwrap()) {
        assert_eq!(client["email"], account.email);
        assert_eq!(
            client["phone"],
            json!(account.contact.map(|contact| contact.phone))
        );
        assert_eq!(
            client["address"],
            json!(account.contact.map(|contact| contact.address))
        );
        assert_eq!(client["role"], account.role.as_str());
        let login = json!({"email": account.email, "password": account.password});
        let _ = again.http.post("/auth/login", login).await.ok(200);
    }
}

#[actix_web::test]
async fn the_demo_client_can_be_delivered_to() {
    let service = service_with(|config| config.seed_demo = true).await;
    let clients = service.http.get("/clients").await.ok(200);
    assert_eq!(clients[0]["role"], "CLIENT");
    for field in ["phone", "address", "city", "postalCode"] {
        assert!(clients[0][field].is_string(), "{field}: {clients}");
    }
}

#[actix_web::test]
async fn a_demo_client_of_an_earlier_version_gets_missing_contacts_and_keeps_the_others() {
    let service = service_with(|config| config.seed_demo = true).await;
    service
        .alter("UPDATE clients SET phone = NULL, phone_key = NULL, address = 'Quai 9', city = NULL")
        .await;
    let again = service
        .restarted_with(|config| config.seed_demo = true)
        .await;
    let clients = again.http.get("/clients").await.ok(200);
    assert!(clients[0]["phone"].is_string(), "{clients}");
    assert_eq!(clients[0]["address"], "Quai 9");
    assert_eq!(clients[0]["city"], json!(null));
}

#[actix_web::test]
async fn a_number_of_the_demo_client_that_another_has_taken_stays_theirs() {
    let service = service().await;
    let mut new = new_client("lea@example.com");
    let phone = DEMO_ACCOUNTS[0].contact.unwrap().phone;
    new["phone"] = json!(phone);
    let _ = service.http.post("/clients", new).await.ok(201);
    let with = service
        .restarted_with(|config| config.seed_demo = true)
        .await;
    let clients = with.http.get("/clients").await.ok(200);
    assert_eq!(clients[0]["phone"], json!(phone));
    assert_eq!(clients[1]["email"], DEMO_ACCOUNTS[0].email);
    assert_eq!(clients[1]["phone"], json!(null));
    assert!(clients[1]["address"].is_string());
}

#[actix_web::test]
async fn without_the_demo_its_accounts_are_closed_and_with_it_they_open_again() {
    let service = service_with(|config| config.seed_demo = true).await;
    let admin = DEMO_ACCOUNTS.last().unwrap();
    let login = json!({"email": admin.email, "password": admin.password});
    let token = service
        .http
        .post("/auth/login", login.clone())
        .await
        .ok(200);
    let token = token["access_token"].as_str().unwrap().to_owned();

    let without = service.restarted().await;
    let refused = without.http.post("/auth/login", login.clone()).await;
    let _ = refused.problem(401, "invalid_credentials");
    let _ = without
        .sessions(&token)
        .await
        .problem(401, "session_expired");

    let with = without
        .restarted_with(|config| config.seed_demo = true)
        .await;
    let _ = with.http.post("/auth/login", login).await.ok(200);
}
