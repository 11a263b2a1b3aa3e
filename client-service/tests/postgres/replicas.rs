//! Tests of replicas that share a database, its accounts and their sessions.

use actix_web::http::Method;
use client_service::DEMO_ACCOUNTS;
use serde_json::json;
use service_kit::testing::Client;

use crate::TestDatabase;
use crate::suite::{Running, config, new_client, service, start};

/// A second replica on the same database.
async fn second_replica_of(first: &Running) -> Client {
    start(config(&first.database)).await
}

#[actix_web::test]
async fn replicas_that_start_at_once_make_the_schema_and_the_demo_accounts_once() {
    for _ in 0..3 {
        let mut config = config(&TestDatabase::fresh());
        config.seed_demo = true;
        let starts = (0..4).map(|_| start(config.clone()));
        let replicas = futures_util::future::join_all(starts).await;
        for replica in replicas {
            let clients = replica.get("/clients").await.ok(200);
            assert_eq!(clients.as_array().unwrap().len(), DEMO_ACCOUNTS.len());
        }
    }
}

#[actix_web::test]
async fn a_token_of_one_replica_is_good_at_the_other_until_it_is_ended_at_either() {
    let one = service().await;
    one.register("lea@example.com").await;
    let token = one.log_in("lea@example.com").await;
    let other = second_replica_of(&one).await;
    let ask = |method, path| other.request(method, path).bearer(&token).send();
    let sessions = ask(Method::GET, "/auth/sessions").await.ok(200);
    assert_eq!(sessions[0]["current"], json!(true));
    let _ = ask(Method::POST, "/auth/logout").await.ok(200);
    let refused = one.sessions(&token).await;
    let _ = refused.problem(401, "session_expired");
}

#[actix_web::test]
async fn two_simultaneous_registrations_at_two_replicas_make_one_account() {
    let one = service().await;
    let other = second_replica_of(&one).await;
    for round in 0..5 {
        let new = new_client(&format!("lea{round}@example.com"));
        let (here, there) = tokio::join!(
            one.http.post("/clients", new.clone()),
            other.post("/clients", new),
        );
        let mut statuses = [here.status.as_u16(), there.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409]);
    }
}

#[actix_web::test]
async fn more_logins_at_once_than_sessions_leave_twenty_of_them() {
    let one = service().await;
    let other = second_replica_of(&one).await;
    one.register("lea@example.com").await;
    for _ in 0..4 {
        let logins = (0..4).map(|_| async {
            let login = json!({"email": "lea@example.com", "password": crate::suite::PASSWORD});
            let (here, there) = tokio::join!(
                one.http.post("/auth/login", login.clone()),
                other.post("/auth/login", login),
            );
            let _ = (here.ok(200), there.ok(200));
        });
        futures_util::future::join_all(logins).await;
    }
    let token = one.log_in("lea@example.com").await;
    let sessions = one.sessions(&token).await.ok(200);
    assert_eq!(sessions.as_array().unwrap().len(), 20);
}
