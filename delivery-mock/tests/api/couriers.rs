//! Tests of registering, reading and changing couriers.

use serde_json::{Value, json};
use service_kit::testing::assert_same_shape;
use shared_types::golden;

use crate::{NOBODY, column, courier, delivery};

fn path_of(courier: &Value) -> String {
    format!("/livreurs/{}", courier["id"].as_str().unwrap())
}

#[actix_web::test]
async fn a_new_courier_is_kept_as_sent_but_for_the_password() {
    let client = delivery(false).await;
    let answer = client.post("/livreurs", golden::NEW_COURIER).await;
    let courier = answer.ok(201);
    assert_same_shape(&courier, golden::COURIER);
    let mut expected: Value = serde_json::from_str(golden::NEW_COURIER).unwrap();
    let fields = expected.as_object_mut().unwrap();
    fields.remove("motDePasse");
    fields.insert("id".to_owned(), courier["id"].clone());
    assert_eq!(courier, expected);
    assert_eq!(client.get(&path_of(&courier)).await.ok(200), courier);
}

#[actix_web::test]
async fn no_answer_ever_holds_a_password() {
    let client = delivery(false).await;
    let made = client.post("/livreurs", golden::NEW_COURIER).await;
    let path = path_of(&made.ok(201));
    let change = json!({"motDePasse": "velo-cargo"});
    let answers = [
        made,
        client.patch(&path, change).await,
        client.get(&path).await,
        client.get("/livreurs").await,
    ];
    for answer in answers {
        let body = answer.text();
        let secret = body.contains("velo-cargo") || body.contains("motDePasse");
        assert!(!secret, "{body}");
    }
}

#[actix_web::test]
async fn a_courier_needs_no_more_than_a_name_and_an_email_and_is_available() {
    let client = delivery(false).await;
    let new = json!({"nom": "Petit", "prenom": "", "email": "petit@example.com"});
    let courier = client.post("/livreurs", new).await.ok(201);
    assert_same_shape(&courier, golden::COURIER);
    assert_eq!(courier["disponible"], true);
    assert_eq!(courier["prenom"], Value::Null);
}

#[actix_web::test]
async fn couriers_are_listed_the_oldest_first() {
    let client = delivery(true).await;
    let _ = courier(&client, "zoe").await;
    let _ = courier(&client, "abel").await;
    let couriers = client.get("/livreurs").await.ok(200);
    assert_eq!(
        column(&couriers, "nom"),
        ["Amrani", "Moreau", "zoe", "abel"]
    );
    for courier in couriers.as_array().unwrap() {
        assert_same_shape(courier, golden::COURIER);
    }
}

#[actix_web::test]
async fn a_change_leaves_what_it_does_not_name() {
    let client = delivery(false).await;
    let mut courier = client.post("/livreurs", golden::NEW_COURIER).await.ok(201);
    let path = path_of(&courier);
    let changed = client.patch(&path, golden::COURIER_CHANGE).await.ok(200);
    courier["vehicule"] = json!("Scooter");
    courier["disponible"] = json!(false);
    assert_eq!(changed, courier);
    assert_eq!(client.get(&path).await.ok(200), courier);
    // A form sends an untouched input as an empty text.
    let untouched = json!({"nom": "", "email": "", "telephone": null, "ville": " "});
    assert_eq!(client.patch(&path, untouched).await.ok(200), courier);
}

#[actix_web::test]
async fn every_field_can_be_changed() {
    let client = delivery(false).await;
    let courier = client.post("/livreurs", golden::NEW_COURIER).await.ok(201);
    let change = json!({
        "nom": "Durand", "prenom": "Jo", "telephone": "06 39 98 00 00", "email": "jo@example.com",
        "vehicule": "Vélo", "numeroLicence": "LIC-1", "adresse": "1 quai de Valmy", "ville": "Lyon",
        "codePostal": "69001", "disponible": false,
    });
    let mut expected = change.clone();
    expected["id"] = courier["id"].clone();
    let changed = client.patch(&path_of(&courier), change).await.ok(200);
    assert_eq!(changed, expected);
}

#[actix_web::test]
async fn an_email_belongs_to_one_courier_whatever_its_case() {
    let client = delivery(true).await;
    let new = json!({"nom": "Autre", "email": "Youssef@Passe-Plat.EXAMPLE"});
    let _ = client
        .post("/livreurs", new)
        .await
        .problem(409, "email_taken");

    let lea = courier(&client, "lea").await;
    let path = format!("/livreurs/{}", lea.as_str().unwrap());
    let before = client.get(&path).await.ok(200);
    let change = json!({"nom": "Autre", "email": "YOUSSEF@passe-plat.example"});
    let _ = client
        .patch(&path, change)
        .await
        .problem(409, "email_taken");
    assert_eq!(client.get(&path).await.ok(200), before);
}

#[actix_web::test]
async fn a_couriers_own_email_is_not_taken() {
    let client = delivery(false).await;
    let lea = courier(&client, "lea").await;
    let path = format!("/livreurs/{}", lea.as_str().unwrap());
    let change = json!({"email": "Lea@example.com"});
    let changed = client.patch(&path, change).await.ok(200);
    assert_eq!(changed["email"], "Lea@example.com");
}

#[actix_web::test]
async fn an_unknown_courier_is_a_404() {
    let client = delivery(true).await;
    for id in [NOBODY, "42", "%20", "0192f0c511117aaa8bbb0123456789ff"] {
        let path = format!("/livreurs/{id}");
        let answers = [
            client.get(&path).await,
            client.patch(&path, json!({})).await,
            client.delete(&path).await,
        ];
        for answer in answers {
            let _ = answer.problem(404, "courier_not_found");
        }
    }
}
