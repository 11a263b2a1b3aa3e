//! Tests of a server that is unavailable, hangs, or is blocked by another session: the service
//! answers in time and recovers by itself.

use std::cell::{Cell, RefCell};
use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use futures_util::future::{join, join_all};
use serde_json::Value;
use service_kit::testing::{Answer, Postgres, eventually, postgres_or_skip};
use sqlx::{AnyConnection, Connection as _};

use crate::TestDatabase;
use crate::suite::{Service, new_order, path};

/// The gateway's default deadline. A later answer is lost.
const GATEWAYS_DEADLINE: Duration = Duration::from_secs(5);

#[track_caller]
fn assert_unavailable(answer: &Answer) {
    let _ = answer.problem(503, "service_unavailable");
    assert_eq!(answer.header("retry-after"), Some("1"));
}

/// Every kind of request, all at once, and more of them than connections.
async fn assert_out_of_service(service: &Service, order: &Value) {
    let begun = Instant::now();
    let path = path(order);
    let rounds = (0..6).map(|_| {
        let reads = join(service.get("/menu"), service.get(&path));
        let writes = join(
            service.post("/commandes", new_order()),
            service.change(order, "PRETE"),
        );
        join(reads, writes)
    });
    let (rounds, ready) = join(join_all(rounds), service.get("/ready")).await;
    for ((menu, read), (made, moved)) in &rounds {
        for answer in [menu, read, made, moved] {
            assert_unavailable(answer);
        }
    }
    assert_eq!(ready.status, 503);
    assert_eq!(service.get("/live").await.status, 200);
    let elapsed = begun.elapsed();
    assert!(elapsed < GATEWAYS_DEADLINE, "{elapsed:?}");
}

async fn assert_back(service: &Service, order: &Value) {
    eventually("the service to be ready again", async || {
        (service.get("/ready").await.status == 200).then_some(())
    })
    .await;
    assert_eq!(service.get(&path(order)).await.ok(200), *order);
    let _ = service.change(order, "PRETE").await.ok(200);
}

#[actix_web::test]
async fn a_server_that_stops_is_a_503_until_it_is_back() {
    let mut server = Postgres::start();
    let service = Service::start_on(TestDatabase::on(&server), true).await;
    let order = service.order().await;
    server.stop();
    assert_out_of_service(&service, &order).await;
    server.resume();
    assert_back(&service, &order).await;
}

#[actix_web::test]
async fn orders_during_a_stop_of_the_server_are_answered_and_a_201_is_durable() {
    let mut server = Postgres::start();
    let service = Service::start_on(TestDatabase::on(&server), true).await;
    let (made, refused) = (RefCell::new(Vec::new()), Cell::new(0));
    let back = Cell::new(false);
    let clients = (0..16).map(|_| async {
        while !back.get() {
            let answer = service.post("/commandes", new_order()).await;
            if answer.status == 201 {
                made.borrow_mut().push(answer.json());
            } else {
                assert_unavailable(&answer);
                refused.set(refused.get() + 1);
            }
        }
    });
    let outage = async {
        for _ in 0..3 {
            let before = made.borrow().len();
            eventually("more orders", async || {
                (made.borrow().len() > before + 30).then_some(())
            })
            .await;
            server.stop();
            let before = refused.get();
            eventually("a refusal", async || (refused.get() > before).then_some(())).await;
            server.resume();
        }
        back.set(true);
    };
    join(join_all(clients), outage).await;
    for order in made.take() {
        assert_eq!(service.get(&path(&order)).await.ok(200), order);
    }
}

#[actix_web::test]
async fn a_server_that_restarts_between_two_requests_goes_unnoticed() {
    let mut server = Postgres::start();
    let service = Service::start_on(TestDatabase::on(&server), true).await;
    let order = service.order().await;
    server.stop();
    server.resume();
    assert_eq!(service.get(&path(&order)).await.ok(200), order);
    let _ = service.change(&order, "PRETE").await.ok(200);
}

#[actix_web::test]
async fn a_database_that_takes_no_connections_is_a_503_until_it_does() {
    let server = postgres_or_skip();
    let service = Service::start(true).await;
    let order = service.order().await;
    let name = service.database.name();
    server.run(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false"));
    server.run(&format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    ));
    assert_out_of_service(&service, &order).await;
    server.run(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true"));
    assert_back(&service, &order).await;
}

#[actix_web::test]
async fn a_database_that_is_dropped_is_a_503() {
    let service = Service::start(true).await;
    let order = service.order().await;
    let name = service.database.name();
    postgres_or_skip().run(&format!("DROP DATABASE {name} WITH (FORCE)"));
    assert_out_of_service(&service, &order).await;
}

#[actix_web::test]
async fn a_server_that_hangs_is_a_503_until_it_goes_on() {
    let server = Postgres::start();
    let service = Service::start_on(TestDatabase::on(&server), true).await;
    let order = service.order().await;
    let frozen = Frozen::freeze(&server).await;
    assert_out_of_service(&service, &order).await;
    drop(frozen);
    assert_back(&service, &order).await;
}

/// Only the server can end a running statement. The client has given up on it, and the connection
/// must not be lost.
#[actix_web::test]
async fn a_statement_that_was_given_up_on_takes_no_connection_with_it() {
    let server = Postgres::start();
    let service = Service::start_on(TestDatabase::on(&server), true).await;
    let order = service.order().await;
    let mut other = AnyConnection::connect(&service.database.url())
        .await
        .unwrap();
    let mut lock = other.begin().await.unwrap();
    sqlx::query("LOCK TABLE orders")
        .execute(&mut *lock)
        .await
        .unwrap();

    let read = path(&order);
    // More than the connections for reads.
    let (give_up, gave_up) = tokio::sync::watch::channel(false);
    let reads = (0..12).map(|_| async {
        let mut gave_up = gave_up.clone();
        tokio::select! {
            answer = service.get(&read) => assert_unavailable(&answer),
            _ = gave_up.wait_for(|gave_up| *gave_up) => {}
        }
    });
    let freeze = async {
        eventually("the reads to wait for the lock", async || {
            let waiting = server.run("SELECT pid FROM pg_locks WHERE NOT granted");
            (waiting.lines().count() >= 4).then_some(())
        })
        .await;
        let frozen = Frozen::freeze(&server).await;
        give_up.send_replace(true);
        frozen
    };
    let (_, frozen) = join(join_all(reads), freeze).await;
    assert_out_of_service(&service, &order).await;
    drop(frozen);
    lock.rollback().await.unwrap();
    assert_back(&service, &order).await;
}

#[actix_web::test]
async fn a_locked_order_is_a_503_and_the_others_go_on() {
    let service = Service::start(true).await;
    let (held, free) = (service.order().await, service.order().await);
    let mut other = AnyConnection::connect(&service.database.url())
        .await
        .unwrap();
    let mut lock = other.begin().await.unwrap();
    sqlx::query("SELECT 1 FROM orders WHERE id = $1 FOR UPDATE")
        .bind(held["id"].as_str().unwrap())
        .execute(&mut *lock)
        .await
        .unwrap();
    let (refused, (read, moved)) = join(
        service.change(&held, "PRETE"),
        join(service.get(&path(&held)), service.change(&free, "PRETE")),
    )
    .await;
    assert_unavailable(&refused);
    assert_eq!(read.ok(200), held);
    let _ = moved.ok(200);
    lock.rollback().await.unwrap();
    let _ = service.change(&held, "PRETE").await.ok(200);
}

#[actix_web::test]
async fn an_unavailable_server_prevents_the_start() {
    let mut server = Postgres::start();
    let database = TestDatabase::on(&server);
    server.stop();
    let started = order_service::build(crate::suite::config(&database, true)).await;
    assert!(started.is_err());
}

/// A server whose every process is stopped, as on a machine that swaps. It goes on when this is
/// dropped.
struct Frozen {
    processes: Vec<String>,
}

impl Frozen {
    /// The postmaster first: a process that it starts after the others were counted would answer.
    async fn freeze(server: &Postgres) -> Self {
        let postmaster = server
            .run("SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)")
            .trim()
            .to_owned();
        let mut frozen = Self {
            processes: Vec::new(),
        };
        frozen.stop(postmaster.clone()).await;
        let children = format!("/proc/{postmaster}/task/{postmaster}/children");
        let children = fs::read_to_string(children).unwrap();
        assert!(!children.is_empty(), "a server without its processes");
        for child in children.split_whitespace() {
            frozen.stop(child.to_owned()).await;
        }
        frozen
    }

    /// A process may run on for a moment after it was signalled.
    async fn stop(&mut self, process: String) {
        let state = format!("/proc/{process}/stat");
        self.processes.push(process.clone());
        signal("STOP", &process);
        eventually("a process to be stopped", async || {
            // `PID (NAME) STATE …`; a process that has ended meanwhile does not matter.
            let stat = fs::read_to_string(&state).unwrap_or_default();
            let state = stat.rsplit_once(") ").map(|(_, rest)| rest.as_bytes()[0]);
            matches!(state, None | Some(b'T' | b'Z')).then_some(())
        })
        .await;
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        for process in &self.processes {
            signal("CONT", process);
        }
    }
}

fn signal(name: &str, process: &str) {
    let kill = format!("kill -{name} {process}");
    // It fails only if the process has ended.
    let _ = Command::new("sh").args(["-c", &kill]).status().unwrap();
}
