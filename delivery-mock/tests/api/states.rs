//! Tests of entity tags: a change is made only to the state that its sender has seen.

use actix_web::http::Method;
use serde_json::{Value, json};
use service_kit::testing::{Answer, Client};

use crate::{courier, delivery, unassigned};

async fn send(client: &Client, method: Method, path: &str, tag: &str, body: Value) -> Answer {
    let request = client.request(method, path).header("If-Match", tag);
    request.send_json(body).await
}

async fn tag(client: &Client, path: &str) -> String {
    let read = client.get(path).await;
    read.header("etag").unwrap().to_owned()
}

async fn is_held(client: &Client, path: &str, tag: &str) -> bool {
    let request = client.request(Method::GET, path);
    let answer = request.header("If-None-Match", tag).send().await;
    answer.status == 304
}

#[actix_web::test]
async fn the_second_change_of_a_delivery_in_the_same_state_is_told() {
    let client = delivery(false).await;
    let path = unassigned(&client, "A").await;
    let seen = tag(&client, &path).await;
    assert!(is_held(&client, &path, &seen).await);
    let patch = |tag, body| send(&client, Method::PATCH, &path, tag, body);
    let changed = patch(&seen, json!({"commentaires": "Code 42B"})).await;
    let after = changed.ok(200);
    assert_eq!(changed.header("etag"), Some(&*tag(&client, &path).await));
    for late in [
        json!({"commentaires": "Code 7"}),
        json!({"statut": "LIVREE"}),
    ] {
        let _ = patch(&seen, late).await.problem(412, "precondition_failed");
    }
    let courier = courier(&client, "ines").await;
    let assign = format!("{path}/assigner");
    let late = send(
        &client,
        Method::POST,
        &assign,
        &seen,
        json!({"livreurId": courier}),
    )
    .await;
    let _ = late.problem(412, "precondition_failed");
    assert_eq!(client.get(&path).await.ok(200), after);
    let any = send(
        &client,
        Method::POST,
        &assign,
        "*",
        json!({"livreurId": courier}),
    )
    .await;
    assert_eq!(any.ok(200)["livreurId"], courier);
    assert!(!is_held(&client, &path, &seen).await);
}

#[actix_web::test]
async fn the_second_change_of_a_courier_in_the_same_state_is_told() {
    let client = delivery(false).await;
    let id = courier(&client, "ines").await;
    let path = format!("/livreurs/{}", id.as_str().unwrap());
    let seen = tag(&client, &path).await;
    assert!(is_held(&client, &path, &seen).await);
    let patch = |tag, body| send(&client, Method::PATCH, &path, tag, body);
    let after = patch(&seen, json!({"ville": "Paris"})).await.ok(200);
    let late = patch(&seen, json!({"ville": "Lyon"})).await;
    let _ = late.problem(412, "precondition_failed");
    let late = send(&client, Method::DELETE, &path, &seen, Value::Null).await;
    let _ = late.problem(412, "precondition_failed");
    assert_eq!(client.get(&path).await.ok(200), after);
    let now = tag(&client, &path).await;
    let _ = send(&client, Method::DELETE, &path, &now, Value::Null)
        .await
        .ok(200);
    let gone = send(&client, Method::DELETE, &path, "*", Value::Null).await;
    let _ = gone.problem(404, "courier_not_found");
}

#[actix_web::test]
async fn a_new_courier_and_a_new_delivery_name_their_location() {
    let client = delivery(false).await;
    for (list, body) in [
        (
            "/livreurs",
            json!({"nom": "Petit", "email": "a@example.com"}),
        ),
        ("/livraisons", json!({"commandeId": "A"})),
    ] {
        let answer = client.post(list, body).await;
        let id = answer.ok(201)["id"].as_str().unwrap().to_owned();
        let location = answer.header("location").unwrap();
        let location = format!("/{location}");
        assert_eq!(location, format!("{list}/{id}"));
        assert_eq!(client.get(&location).await.ok(200)["id"], id);
    }
}
