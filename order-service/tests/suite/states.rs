//! Tests of entity tags: a change is made only to the state that its sender has seen.

use actix_web::http::Method;
use serde_json::{Value, json};
use service_kit::testing::Answer;

use super::{Service, path, status_path};

async fn asked(service: &Service, order: &Value, name: &str, tag: &str) -> Answer {
    let request = service.request(Method::GET, &path(order));
    request.header(name, tag).send().await
}

async fn change(service: &Service, order: &Value, status: &str, tag: &str) -> Answer {
    let request = service.request(Method::PATCH, &status_path(order));
    let request = request.header("If-Match", tag);
    request.send_json(json!({"status": status})).await
}

#[actix_web::test]
async fn an_order_has_a_tag_that_changes_with_it() {
    let service = Service::start(true).await;
    let order = service.order().await;
    let read = service.get(&path(&order)).await;
    let tag = read.header("etag").unwrap().to_owned();
    assert!(tag.starts_with('"'), "{tag}");
    let again = service.get(&path(&order)).await;
    assert_eq!(again.header("etag"), Some(&*tag));
    let moved = service.change(&order, "PRETE").await;
    let later = moved.header("etag").unwrap();
    assert_ne!(later, tag);
    let read = service.get(&path(&order)).await;
    assert_eq!(read.header("etag"), Some(later));
}

#[actix_web::test]
async fn a_client_that_has_the_state_already_gets_a_304() {
    let service = Service::start(true).await;
    let order = service.order().await;
    let read = service.get(&path(&order)).await;
    let tag = read.header("etag").unwrap().to_owned();
    for held in [&tag, &format!("W/{tag}"), &format!("\"x\", {tag}"), "*"] {
        let answer = asked(&service, &order, "If-None-Match", held).await;
        assert_eq!(
            (answer.status.as_u16(), answer.body.len()),
            (304, 0),
            "{held}"
        );
        assert_eq!(answer.header("etag"), Some(&*tag));
    }
    let answer = asked(&service, &order, "If-None-Match", "\"x\"").await;
    assert_eq!(answer.ok(200), order);
}

#[actix_web::test]
async fn the_second_of_two_who_have_read_the_same_state_is_told() {
    let service = Service::start(true).await;
    let order = service.order().await;
    let read = service.get(&path(&order)).await;
    let tag = read.header("etag").unwrap().to_owned();
    let moved = change(&service, &order, "EN_PREPARATION", &tag)
        .await
        .ok(200);
    let late = change(&service, &order, "ANNULEE", &tag).await;
    let _ = late.problem(412, "precondition_failed");
    assert_eq!(service.get(&path(&order)).await.ok(200), moved);
    // Before the move is judged: what the sender has seen is not so any more.
    let late = change(&service, &order, "LIVREE", &tag).await;
    let _ = late.problem(412, "precondition_failed");
}

#[actix_web::test]
async fn a_condition_that_names_no_state_of_the_order_changes_nothing() {
    let service = Service::start(true).await;
    let order = service.order().await;
    let read = service.get(&path(&order)).await;
    let tag = read.header("etag").unwrap().to_owned();
    for wrong in ["\"x\"", &format!("W/{tag}")] {
        let answer = change(&service, &order, "PRETE", wrong).await;
        let _ = answer.problem(412, "precondition_failed");
    }
    assert_eq!(service.get(&path(&order)).await.ok(200), order);
    let unquoted = change(&service, &order, "PRETE", tag.trim_matches('"')).await;
    let problem = unquoted.problem(400, "validation_failed");
    assert_eq!(problem.errors[0].field, "If-Match");
    assert_eq!(service.get(&path(&order)).await.ok(200), order);
    let _ = change(&service, &order, "EN_PREPARATION", "*")
        .await
        .ok(200);
}

#[actix_web::test]
async fn an_unknown_order_is_a_404_whatever_the_condition() {
    let service = Service::start(true).await;
    let unknown = json!({"id": "0192f0c4-0a11-7000-8000-00000000ffff"});
    let answer = change(&service, &unknown, "PRETE", "*").await;
    let _ = answer.problem(404, "order_not_found");
}
