//! Tests of reading a list page by page, only by its links, as a client would.

use serde_json::Value;
use service_kit::testing::Answer;

use super::{CLIENT, Service, each};

/// The query of `Link: <?…>; rel="next"`.
fn next(answer: &Answer) -> Option<&str> {
    let link = answer.header("link")?;
    let query = link.strip_prefix("<?").unwrap();
    Some(query.strip_suffix(">; rel=\"next\"").unwrap())
}

async fn make(service: &Service, count: usize) -> Vec<Value> {
    let mut ids = Vec::new();
    for _ in 0..count {
        ids.push(service.order().await["id"].clone());
    }
    ids.reverse();
    ids
}

#[actix_web::test]
async fn the_links_lead_through_every_order_once_while_others_are_added() {
    let service = Service::start(true).await;
    let expected = make(&service, 7).await;
    let mut seen = Vec::new();
    let mut query = "limit=3".to_owned();
    let mut pages = 0;
    loop {
        let answer = service.get(&format!("/commandes?{query}")).await;
        let shown = each(&answer.ok(200), "id");
        seen.extend(shown);
        pages += 1;
        let Some(following) = next(&answer) else {
            assert_eq!(answer.header("x-next-cursor"), None);
            break;
        };
        let cursor = answer.header("x-next-cursor").unwrap();
        assert!(following.ends_with(&format!("cursor={cursor}")));
        query = following.to_owned();
        let _ = service.order().await;
    }
    assert_eq!(seen, expected);
    assert_eq!(pages, 3);
}

#[actix_web::test]
async fn a_page_that_ends_with_the_list_has_no_link() {
    let service = Service::start(true).await;
    let expected = make(&service, 2).await;
    for limit in [2, 3, 200] {
        let answer = service.get(&format!("/commandes?limit={limit}")).await;
        assert_eq!(each(&answer.ok(200), "id"), expected);
        assert_eq!(next(&answer), None, "{limit}");
    }
}

#[actix_web::test]
async fn a_link_keeps_the_filters_and_the_limit() {
    let service = Service::start(true).await;
    let ids = make(&service, 2).await;
    let query = format!("clientId={CLIENT}&status=en%20attente&limit=1");
    let answer = service.get(&format!("/commandes?{query}")).await;
    let cursor = ids[0].as_str().unwrap();
    assert_eq!(
        answer.header("link").unwrap(),
        format!("<?clientId={CLIENT}&status=EN_ATTENTE&limit=1&cursor={cursor}>; rel=\"next\"")
    );
    let following = format!("/commandes?{}", next(&answer).unwrap());
    let answer = service.get(&following).await;
    assert_eq!(each(&answer.ok(200), "id"), [ids[1].clone()]);
    assert_eq!(next(&answer), None);
}

#[actix_web::test]
async fn a_cursor_without_a_limit_gives_all_that_follows() {
    let service = Service::start(true).await;
    let ids = make(&service, 4).await;
    let cursor = ids[0].as_str().unwrap();
    let answer = service.get(&format!("/commandes?cursor={cursor}")).await;
    assert_eq!(each(&answer.ok(200), "id"), ids[1..]);
}

#[actix_web::test]
async fn a_cursor_holds_after_its_order_has_left_the_filter() {
    let service = Service::start(true).await;
    let ids = make(&service, 3).await;
    let answer = service.get("/commandes?status=EN_ATTENTE&limit=1").await;
    let shown = answer.ok(200)[0].clone();
    let _ = service.change(&shown, "ANNULEE").await.ok(200);
    let following = format!("/commandes?{}", next(&answer).unwrap());
    let answer = service.get(&following).await;
    assert_eq!(each(&answer.ok(200), "id"), [ids[1].clone()]);
}

#[actix_web::test]
async fn pages_of_the_oldest_lead_through_every_order_in_one_status_once_newcomers_last() {
    let service = Service::start(true).await;
    let mut expected = make(&service, 5).await;
    expected.reverse();
    let gone = service.order().await;
    let _ = service.change(&gone, "PRETE").await.ok(200);
    let mut seen = Vec::new();
    let mut query = "status=EN_ATTENTE&sort=oldest&limit=2".to_owned();
    loop {
        let answer = service.get(&format!("/commandes?{query}")).await;
        seen.extend(each(&answer.ok(200), "id"));
        let Some(following) = next(&answer) else {
            break;
        };
        query = following.to_owned();
        if expected.len() < 7 {
            expected.push(service.order().await["id"].clone());
        }
    }
    assert_eq!(seen, expected);

    // A client that remembers the last order goes on from there, however much later.
    let last = seen.last().unwrap().as_str().unwrap();
    let later = service.order().await;
    let path = format!("/commandes?status=EN_ATTENTE&sort=oldest&limit=2&cursor={last}");
    assert_eq!(service.get(&path).await.ok(200), Value::from(vec![later]));
}

#[actix_web::test]
async fn the_oldest_come_first_in_pages_only() {
    let service = Service::start(true).await;
    let order = service.order().await;
    let cursor = format!("{}.1", order["id"].as_str().unwrap());
    for (query, field) in [
        ("sort=oldest".to_owned(), "limit"),
        ("sort=sideways&limit=2".to_owned(), "sort"),
        (format!("sort=oldest&limit=2&cursor={cursor}"), "cursor"),
    ] {
        let answer = service.get(&format!("/commandes?{query}")).await;
        let problem = answer.problem(400, "validation_failed");
        assert_eq!(problem.errors[0].field, field, "{query}");
    }
    for query in ["sort=newest", "sort="] {
        let list = service.get(&format!("/commandes?{query}")).await.ok(200);
        assert_eq!(each(&list, "id"), [order["id"].clone()], "{query}");
    }
}
