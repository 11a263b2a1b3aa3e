//! Tests of SQLite's query plans: no statement may walk or sort a table that grows.

use std::time::Duration;

use service_kit::database::Statement;
use shared_types::id::{ClientId, OrderId};
use shared_types::order::OrderStatus::{self, Cancelled, Delivered, Pending, Preparing};
use shared_types::value::Timestamp;
use sqlx::Execute as _;
use tempfile::TempDir;

use super::select::{keys_around, orders};
use super::{Part, Which};
use crate::page::{Created, Sort};
use crate::store::Store;
use crate::store::place::COUNT_OPEN;

/// A store, and the folder that its file is in.
async fn empty_store() -> (TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("orders.db").display());
    let store = Store::open(&url.parse().unwrap(), Vec::new(), Default::default())
        .await
        .unwrap();
    (folder, store)
}

async fn plan(store: &Store, statement: Statement) -> Vec<String> {
    let sql = statement.build().unwrap().sql().as_str().to_owned();
    let explain = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
    let rows: Vec<(i64, i64, i64, String)> = sqlx::query_as(explain)
        .fetch_all(&mut *store.database.reader().await.unwrap())
        .await
        .unwrap();
    rows.into_iter().map(|(_, _, _, detail)| detail).collect()
}

fn part(client: bool, status: Option<OrderStatus>, which: Which, below: bool) -> Part {
    Part {
        clients: client.then(ClientId::generate).into_iter().collect(),
        statuses: status.into_iter().collect(),
        created: Created::default(),
        which,
        sort: Sort::Newest,
        after: below.then(|| (1, OrderId::generate())),
        down_to: None,
    }
}

#[actix_web::test]
async fn every_read_finds_its_index() {
    let (_folder, store) = empty_store().await;
    let now = Timestamp::now();
    let (all, open, ended) = (
        Which::All,
        Which::Open { since: now },
        Which::Ended { before: now },
    );
    for (client, status, which, indexes) in [
        (false, None, all, &["orders_by_time"][..]),
        (false, Some(Pending), all, &["orders_by_status"]),
        (true, None, all, &["orders_by_client"]),
        (true, Some(Pending), all, &["orders_by_client"]),
        (false, None, open, &["orders_open", "orders_ended"]),
        (true, None, open, &["orders_open_by_client", "orders_ended"]),
        (
            false,
            None,
            ended,
            &["orders_by_status", "orders_by_status"],
        ),
        (false, Some(Delivered), ended, &["orders_by_status"]),
        (true, None, ended, &["orders_by_client"]),
        (true, Some(Delivered), ended, &["orders_by_client"]),
    ] {
        for below in [false, true] {
            let part = part(client, status, which, below);
            for statement in [orders(&part, 100), keys_around(&part, 1000)] {
                let plan = plan(&store, statement.unwrap()).await;
                let used = plan.iter().filter(|step| step.contains(" orders USING "));
                let used: Vec<_> = used
                    .filter_map(|step| step.split("INDEX ").nth(1)?.split(' ').next())
                    .collect();
                assert_eq!(used, indexes, "{part:?}: {plan:#?}");
                // Only a whole list without a filter begins at the end of an index.
                let scans = plan.iter().filter(|step| step.starts_with("SCAN orders"));
                let begins = matches!(which, Which::All) && !client && status.is_none() && !below;
                let opens = matches!(which, Which::Open { .. }) && !client && !below;
                assert_eq!(scans.count(), usize::from(begins || opens), "{plan:#?}");
            }
        }
    }
}

#[actix_web::test]
async fn a_page_of_the_oldest_in_one_status_begins_at_a_place_in_its_index() {
    let (_folder, store) = empty_store().await;
    for after in [false, true] {
        let part = Part {
            sort: Sort::Oldest,
            ..part(false, Some(Pending), Which::All, after)
        };
        let plan = plan(&store, orders(&part, 100).unwrap()).await;
        let used = plan.iter().filter(|step| step.contains(" orders USING "));
        let used: Vec<_> = used.collect();
        let [found] = used.as_slice() else {
            panic!("{plan:#?}");
        };
        assert!(
            found.starts_with("SEARCH orders USING INDEX orders_by_status"),
            "{plan:#?}"
        );
        // Only the few orders of a page are sorted again, with their lines.
        let sorts = plan.iter().filter(|step| step.contains("TEMP B-TREE"));
        assert!(sorts.count() <= 1, "{plan:#?}");
    }
}

#[actix_web::test]
async fn a_list_of_several_clients_statuses_and_days_walks_no_table() {
    let (_folder, store) = empty_store().await;
    let now = Timestamp::now();
    let statuses = [
        vec![],
        vec![Pending, Preparing],
        vec![Pending, Delivered],
        vec![Delivered, Cancelled],
    ];
    for (clients, statuses) in [0, 1, 3]
        .into_iter()
        .flat_map(|clients| statuses.clone().map(|statuses| (clients, statuses)))
    {
        for which in [
            Which::All,
            Which::Open { since: now },
            Which::Ended { before: now },
        ] {
            for sort in [Sort::Newest, Sort::Oldest] {
                let part = Part {
                    clients: (0..clients).map(|_| ClientId::generate()).collect(),
                    statuses: statuses.clone(),
                    created: Created {
                        from: Some(now.before(Duration::from_hours(24))),
                        to: Some(now),
                    },
                    sort,
                    ..part(false, None, which, true)
                };
                let Some(statement) = orders(&part, 100) else {
                    continue;
                };
                let plan = plan(&store, statement).await;
                let walks = plan.iter().any(|step| step.starts_with("SCAN orders"));
                assert!(!walks, "{part:?}: {plan:#?}");
            }
        }
    }
}

#[actix_web::test]
async fn a_new_order_counts_the_open_ones_of_its_origin_by_their_index() {
    let (_folder, store) = empty_store().await;
    let count = Statement::new(COUNT_OPEN);
    let plan = plan(&store, count).await;
    assert!(
        plan.iter()
            .any(|step| step.contains("orders_open_by_origin")),
        "{plan:#?}"
    );
}
