//! Tests that invalid bodies to any route get a 4xx problem that names the fault, and that nothing
//! is stored.

use actix_web::http::Method;
use actix_web::web::Bytes;
use serde_json::{Value, json};
use service_kit::testing::Answer;
use uuid::Uuid;

use crate::{Restaurant, restaurant};

/// Every route that takes a body, with a body whose every field has the wrong type.
fn writes() -> Vec<(Method, String, Value)> {
    let any = Uuid::now_v7();
    let (post, patch) = (Method::POST, Method::PATCH);
    let row = |method: &Method, path: &str, body: Value| (method.clone(), path.to_owned(), body);
    vec![
        row(
            &post,
            "/client-api/login",
            json!({"email": 1, "password": 2}),
        ),
        row(
            &post,
            "/client-api/clients",
            json!({"email": 1, "password": [], "firstName": {}, "lastName": 1.5}),
        ),
        row(
            &post,
            "/auth/login",
            json!({"username": 1, "password": 123}),
        ),
        row(
            &post,
            "/order-api/menu",
            json!({"nom": 1, "prix": "12", "categorie": "PIZZA"}),
        ),
        row(
            &post,
            "/order-api/commandes",
            json!({"clientId": "me", "items": {}}),
        ),
        row(
            &patch,
            &format!("/order-api/commandes/{any}/status"),
            json!({"status": "LOST"}),
        ),
        row(&post, "/orders", json!({"client_id": [], "items": "Pizza"})),
        row(
            &post,
            "/kitchen/update",
            json!({"order_id": 1, "status": "LOST"}),
        ),
        row(
            &post,
            "/delivery/update",
            json!({"orderId": 1, "status": "LOST"}),
        ),
        row(
            &post,
            "/delivery-api/livreurs",
            json!({"nom": 1, "email": "nope"}),
        ),
        row(
            &patch,
            &format!("/delivery-api/livreurs/{any}"),
            json!({"email": "nope"}),
        ),
        row(
            &post,
            "/delivery-api/livraisons",
            json!({"commandeId": 1, "distanceKm": -1}),
        ),
        row(
            &patch,
            &format!("/delivery-api/livraisons/{any}"),
            json!({"statut": "LOST"}),
        ),
        row(
            &post,
            &format!("/delivery-api/livraisons/{any}/assigner"),
            json!({"livreurId": "me"}),
        ),
    ]
}

/// Everything that could have been stored.
async fn stored(restaurant: &Restaurant) -> Vec<Value> {
    let mut all = Vec::new();
    for path in [
        "/client-api/clients",
        "/order-api/menu",
        "/order-api/commandes",
        "/orders",
        "/kitchen/orders",
        "/delivery/assigned",
        "/delivery-api/livreurs",
        "/delivery-api/livraisons",
    ] {
        all.push(restaurant.gateway.get(path).await.ok(200));
    }
    all
}

async fn send(
    restaurant: &Restaurant,
    method: &Method,
    path: &str,
    media: &str,
    body: Bytes,
) -> Answer {
    let request = restaurant.gateway.request(method.clone(), path);
    request.header("Content-Type", media).send_body(body).await
}

#[actix_web::test]
async fn every_bad_body_is_refused_with_its_reason_and_changes_nothing() {
    let restaurant = restaurant().await;
    let before = stored(&restaurant).await;
    for (method, path, wrong_types) in writes() {
        let send = |media, body: Bytes| send(&restaurant, &method, &path, media, body);
        let malformed = send("application/json", Bytes::from_static(b"{\"a\": ")).await;
        assert!(
            malformed
                .problem(400, "bad_request")
                .detail
                .contains("ligne 1"),
            "{path}"
        );
        let _ = send("application/json", Bytes::new())
            .await
            .problem(400, "bad_request");
        let form = send(
            "application/x-www-form-urlencoded",
            Bytes::from_static(b"a=b"),
        )
        .await;
        let _ = form.problem(415, "unsupported_media_type");
        let huge = send("application/json", Bytes::from(vec![b' '; 10_000_000])).await;
        let _ = huge.problem(413, "payload_too_large");
        let wrong = send("application/json", Bytes::from(wrong_types.to_string())).await;
        let problem = wrong.problem(400, "validation_failed");
        assert!(!problem.errors.is_empty(), "{path}");
        for error in &problem.errors {
            assert!(
                problem.message.contains(&error.field),
                "{path}: {}",
                problem.message
            );
        }
    }
    assert_eq!(stored(&restaurant).await, before);
}

#[actix_web::test]
async fn an_id_that_is_no_uuid_is_a_404() {
    let restaurant = restaurant().await;
    let gateway = &restaurant.gateway;
    for (path, code) in [
        ("/client-api/clients/42", "client_not_found"),
        ("/order-api/commandes/42", "order_not_found"),
        ("/delivery-api/livreurs/42", "courier_not_found"),
        ("/delivery-api/livraisons/42", "delivery_not_found"),
    ] {
        let _ = gateway.get(path).await.problem(404, code);
    }
}

/// Every route that stores a text, with a body that is valid, and the names of its texts.
async fn texts(restaurant: &Restaurant) -> Vec<(&'static str, Value, &'static [&'static str])> {
    let any = Uuid::now_v7();
    let items = json!([{"menuId": restaurant.dish().await["id"], "quantite": 1}]);
    let client = json!({
        "email": "lea@example.com", "password": "tarte-aux-pommes", "firstName": "Léa", "lastName": "Martin",
    });
    vec![
        (
            "/client-api/clients",
            client,
            &["firstName", "lastName", "address", "city", "postalCode"],
        ),
        (
            "/order-api/menu",
            json!({"nom": "Tarte", "prix": 5, "categorie": "DESSERT"}),
            &["nom", "description"],
        ),
        (
            "/order-api/commandes",
            json!({"clientId": any, "items": items}),
            &["adresse"],
        ),
        (
            "/delivery-api/livreurs",
            json!({"nom": "Petit", "email": "petit@example.com"}),
            &[
                "nom",
                "prenom",
                "vehicule",
                "numeroLicence",
                "adresse",
                "ville",
                "codePostal",
            ],
        ),
        (
            "/delivery-api/livraisons",
            json!({"commandeId": any}),
            &[
                "adresseDepart",
                "adresseArrivee",
                "clientNom",
                "commentaires",
            ],
        ),
    ]
}

#[actix_web::test]
async fn one_rule_holds_for_the_texts_of_every_service() {
    let restaurant = restaurant().await;
    let before = stored(&restaurant).await;
    let texts = texts(&restaurant).await;
    for (path, body, fields) in &texts {
        for field in *fields {
            for bad in ["a\u{202e}b", "a\u{2066}b", "\u{200b}\u{2060}", "a\u{0}b"] {
                let mut body = body.clone();
                body[field] = json!(bad);
                let problem = restaurant.gateway.post(path, body).await;
                let problem = problem.problem(400, "validation_failed");
                assert_eq!(problem.errors.len(), 1, "{path} {field} {bad:?}");
                assert_eq!(problem.errors[0].field, **field);
            }
        }
    }
    assert_eq!(stored(&restaurant).await, before);

    for (path, mut body, fields) in texts {
        for field in fields {
            body[field] = json!(" a\r\nb\u{2028}c ");
        }
        let made = restaurant.gateway.post(path, body).await.ok(201);
        for field in fields {
            assert_eq!(made[field], "a, b, c", "{path} {field}");
        }
    }
}
