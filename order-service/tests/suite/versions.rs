//! Tests of `ETag` and `If-Match`: of two changes of one dish, the second is told.

use actix_web::http::Method;
use futures_util::future::join_all;
use serde_json::json;
use service_kit::testing::Answer;
use shared_types::golden;

use super::{Service, TART};

fn tart() -> String {
    format!("/menu/{TART}")
}

async fn tag(service: &Service) -> String {
    let answer = service.get(&tart()).await;
    answer.header("etag").unwrap().to_owned()
}

async fn change(service: &Service, seen: &str, price: u32) -> Answer {
    let request = service.request(Method::PATCH, &tart());
    let request = request.header("if-match", seen);
    request.send_json(json!({"prix": price})).await
}

async fn remove(service: &Service, seen: &str) -> Answer {
    let request = service.request(Method::DELETE, &tart());
    request.header("if-match", seen).send().await
}

#[actix_web::test]
async fn the_tag_of_a_dish_changes_with_the_dish_and_with_nothing_else() {
    let service = Service::start(true).await;
    let first = tag(&service).await;
    assert!(first.starts_with('"') && first.ends_with('"'), "{first}");
    assert_eq!(tag(&service).await, first);
    let changed = service.patch(&tart(), json!({"prix": 7})).await;
    let second = changed.header("etag").unwrap();
    assert_ne!(second, first);
    assert_eq!(tag(&service).await, second);
    // The same state is the same version, after a restart too.
    let back = service.patch(&tart(), json!({"prix": 6.5})).await;
    assert_eq!(back.header("etag"), Some(first.as_str()));
    let again = Service::start_on(service.stop().await, true).await;
    assert_eq!(tag(&again).await, first);
}

#[actix_web::test]
async fn a_dish_that_changed_meanwhile_is_neither_changed_nor_removed() {
    let service = Service::start(true).await;
    let seen = tag(&service).await;
    let _ = change(&service, &seen, 7).await.ok(200);
    let now = service.get(&tart()).await.ok(200);
    let _ = change(&service, &seen, 8)
        .await
        .problem(412, "precondition_failed");
    let _ = remove(&service, &seen)
        .await
        .problem(412, "precondition_failed");
    let weak = format!("W/{}", tag(&service).await);
    let _ = remove(&service, &weak)
        .await
        .problem(412, "precondition_failed");
    assert_eq!(service.get(&tart()).await.ok(200), now);
    let either = format!("{seen}, {}", tag(&service).await);
    let _ = change(&service, &either, 8).await.ok(200);
    let seen = tag(&service).await;
    let _ = remove(&service, &seen).await.ok(200);
    let _ = remove(&service, "*").await.problem(404, "dish_not_found");
}

#[actix_web::test]
async fn without_if_match_or_with_a_star_any_version_is_changed() {
    let service = Service::start(true).await;
    let _ = change(&service, "*", 7).await.ok(200);
    let _ = service.patch(&tart(), json!({"prix": 8})).await.ok(200);
    let _ = remove(&service, "*").await.ok(200);
}

#[actix_web::test]
async fn a_malformed_if_match_is_a_400_that_names_it_and_changes_nothing() {
    let service = Service::start(true).await;
    let before = service.get(&tart()).await.ok(200);
    for bad in ["abc", "\"abc", "\"a\" \"b\"", "*, \"a\"", ","] {
        for answer in [change(&service, bad, 7).await, remove(&service, bad).await] {
            let problem = answer.problem(400, "validation_failed");
            assert_eq!(problem.errors[0].field, "If-Match", "{bad}");
        }
    }
    assert_eq!(service.get(&tart()).await.ok(200), before);
}

#[actix_web::test]
async fn of_many_changes_of_one_version_one_succeeds() {
    let service = Service::start(true).await;
    let seen = tag(&service).await;
    let changes = (10..18).map(|price| change(&service, &seen, price));
    let answers = join_all(changes).await;
    let (done, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    assert_eq!(done.len(), 1);
    for answer in refused {
        let _ = answer.problem(412, "precondition_failed");
    }
    assert_eq!(service.get(&tart()).await.ok(200), done[0].ok(200));
}

#[actix_web::test]
async fn a_new_dish_says_where_it_is_and_so_does_a_repeated_answer() {
    let service = Service::start(false).await;
    for _ in 0..2 {
        let request = service.request(Method::POST, "/menu");
        let request = request.header("Idempotency-Key", "one");
        let made = request.send_json(golden::NEW_DISH).await;
        let dish = made.ok(201);
        let location = made.header("location").unwrap();
        assert_eq!(location, format!("menu/{}", dish["id"].as_str().unwrap()));
        let read = service.get(&format!("/{location}")).await;
        assert_eq!(read.ok(200), dish);
    }
}
