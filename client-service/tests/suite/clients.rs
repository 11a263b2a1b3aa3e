//! Tests of listing, reading and deleting clients.

use serde_json::{Value, json};
use service_kit::testing::assert_same_shape;
use shared_types::golden;

use super::{PASSWORD, service};

fn emails(clients: &Value) -> Vec<&str> {
    let clients = clients.as_array().unwrap().iter();
    clients
        .map(|client| client["email"].as_str().unwrap())
        .collect()
}

#[actix_web::test]
async fn the_list_is_empty_at_first_and_then_oldest_first() {
    let service = service().await;
    assert_eq!(service.http.get("/clients").await.ok(200), json!([]));
    let expected = ["z@example.com", "a@example.com", "m@example.com"];
    for email in expected {
        service.register(email).await;
    }
    let clients = service.http.get("/clients").await.ok(200);
    assert_eq!(emails(&clients), expected);
    assert_same_shape(&clients[0], golden::CLIENT);
}

#[actix_web::test]
async fn a_client_is_read_as_it_was_registered() {
    let service = service().await;
    let client = service.register("lea@example.com").await;
    let path = format!("/clients/{}", client["id"].as_str().unwrap());
    assert_eq!(service.http.get(&path).await.ok(200), client);
}

#[actix_web::test]
async fn a_deleted_client_is_gone_and_its_email_is_free_again() {
    let service = service().await;
    let client = service.register("lea@example.com").await;
    let path = format!("/clients/{}", client["id"].as_str().unwrap());
    let confirmation = service.http.delete(&path).await.ok(200);
    assert_same_shape(&confirmation, golden::CONFIRMATION);
    let _ = service
        .http
        .get(&path)
        .await
        .problem(404, "client_not_found");
    let _ = service
        .http
        .delete(&path)
        .await
        .problem(404, "client_not_found");
    service.register("lea@example.com").await;
}

#[actix_web::test]
async fn a_confirmation_is_in_the_clients_language() {
    let service = service().await;
    let client = service.register("lea@example.com").await;
    let path = format!("/clients/{}", client["id"].as_str().unwrap());
    let request = service.http.request(actix_web::http::Method::DELETE, &path);
    let answer = request.header("Accept-Language", "en").send().await.ok(200);
    assert_eq!(answer, json!({"message": "Client deleted."}));
}

#[actix_web::test]
async fn an_invalid_uuid_is_an_unknown_client() {
    let service = service().await;
    for id in [
        "7",
        "not-a-uuid",
        "%00",
        "' OR 1=1 --".replace(' ', "%20").as_str(),
    ] {
        let path = format!("/clients/{id}");
        let _ = service
            .http
            .get(&path)
            .await
            .problem(404, "client_not_found");
        let _ = service
            .http
            .delete(&path)
            .await
            .problem(404, "client_not_found");
    }
}

#[actix_web::test]
async fn no_answer_ever_has_a_password_or_its_hash() {
    let service = service().await;
    let registered = service.register("lea@example.com").await;
    let path = format!("/clients/{}", registered["id"].as_str().unwrap());
    let login = json!({"email": "lea@example.com", "password": PASSWORD});
    let answers = [
        registered,
        service.http.get(&path).await.ok(200),
        service.http.get("/clients").await.ok(200),
        service.http.post("/auth/login", login).await.ok(200),
        service
            .sessions(&service.log_in("lea@example.com").await)
            .await
            .ok(200),
        service.http.delete(&path).await.ok(200),
    ];
    for answer in answers {
        let text = answer.to_string().to_lowercase();
        for leak in [PASSWORD, "password", "argon2", "hash"] {
            assert!(!text.contains(leak), "{leak} in {text}");
        }
    }
}
