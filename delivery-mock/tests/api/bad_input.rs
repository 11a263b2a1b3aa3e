//! Tests of the refusals of each path. The kitchen's tests cover the reading of bodies in full.

use actix_web::http::Method;
use serde_json::{Value, json};
use service_kit::testing::{Answer, Client};

use crate::{delivery, path_of, unassigned};

/// The invalid fields that a 400 names.
#[track_caller]
fn bad_fields(answer: &Answer) -> Vec<String> {
    let problem = answer.problem(400, "validation_failed");
    let errors = problem.errors.into_iter();
    errors.map(|error| error.field).collect()
}

async fn sample(client: &Client, list: &str) -> String {
    let list_of = client.get(list).await.ok(200);
    format!("{list}/{}", list_of[0]["id"].as_str().unwrap())
}

#[actix_web::test]
async fn a_bad_mark_is_a_400_that_names_every_bad_field() {
    let client = delivery(true).await;
    for (body, fields) in [
        (json!({}), &["order_id"][..]),
        (json!({"order_id": ""}), &["order_id"]),
        (
            json!({"order_id": 7, "status": "perdue"}),
            &["order_id", "status"],
        ),
        // A status of orders, not of deliveries.
        (
            json!({"order_id": "CMD1234", "status": "PRETE"}),
            &["status"],
        ),
    ] {
        let answer = client.post("/update", body).await;
        assert_eq!(bad_fields(&answer), fields);
    }
}

#[actix_web::test]
async fn a_courier_whose_name_is_invisible_or_changes_its_direction_is_refused() {
    let client = delivery(true).await;
    let before = client.get("/livreurs").await.ok(200);
    for (field, bad) in [
        ("nom", "\u{3164}"),
        ("prenom", "\u{200b}\u{200d}"),
        ("nom", "Pe\u{202e}tit"),
        ("adresse", "1 rue \u{200f}Bleue"),
    ] {
        let mut courier = json!({"nom": "Petit", "email": "petit@example.com"});
        courier[field] = json!(bad);
        let answer = client.post("/livreurs", courier).await;
        assert_eq!(bad_fields(&answer), [field]);
    }
    assert_eq!(client.get("/livreurs").await.ok(200), before);
}

#[actix_web::test]
async fn a_fee_and_a_distance_that_would_be_rounded_are_refused() {
    let client = delivery(false).await;
    for (field, bad) in [
        ("prixLivraison", "1e-400"),
        ("prixLivraison", "3.9000000000000001"),
        ("distanceKm", "3.20000000000000000001"),
        ("tempsEstime", "25.00000000000000001"),
    ] {
        let delivery = format!(r#"{{"commandeId": "A", "{field}": {bad}}}"#);
        let answer = client.post("/livraisons", delivery.as_str()).await;
        assert_eq!(bad_fields(&answer), [field], "{bad}");
    }
    // A program computes with doubles and writes all of their digits.
    let computed = r#"{"commandeId": "A", "distanceKm": 3.4000000000000004}"#;
    let _ = client.post("/livraisons", computed).await.ok(201);
}

#[actix_web::test]
async fn a_bad_courier_is_a_400_that_names_every_bad_field() {
    let client = delivery(true).await;
    let path = sample(&client, "/livreurs").await;
    let before = client.get("/livreurs").await.ok(200);
    let bad = json!({"nom": 7, "email": "lea", "telephone": "12", "disponible": "oui"});
    let every = ["disponible", "email", "nom", "telephone"];
    for answer in [
        client.post("/livreurs", bad.clone()).await,
        client.patch(&path, bad).await,
    ] {
        let mut fields = bad_fields(&answer);
        fields.sort();
        assert_eq!(fields, every);
    }
    let mut missing = bad_fields(&client.post("/livreurs", json!({})).await);
    missing.sort();
    assert_eq!(missing, ["email", "nom"]);
    assert_eq!(client.get("/livreurs").await.ok(200), before);
}

#[actix_web::test]
async fn a_bad_delivery_is_a_400_that_names_every_bad_field() {
    let client = delivery(true).await;
    let before = client.get("/livraisons").await.ok(200);
    let bad = json!({
        "livreurId": "Youssef", "clientTelephone": "?", "prixLivraison": -1, "distanceKm": "loin",
        "tempsEstime": 1.5, "commentaires": "x".repeat(501),
    });
    let mut fields = bad_fields(&client.post("/livraisons", bad).await);
    fields.sort();
    let every = [
        "clientTelephone",
        "commandeId",
        "commentaires",
        "distanceKm",
        "livreurId",
        "prixLivraison",
        "tempsEstime",
    ];
    assert_eq!(fields, every);
    assert_eq!(client.get("/livraisons").await.ok(200), before);
}

#[actix_web::test]
async fn a_bad_change_or_choice_is_a_400_that_names_every_bad_field() {
    let client = delivery(false).await;
    let path = unassigned(&client, "CMD7").await;
    let bad = json!({"statut": "PERDUE", "livreurId": "42", "commentaires": 7});
    let mut fields = bad_fields(&client.patch(&path, bad).await);
    fields.sort();
    assert_eq!(fields, ["commentaires", "livreurId", "statut"]);

    let assign = format!("{path}/assigner");
    for bad in [json!({}), json!({"livreurId": "42"})] {
        assert_eq!(bad_fields(&client.post(&assign, bad).await), ["livreurId"]);
    }
}

#[actix_web::test]
async fn a_body_that_is_not_an_object_is_a_400_everywhere() {
    let client = delivery(true).await;
    let courier = sample(&client, "/livreurs").await;
    let carried = sample(&client, "/livraisons").await;
    let assign = format!("{carried}/assigner");
    for (method, path) in [
        (Method::POST, "/update"),
        (Method::POST, "/livreurs"),
        (Method::PATCH, courier.as_str()),
        (Method::POST, "/livraisons"),
        (Method::PATCH, carried.as_str()),
        (Method::POST, assign.as_str()),
    ] {
        let send = |body: &'static str| client.request(method.clone(), path).send_json(body);
        let _ = send("[]").await.problem(400, "validation_failed");
        let _ = send("{oops").await.problem(400, "bad_request");
        let empty = client.request(method.clone(), path).send().await;
        let _ = empty.problem(400, "bad_request");
    }
}

#[actix_web::test]
async fn a_filter_that_is_no_uuid_is_a_400_that_names_it() {
    let client = delivery(true).await;
    let answer = client.get("/livraisons?livreurId=Youssef").await;
    assert_eq!(bad_fields(&answer), ["livreurId"]);
    // An unknown parameter is ignored like an unknown field.
    let _ = client.get("/livraisons?page=2").await.ok(200);
}

#[actix_web::test]
async fn an_unknown_path_is_a_404_and_a_wrong_method_a_405() {
    let client = delivery(true).await;
    for path in ["/nothing", "/livreurs/", "/livraisons/42/prendre"] {
        let _ = client.get(path).await.problem(404, "route_not_found");
    }
    let made = client
        .post("/livraisons", json!({"commandeId": "CMD7"}))
        .await;
    let one = path_of(&made.ok(201));
    for (method, path) in [
        (Method::POST, "/assigned"),
        (Method::GET, "/update"),
        (Method::PUT, "/livreurs"),
        (Method::POST, "/livreurs/42"),
        (Method::DELETE, "/livraisons"),
        (Method::DELETE, one.as_str()),
        (Method::GET, &format!("{one}/assigner")),
    ] {
        let answer = client.request(method, path).send().await;
        let _ = answer.problem(405, "method_not_allowed");
    }
}

#[actix_web::test]
async fn it_is_live_and_ready() {
    let client = delivery(false).await;
    let live: Value = client.get("/live").await.ok(200);
    assert_eq!(live["status"], "live");
    let _ = client.get("/ready").await.ok(200);
}
