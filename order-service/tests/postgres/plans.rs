//! Tests by PostgreSQL's own statistics that lists are read by their indexes.

use service_kit::testing::eventually;
use sqlx::{AnyConnection, Connection as _};

use crate::suite::Service;
use crate::suite::linked::number;

const ORDERS: &str = "INSERT INTO orders
     (id, client_id, status, total_cents, created_at, updated_at)
     SELECT gen_random_uuid(), gen_random_uuid(),
            CASE WHEN n % 1000 = 0 THEN 'EN_ATTENTE' ELSE 'LIVREE' END, 100, n, n
     FROM generate_series(1, 30000) AS n";

const LINES: &str = "INSERT INTO order_lines
     (order_id, position, dish_id, name, quantity, unit_price_cents)
     SELECT id, 0, id, 'Tarte', 1, 100 FROM orders";

#[actix_web::test]
async fn a_list_walks_no_table_however_many_orders_have_ended() {
    let service = Service::start(true).await;
    let mut database = AnyConnection::connect(&service.database.url())
        .await
        .unwrap();
    for sql in [ORDERS, LINES, "ANALYZE"] {
        sqlx::raw_sql(sql).execute(&mut database).await.unwrap();
    }
    // PostgreSQL counts a connection's reads when it closes, at the latest.
    database.close().await.unwrap();
    let walked = "SELECT seq_tup_read FROM pg_stat_user_tables WHERE relname = 'orders'";
    let by_index = "SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = 'orders_open'";
    eventually("the counters", async || {
        (number(&service.database, walked).await >= 30_000).then_some(())
    })
    .await;
    let before = number(&service.database, walked).await;
    let answer = service.get("/commandes").await.ok(200);
    assert!(answer.as_array().unwrap().len() >= 1000);
    eventually("the list to be counted", async || {
        (number(&service.database, by_index).await > 0).then_some(())
    })
    .await;
    assert_eq!(number(&service.database, walked).await, before);
}
