//! Tests of replicas that share a database and act as one service.

use futures_util::future::{join, join_all};
use serde_json::Value;

use crate::TestDatabase;
use crate::suite::{Service, each, path};

/// Two replicas on one database.
async fn two() -> (Service, Service) {
    let one = Service::start(true).await;
    let other = Service::start_on(one.database.clone(), true).await;
    (one, other)
}

#[actix_web::test]
async fn replicas_that_start_at_once_make_the_schema_and_the_sample_menu_once() {
    let alone = Service::start(true).await.get("/menu").await.ok(200);
    for _ in 0..5 {
        let database = TestDatabase::fresh();
        let starts = (0..4).map(|_| Service::start_on(database.clone(), true));
        for replica in join_all(starts).await {
            assert_eq!(replica.get("/menu").await.ok(200), alone);
        }
    }
}

#[actix_web::test]
async fn one_replica_sees_the_changes_of_the_other() {
    let (one, other) = two().await;
    let order = one.order().await;
    assert_eq!(other.get(&path(&order)).await.ok(200), order);
    let moved = other.change(&order, "PRETE").await.ok(200);
    assert_eq!(one.get(&path(&order)).await.ok(200), moved);
    let list = one.get("/commandes").await.ok(200);
    assert_eq!(list, Value::from(vec![moved]));
}

#[actix_web::test]
async fn orders_made_at_both_are_listed_once_each_page_by_page() {
    let (one, other) = two().await;
    let orders = join_all((0..10).map(|_| join(one.order(), other.order()))).await;
    let made = orders
        .into_iter()
        .flat_map(|(here, there)| [here["id"].to_string(), there["id"].to_string()]);
    let mut made: Vec<_> = made.collect();
    let mut seen = Vec::new();
    let mut page = "/commandes?limit=3".to_owned();
    loop {
        let answer = one.get(&page).await;
        seen.extend(each(&answer.ok(200), "id").iter().map(Value::to_string));
        let Some(cursor) = answer.header("x-next-cursor") else {
            break;
        };
        page = format!("/commandes?limit=3&cursor={cursor}");
    }
    made.sort_unstable();
    seen.sort_unstable();
    assert_eq!(seen, made);
}

#[actix_web::test]
async fn one_of_two_contradicting_moves_at_two_replicas_is_refused() {
    let (one, other) = two().await;
    for _ in 0..20 {
        let order = one.order().await;
        let _ = one.change(&order, "PRETE").await.ok(200);
        let (delivered, cancelled) = join(
            one.change(&order, "LIVREE"),
            other.change(&order, "ANNULEE"),
        )
        .await;
        let (won, lost) = if delivered.status == 200 {
            (delivered, cancelled)
        } else {
            (cancelled, delivered)
        };
        let _ = lost.problem(409, "impossible_transition");
        let won = won.ok(200);
        assert_eq!(one.get(&path(&order)).await.ok(200), won);
        assert_eq!(other.get(&path(&order)).await.ok(200), won);
    }
}

#[actix_web::test]
async fn the_same_move_at_two_replicas_is_one_move() {
    let (one, other) = two().await;
    for _ in 0..20 {
        let order = one.order().await;
        let (here, there) = join(one.change(&order, "PRETE"), other.change(&order, "PRETE")).await;
        assert_eq!(here.ok(200), there.ok(200));
    }
}

#[actix_web::test]
async fn many_simultaneous_moves_that_are_answered_200_make_one_path() {
    let (one, other) = two().await;
    let statuses = [
        "EN_PREPARATION",
        "PRETE",
        "EN_LIVRAISON",
        "LIVREE",
        "ANNULEE",
    ];
    for _ in 0..10 {
        let order = one.order().await;
        let moves = statuses
            .iter()
            .flat_map(|status| [one.change(&order, status), other.change(&order, status)]);
        let answers = join_all(moves).await;
        let terminal = answers.iter().filter(|answer| answer.status == 200);
        let terminal: Vec<_> = terminal
            .map(|answer| answer.json()["status"].clone())
            .filter(|status| status == "LIVREE" || status == "ANNULEE")
            .collect();
        let last = one.get(&path(&order)).await.ok(200)["status"].clone();
        assert!(!terminal.is_empty());
        assert!(
            terminal.iter().all(|status| *status == last),
            "{terminal:?}"
        );
        for answer in answers.iter().filter(|answer| answer.status != 200) {
            let _ = answer.problem(409, "impossible_transition");
        }
    }
}
