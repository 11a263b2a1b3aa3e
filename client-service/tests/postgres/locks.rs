//! Tests of a row that another session has locked: its writers are told to come back, and no other
//! request is affected.

use futures_util::future::{join, join_all};
use serde_json::json;
use sqlx::{AnyConnection, Connection as _};

use crate::suite::{PASSWORD, service};

/// More than the connections for writes.
const MANY: usize = 12;

#[actix_web::test]
async fn a_locked_account_that_many_log_in_to_leaves_connections_for_all_others() {
    let service = service().await;
    for email in ["lea@example.com", "max@example.com"] {
        service.register(email).await;
    }
    let mut other = AnyConnection::connect(&service.database.url())
        .await
        .unwrap();
    let mut lock = other.begin().await.unwrap();
    sqlx::query("SELECT 1 FROM clients WHERE email_key = 'lea@example.com' FOR UPDATE")
        .execute(&mut *lock)
        .await
        .unwrap();
    let log_in = |email: &'static str| {
        let login = json!({"email": email, "password": PASSWORD});
        service.http.post("/auth/login", login)
    };
    let refused = join_all((0..MANY).map(|_| log_in("lea@example.com")));
    let let_in = join_all((0..MANY).map(|_| log_in("max@example.com")));
    let (refused, let_in) = join(refused, let_in).await;
    for answer in &refused {
        let _ = answer.problem(503, "service_unavailable");
        assert_eq!(answer.header("retry-after"), Some("1"));
    }
    for answer in &let_in {
        let _ = answer.ok(200);
    }
    lock.rollback().await.unwrap();
    service.log_in("lea@example.com").await;
}
