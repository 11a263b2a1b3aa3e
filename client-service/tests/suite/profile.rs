//! Tests of changing a client: who may, what is checked, and what stays.

use actix_web::http::Method;
use client_service::{Access, DEMO_ACCOUNTS};
use serde_json::{Value, json};
use service_kit::testing::{Answer, assert_same_shape};
use shared_types::golden;

use super::{PASSWORD, Running, new_client, service, service_with};

fn path_of(client: &Value) -> String {
    format!("/clients/{}", client["id"].as_str().unwrap())
}

async fn change(service: &Running, client: &Value, token: &str, change: Value) -> Answer {
    let request = service.request(Method::PATCH, &path_of(client), token);
    request.send_json(change).await
}

/// A client with every field, and its token.
async fn lea(service: &Running) -> (Value, String) {
    let client = service.http.post("/clients", golden::NEW_CLIENT).await;
    let login = service.http.post("/auth/login", golden::LOGIN).await;
    let token = login.ok(200)["access_token"].as_str().unwrap().to_owned();
    (client.ok(201), token)
}

#[actix_web::test]
async fn a_change_is_a_merge_patch() {
    let service = service().await;
    let (before, token) = lea(&service).await;
    let patch = json!({
        "firstName": " Zoé ", "phone": null, "city": "", "address": "3 place du Marché",
        "role": "ADMIN", "isActive": false, "id": "7", "password": "ignored", "createdAt": null,
    });
    let changed = change(&service, &before, &token, patch).await.ok(200);
    assert_same_shape(&changed, golden::CLIENT);
    let mut expected = before.clone();
    expected["firstName"] = json!("Zoé");
    expected["phone"] = json!(null);
    expected["city"] = json!(null);
    expected["address"] = json!("3 place du Marché");
    expected["updatedAt"] = changed["updatedAt"].clone();
    assert_eq!(changed, expected);
    assert_eq!(service.http.get(&path_of(&before)).await.ok(200), changed);
    // The number is free again.
    let mut other = new_client("other@example.com");
    other["phone"] = before["phone"].clone();
    let _ = service.http.post("/clients", other).await.ok(201);
}

#[actix_web::test]
async fn a_change_that_changes_nothing_leaves_the_client_as_it_was() {
    let service = service().await;
    let (before, token) = lea(&service).await;
    for same in [json!({}), before.clone()] {
        let answer = change(&service, &before, &token, same).await;
        assert_eq!(answer.ok(200), before);
    }
}

#[actix_web::test]
async fn a_bad_field_is_named_and_changes_nothing() {
    let service = service().await;
    let (before, token) = lea(&service).await;
    for (field, value) in [
        ("email", json!("lea")),
        ("email", json!(null)),
        ("firstName", json!("")),
        ("lastName", json!(null)),
        ("lastName", json!("x".repeat(101))),
        ("phone", json!("12")),
        ("city", json!(7)),
    ] {
        let mut patch = json!({"address": "elsewhere"});
        patch[field] = value;
        let answer = change(&service, &before, &token, patch).await;
        let problem = answer.problem(400, "validation_failed");
        assert_eq!(problem.errors[0].field, field);
        assert_eq!(problem.errors.len(), 1);
    }
    assert_eq!(service.http.get(&path_of(&before)).await.ok(200), before);
}

#[actix_web::test]
async fn an_address_or_number_of_another_client_is_a_409_and_changes_nothing() {
    let service = service().await;
    let (before, token) = lea(&service).await;
    let mut other = new_client("other@example.com");
    other["phone"] = json!("+33 6 00 00 00 01");
    let _ = service.http.post("/clients", other).await.ok(201);
    let taken = json!({"city": "Lyon", "phone": "06 00 00 00 01"});
    let answer = change(&service, &before, &token, taken).await;
    let _ = answer.problem(409, "phone_taken");
    let taken = json!({"city": "Lyon", "email": "OTHER@example.com", "currentPassword": "tarte-aux-pommes"});
    let answer = change(&service, &before, &token, taken).await;
    let _ = answer.problem(409, "email_taken");
    assert_eq!(service.http.get(&path_of(&before)).await.ok(200), before);
    // Its own number, in another form.
    let own = json!({"phone": "+33 6 12 34 56 78"});
    let changed = change(&service, &before, &token, own).await.ok(200);
    assert_eq!(changed["phone"], "+33 6 12 34 56 78");
}

#[actix_web::test]
async fn a_client_changes_its_email_with_its_password_only() {
    let service = service().await;
    let before = service.register("lea@example.com").await;
    let token = service.log_in("lea@example.com").await;
    let new = "zoe@example.com";
    let answer = change(&service, &before, &token, json!({"email": new})).await;
    let problem = answer.problem(400, "validation_failed");
    assert_eq!(problem.errors[0].field, "currentPassword");
    let guessed = json!({"email": new, "currentPassword": "another password"});
    let answer = change(&service, &before, &token, guessed).await;
    let _ = answer.problem(403, "wrong_password");
    assert_eq!(service.http.get(&path_of(&before)).await.ok(200), before);

    let right = json!({"email": new, "currentPassword": PASSWORD});
    let changed = change(&service, &before, &token, right).await.ok(200);
    assert_eq!(changed["email"], new);
    service.log_in(new).await;
    let _ = service.sessions(&token).await.ok(200);
    service.register("lea@example.com").await;
    // Another spelling is the same address.
    let spelled = json!({"email": "Zoe@Example.com"});
    let changed = change(&service, &before, &token, spelled).await.ok(200);
    assert_eq!(changed["email"], "Zoe@Example.com");
    service.log_in(new).await;
}

#[actix_web::test]
async fn only_the_account_itself_and_admin_change_it_in_both_modes() {
    for access in [Access::Open, Access::Strict] {
        let service = service_with(|config| {
            config.access = access;
            config.seed_demo = true;
        })
        .await;
        let lea = service.register("lea@example.com").await;
        let patch = json!({"city": "Lyon", "email": "zoe@example.com"});
        let bare = service.http.patch(&path_of(&lea), patch.clone()).await;
        let _ = bare.problem(401, "unauthorized");
        for account in DEMO_ACCOUNTS {
            let login = json!({"email": account.email, "password": account.password});
            let login = service.http.post("/auth/login", login).await.ok(200);
            let token = login["access_token"].as_str().unwrap();
            let answer = change(&service, &lea, token, patch.clone()).await;
            if account.role.as_str() == "ADMIN" {
                assert_eq!(answer.ok(200)["email"], "zoe@example.com");
                let nobody = json!({"id": shared_types::id::ClientId::generate()});
                let answer = change(&service, &nobody, token, patch.clone()).await;
                let _ = answer.problem(404, "client_not_found");
            } else {
                let _ = answer.problem(403, "forbidden");
            }
        }
    }
}

#[actix_web::test]
async fn of_two_clients_that_take_one_number_at_once_one_gets_it() {
    let service = service().await;
    let mut clients = Vec::new();
    for email in ["lea@example.com", "zoe@example.com"] {
        let client = service.register(email).await;
        clients.push((client, service.log_in(email).await));
    }
    for round in 0..5 {
        let patch = json!({"phone": format!("06 00 00 00 1{round}")});
        let (one, other) = tokio::join!(
            change(&service, &clients[0].0, &clients[0].1, patch.clone()),
            change(&service, &clients[1].0, &clients[1].1, patch),
        );
        let mut statuses = [one.status.as_u16(), other.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409]);
    }
}

#[actix_web::test]
async fn a_client_gets_all_that_the_service_knows_of_it_and_nobody_else_does() {
    let service = service().await;
    let client = service.register("lea@example.com").await;
    service.register("other@example.com").await;
    let token = service.log_in("lea@example.com").await;
    let other = service.log_in("other@example.com").await;
    let path = format!("/clients/{}/export", client["id"].as_str().unwrap());
    let own = service
        .request(Method::GET, &path, &token)
        .send()
        .await
        .ok(200);
    assert_same_shape(&own, golden::ACCOUNT_DATA);
    assert_eq!(own["client"], client);
    assert_eq!(own["sessions"][0]["current"], true);
    let others = service.request(Method::GET, &path, &other).send().await;
    let _ = others.problem(403, "forbidden");
    let _ = service.http.get(&path).await.problem(401, "unauthorized");
}

#[actix_web::test]
async fn a_client_is_changed_and_deleted_only_in_the_version_that_was_read() {
    let service = service().await;
    let (client, token) = lea(&service).await;
    let path = format!("/clients/{}", client["id"].as_str().unwrap());
    let first = service.http.get(&path).await;
    let tag = first.header("etag").unwrap().to_owned();
    let change = async |tag: &str, city: &str| {
        let request = service.request(Method::PATCH, &path, &token);
        let request = request.header("If-Match", tag);
        request.send_json(json!({"city": city})).await
    };
    let changed = change(&tag, "Lyon").await;
    let _ = changed.ok(200);
    let new_tag = changed.header("etag").unwrap().to_owned();
    assert_ne!(new_tag, tag);
    let _ = change(&tag, "Lille")
        .await
        .problem(412, "precondition_failed");
    let request = service.request(Method::DELETE, &path, &token);
    let refused = request.header("If-Match", &tag).send().await;
    let _ = refused.problem(412, "precondition_failed");
    assert_eq!(service.http.get(&path).await.ok(200)["city"], "Lyon");
    let held = service.http.request(Method::GET, &path);
    let held = held.header("If-None-Match", &new_tag).send().await;
    assert_eq!(held.status, 304);
    let request = service.request(Method::DELETE, &path, &token);
    let _ = request.header("If-Match", &new_tag).send().await.ok(200);
}
