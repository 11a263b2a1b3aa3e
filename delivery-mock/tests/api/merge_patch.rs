//! Tests of `application/merge-patch+json` (RFC 7396): `null` removes a value. The same body as
//! `application/json` leaves it, which the tests of the other files show.

use actix_web::http::Method;
use serde_json::{Value, json};
use service_kit::testing::Client;
use shared_types::golden;

use crate::merge_patch as patch;
use crate::{carried, courier, delivery, path_of, unassigned};

async fn moved(client: &Client, path: &str, statuses: &[&str]) -> Value {
    for status in statuses {
        let _ = client.patch(path, json!({"statut": status})).await.ok(200);
    }
    client.get(path).await.ok(200)
}

#[actix_web::test]
async fn null_removes_what_a_courier_may_lack_and_an_absent_field_stays() {
    let client = delivery(false).await;
    let before = client.post("/livreurs", golden::NEW_COURIER).await.ok(201);
    let path = format!("/livreurs/{}", before["id"].as_str().unwrap());
    let unchanged = patch(&client, &path, json!({})).await.ok(200);
    assert_eq!(unchanged, before);

    let mut expected = before.clone();
    for (field, empty) in [
        ("prenom", json!(null)),
        ("telephone", json!(null)),
        ("vehicule", json!("")),
        ("numeroLicence", json!(null)),
        ("adresse", json!(null)),
        ("ville", json!(" ")),
        ("codePostal", json!(null)),
    ] {
        let form = client.patch(&path, json!({field: empty})).await.ok(200);
        assert_eq!(form, expected, "{field} in a form");
        expected[field] = Value::Null;
        let changed = patch(&client, &path, json!({field: empty})).await;
        assert_eq!(changed.ok(200), expected, "{field}");
    }
    let change = json!({"nom": "Durand", "telephone": "06 39 98 00 00", "disponible": false});
    for (field, value) in change.as_object().unwrap() {
        expected[field] = value.clone();
    }
    assert_eq!(patch(&client, &path, change).await.ok(200), expected);
}

#[actix_web::test]
async fn null_is_refused_where_a_value_is_required_and_nothing_is_changed() {
    let client = delivery(true).await;
    for (list, other, required) in [
        ("/livreurs", "ville", &["nom", "email", "disponible"][..]),
        ("/livraisons", "commentaires", &["statut"]),
    ] {
        let before = client.get(list).await.ok(200);
        let path = format!("{list}/{}", before[0]["id"].as_str().unwrap());
        for field in required {
            for empty in [json!(null), json!("")] {
                let bad = json!({*field: empty, other: "other"});
                let answer = patch(&client, &path, bad).await;
                let problem = answer.problem(400, "validation_failed");
                assert_eq!(problem.errors.len(), 1, "{field}");
                assert_eq!(problem.errors[0].field, *field);
            }
        }
        // A patch that is no object would replace the whole (RFC 7396 §2).
        let answer = patch(&client, &path, json!(null)).await;
        let _ = answer.problem(400, "validation_failed");
        assert_eq!(client.get(list).await.ok(200), before);
    }
}

#[actix_web::test]
async fn null_removes_a_comment() {
    let client = delivery(false).await;
    let made = client.post("/livraisons", golden::NEW_DELIVERY).await;
    let made = made.ok(201);
    assert_ne!(made["commentaires"], Value::Null);
    let path = path_of(&made);
    let form = client.patch(&path, json!({"commentaires": null})).await;
    assert_eq!(form.ok(200), made);
    let changed = patch(&client, &path, json!({"commentaires": null})).await;
    assert_eq!(changed.ok(200)["commentaires"], Value::Null);
}

#[actix_web::test]
async fn null_takes_a_delivery_from_its_courier_until_it_is_picked_up() {
    let client = delivery(false).await;
    let lea = courier(&client, "lea").await;
    let path = carried(&client, "CMD7", &lea).await;
    let on_her_way = moved(&client, &path, &["EN_ROUTE_RESTAURANT"]).await;
    let form = client.patch(&path, json!({"livreurId": null})).await;
    assert_eq!(form.ok(200), on_her_way);

    let given_back = patch(&client, &path, golden_patch()).await.ok(200);
    assert_eq!(given_back["livreurId"], Value::Null);
    assert_eq!(given_back["statut"], "EN_ATTENTE");
    assert_eq!(given_back["commentaires"], "Sonner deux fois");

    let _ = patch(&client, &path, json!({"livreurId": lea})).await;
    let picked_up = moved(&client, &path, &["EN_ROUTE_RESTAURANT", "RECUPEREE"]).await;
    assert_eq!(picked_up["livreurId"], lea);
    let answer = patch(&client, &path, json!({"livreurId": null})).await;
    let _ = answer.problem(409, "impossible_transition");
    assert_eq!(client.get(&path).await.ok(200), picked_up);
}

#[actix_web::test]
async fn a_delivery_without_a_courier_may_be_sent_back_as_it_was_read() {
    let client = delivery(false).await;
    let path = unassigned(&client, "CMD7").await;
    for status in ["EN_ROUTE_RESTAURANT", "RECUPEREE"] {
        let read = moved(&client, &path, &[status]).await;
        assert_eq!(read["livreurId"], Value::Null);
        assert_eq!(patch(&client, &path, read.clone()).await.ok(200), read);
    }
}

fn golden_patch() -> Value {
    serde_json::from_str(golden::DELIVERY_PATCH).unwrap()
}

#[actix_web::test]
async fn a_list_of_operations_is_refused() {
    let client = delivery(true).await;
    let before = client.get("/livreurs").await.ok(200);
    let path = format!("/livreurs/{}", before[0]["id"].as_str().unwrap());
    let request = client.request(Method::PATCH, &path);
    let request = request.header("Content-Type", "application/json-patch+json");
    let answer = request.send_body(r#"{"nom": "Durand"}"#.into()).await;
    let _ = answer.problem(415, "unsupported_media_type");
    assert_eq!(client.get("/livreurs").await.ok(200), before);
}
