//! Tests of two versions that run side by side on one schema, as during a rolling update.

use sqlx::{AnyConnection, Connection as _};

use crate::suite::{Service, each, path};

/// The migration of a later version: a column and a table that this version does not know.
const LATER: &str = "
    ALTER TABLE orders ADD COLUMN tip_cents BIGINT NOT NULL DEFAULT 0;
    CREATE TABLE tables (number INTEGER PRIMARY KEY, seats INTEGER NOT NULL);
    INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
    VALUES (1000, 'tips and tables', TRUE, '\\x00', 0);";

/// What the later version writes.
const TIPPED: &str = "UPDATE orders SET tip_cents = 200";

#[actix_web::test]
async fn a_version_goes_on_and_starts_again_on_the_schema_of_a_later_one() {
    let running = Service::start(true).await;
    let before = running.order().await;
    let mut later = AnyConnection::connect(&running.database.url())
        .await
        .unwrap();
    sqlx::raw_sql(LATER).execute(&mut later).await.unwrap();
    let during = running.order().await;
    let tipped = sqlx::query(TIPPED).execute(&mut later).await.unwrap();
    assert_eq!(tipped.rows_affected(), 2);
    // As after a crash during the update, or after a step back.
    let again = Service::start_on(running.database.clone(), true).await;
    let after = again.order().await;
    for service in [&running, &again] {
        let moved = service.change(&before, "PRETE").await;
        assert_eq!(moved.status, 200);
        assert_eq!(service.get(&path(&during)).await.ok(200), during);
        let list = service.get("/commandes").await.ok(200);
        let ids = each(&list, "id");
        assert!(
            [&before, &during, &after]
                .iter()
                .all(|order| ids.contains(&order["id"]))
        );
    }
}
