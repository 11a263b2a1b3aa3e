//! Tests a busy evening with failures: clients order, the chef cooks, couriers hand over, and
//! meanwhile one service after the other is killed and started again.
//!
//! Nobody repeats an answered request: an order is repeated under its own key until it is answered
//! 201, or 202 by the counter, which then places it; and a mark that was answered 200 is never made again. So the evening ends well only if
//! nothing was lost and nothing doubled.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use actix_web::http::Method;
use futures_util::future::{join, join_all};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};
use service_kit::testing::Client;

use crate::processes::Processes;

/// An evening's size.
struct Evening {
    clients: usize,
    orders_of_each: usize,
    /// How often each service is killed.
    kills_of_each: usize,
}

/// The shared record of the evening.
#[derive(Default)]
struct Book {
    ordered: RefCell<BTreeSet<String>>,
    /// The orders that the counter keeps.
    kept: RefCell<BTreeSet<String>>,
    ready: RefCell<BTreeSet<String>>,
    handed_over: RefCell<BTreeSet<String>>,
    orders_are_in: Cell<bool>,
    troubles_are_over: Cell<bool>,
}

/// The time limit for everybody once the failures are over.
const TIMEOUT: Duration = Duration::from_secs(120);

/// The pause of a person who found nothing to do.
const PAUSE: Duration = Duration::from_millis(20);

/// The longest pause of a client before the next order, so that orders come in all evening.
const BETWEEN_ORDERS: u64 = 1000;

/// The services that hold an order.
const VICTIMS: [&str; 4] = [
    "order-service",
    "counter-service",
    "kitchen-mock",
    "delivery-mock",
];

/// The longest time that a service is up between two kills, or down after one.
const UP_FOR: u64 = 400;
const DOWN_FOR: u64 = 300;

#[actix_web::test]
async fn an_evening_of_kills_loses_no_order_and_no_mark() {
    let evening = Evening {
        clients: 20,
        orders_of_each: 10,
        kills_of_each: 5,
    };
    evening.go().await;
}

/// Takes about three minutes: `cargo test -p integration-tests --test stories -- --ignored`.
#[actix_web::test]
#[ignore = "takes about three minutes"]
async fn a_long_evening_of_kills_loses_no_order_and_no_mark() {
    let evening = Evening {
        clients: 20,
        orders_of_each: 250,
        kills_of_each: 100,
    };
    evening.go().await;
}

impl Evening {
    async fn go(&self) {
        let mut processes = Processes::start("info,access=off");
        let gateway = Client::of(processes.gateway());
        let book = Book::default();
        let clients = async {
            join_all((0..self.clients).map(|_| self.client(&gateway, &book))).await;
            book.find_kept(&gateway).await;
            book.orders_are_in.set(true);
        };
        let trouble = async {
            self.trouble(&mut processes).await;
            book.troubles_are_over.set(true);
        };
        let staff = join(chef(&gateway, &book), courier(&gateway, &book));
        join(join(clients, trouble), staff).await;
        self.check(&gateway, &book).await;
    }

    /// Orders one meal after the other, each until it is answered 201 or 202.
    async fn client(&self, gateway: &Client, book: &Book) {
        let id = uuid::Uuid::now_v7();
        let dish = "0192f0c4-0a11-7000-8000-000000000001";
        for _ in 0..self.orders_of_each {
            let key = uuid::Uuid::now_v7().to_string();
            let order = json!({"clientId": id, "items": [{"menuId": dish, "quantite": 1}]});
            let (order, book) = loop {
                let request = gateway.request(Method::POST, "/order-api/commandes");
                let request = request.header("Idempotency-Key", &key);
                let answer = request.send_json(order.clone()).await;
                match answer.status.as_u16() {
                    201 => break (answer.json(), &book.ordered),
                    202 => break (answer.json(), &book.kept),
                    _ => {}
                }
                tokio::time::sleep(PAUSE).await;
            };
            let is_new = book.borrow_mut().insert(id_of(&order, "id"));
            assert!(is_new, "two keys made one order");
            let pause = rand::random_range(0..BETWEEN_ORDERS);
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
    }

    /// Kills each service as often as the evening says, in random order.
    #[expect(
        clippy::print_stderr,
        reason = "the standard error of a failed test says how to have the same luck again"
    )]
    async fn trouble(&self, processes: &mut Processes) {
        let seed = rand::random();
        eprintln!("the seed of the kills is {seed}");
        let mut luck = StdRng::seed_from_u64(seed);
        let mut left = VICTIMS.map(|name| (name, self.kills_of_each)).to_vec();
        while !left.is_empty() {
            tokio::time::sleep(Duration::from_millis(luck.random_range(0..UP_FOR))).await;
            let victim = luck.random_range(0..left.len());
            let (name, times) = &mut left[victim];
            processes.kill(name);
            tokio::time::sleep(Duration::from_millis(luck.random_range(0..DOWN_FOR))).await;
            processes.start_one(name);
            *times -= 1;
            if *times == 0 {
                left.swap_remove(victim);
            }
        }
    }

    async fn check(&self, gateway: &Client, book: &Book) {
        let kept = gateway.get("/order-api/commandes").await.ok(200);
        let kept = kept.as_array().unwrap();
        let ids: BTreeSet<_> = kept.iter().map(|order| id_of(order, "id")).collect();
        assert_eq!(kept.len(), self.clients * self.orders_of_each);
        assert_eq!(ids, book.ordered.take());
        let all_delivered = kept.iter().all(|order| order["status"] == "LIVREE");
        assert!(all_delivered, "{kept:#?}");
    }
}

impl Book {
    /// Waits until each kept order was placed. An order whose answer was lost may have been placed
    /// before it was kept, under another id.
    async fn find_kept(&self, gateway: &Client) {
        for id in self.kept.take() {
            let path = format!("/differe/{id}");
            let placed = loop {
                let told = gateway.get(&path).await;
                match told.status.as_u16() {
                    200 if told.json()["status"] == "accepted" => break told.json(),
                    200 => assert_eq!(told.json()["status"], "pending", "{told:?}"),
                    _ => {}
                }
                tokio::time::sleep(PAUSE).await;
            };
            let is_new = self
                .ordered
                .borrow_mut()
                .insert(id_of(&placed["result"], "id"));
            assert!(is_new, "a kept order was placed twice");
        }
    }

    /// Whether only unfinished orders are left to do.
    fn is_quiet(&self) -> bool {
        self.orders_are_in.get() && self.troubles_are_over.get()
    }

    /// Whether every answered order has been handed over, and the order service knows it.
    async fn is_closed(&self, gateway: &Client) -> bool {
        if !self.is_quiet() {
            return false;
        }
        let open = async |status: &str| {
            let path = format!("/order-api/commandes?status={status}&limit=1");
            let answer = gateway.get(&path).await;
            answer.status != 200 || answer.json() != json!([])
        };
        for status in ["EN_ATTENTE", "EN_PREPARATION", "PRETE", "EN_LIVRAISON"] {
            if open(status).await {
                return false;
            }
        }
        true
    }
}

/// Makes every order in the kitchen ready, every second one after marking it as being prepared.
async fn chef(gateway: &Client, book: &Book) {
    work(
        gateway,
        book,
        &book.ready,
        Job {
            list: "/kitchen/orders",
            marks: "/kitchen/update",
            half_way: Some("EN_PREPARATION"),
        },
    )
    .await;
}

/// Hands over everything that is assigned.
async fn courier(gateway: &Client, book: &Book) {
    work(
        gateway,
        book,
        &book.handed_over,
        Job {
            list: "/delivery/assigned",
            marks: "/delivery/update",
            half_way: None,
        },
    )
    .await;
}

struct Job {
    list: &'static str,
    marks: &'static str,
    half_way: Option<&'static str>,
}

async fn work(gateway: &Client, book: &Book, done: &RefCell<BTreeSet<String>>, job: Job) {
    let mut quiet_since = None;
    loop {
        let mut listed = listed(gateway, job.list).await;
        listed.retain(|order| !done.borrow().contains(order));
        for order in &listed {
            if let Some(status) = job
                .half_way
                .filter(|_| order.ends_with(['0', '2', '4', '6']))
            {
                let mark = json!({"order_id": order, "status": status});
                let _ = gateway.post(job.marks, mark).await;
            }
            let mark = json!({"order_id": order});
            if gateway.post(job.marks, mark).await.status == 200 {
                done.borrow_mut().insert(order.clone());
            }
        }
        if listed.is_empty() {
            if book.is_closed(gateway).await {
                return;
            }
            tokio::time::sleep(PAUSE).await;
        }
        if book.is_quiet() {
            let since: &mut Instant = quiet_since.get_or_insert_with(Instant::now);
            assert!(since.elapsed() < TIMEOUT, "{}", left(gateway).await);
        }
    }
}

/// The orders of a list; none while the service is down.
async fn listed(gateway: &Client, list: &str) -> Vec<String> {
    let rows = gateway.get(list).await;
    if rows.status != 200 {
        return Vec::new();
    }
    let rows = rows.json();
    rows.as_array()
        .unwrap()
        .iter()
        .map(|row| id_of(row, "order_id"))
        .collect()
}

/// The orders that are not delivered, for the message of a failed test.
async fn left(gateway: &Client) -> String {
    let orders = gateway.get("/order-api/commandes").await.json();
    let orders = orders.as_array().cloned().unwrap_or_default();
    let left = orders.iter().filter(|order| order["status"] != "LIVREE");
    let left = left.map(|order| format!("{} {}", order["id"], order["status"]));
    left.collect::<Vec<_>>().join(", ")
}

fn id_of(row: &Value, key: &str) -> String {
    row[key].as_str().unwrap().to_owned()
}
