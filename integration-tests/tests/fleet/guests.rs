//! Guests who order without a pause, and note every answer that is not the expected one.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use actix_web::http::Method;
use futures_util::future::join_all;
use serde_json::{Value, json};
use service_kit::testing::{Answer, Client, eventually};
use uuid::Uuid;

const COUNT: usize = 8;

pub(crate) struct Guests {
    entrance: SocketAddr,
    client: Uuid,
    orders: RefCell<Vec<String>>,
    answered: Cell<usize>,
    failures: RefCell<Vec<String>>,
    have_left: Cell<bool>,
}

impl Guests {
    pub(crate) fn of(entrance: SocketAddr) -> Self {
        Self {
            entrance,
            client: Uuid::now_v7(),
            orders: RefCell::default(),
            answered: Cell::default(),
            failures: RefCell::default(),
            have_left: Cell::default(),
        }
    }

    pub(crate) async fn order_all_the_time(&self) {
        join_all((0..COUNT).map(|_| self.one())).await;
    }

    /// Ends [`Self::order_all_the_time`].
    pub(crate) fn leave(&self) {
        self.have_left.set(true);
    }

    /// Waits until they have gone on being answered for this long.
    pub(crate) async fn are_served_for(&self, time: Duration) {
        let (begun, before) = (Instant::now(), self.answered.get());
        eventually("answers", async || {
            let is_served = begun.elapsed() >= time && self.answered.get() > before;
            is_served.then_some(())
        })
        .await;
    }

    async fn one(&self) {
        // Each has connections of its own, which stay open.
        let gateway = Client::of(self.entrance);
        while !self.have_left.get() {
            let menu = gateway.get("/order-api/menu").await;
            self.expect("the menu", &menu, 200);
            let clients = gateway.get("/client-api/clients").await;
            self.expect("the clients", &clients, 200);
            let Some(order) = self.order(&gateway).await else {
                continue;
            };
            let read = gateway.get(&format!("/order-api/commandes/{order}")).await;
            self.expect("the order", &read, 200);
        }
    }

    /// Orders a dish, and returns the order's id.
    async fn order(&self, gateway: &Client) -> Option<String> {
        let dish = "0192f0c4-0a11-7000-8000-000000000001";
        let items = json!([{"menuId": dish, "quantite": 1}]);
        let request = gateway.request(Method::POST, "/order-api/commandes");
        let request = request.header("Idempotency-Key", &Uuid::now_v7().to_string());
        let order = json!({"clientId": self.client, "items": items});
        let answer = request.send_json(order).await;
        if !self.expect("a new order", &answer, 201) {
            return None;
        }
        let order: Value = answer.json();
        let id = order["id"].as_str().unwrap().to_owned();
        self.orders.borrow_mut().push(id.clone());
        Some(id)
    }

    fn expect(&self, what: &str, answer: &Answer, status: u16) -> bool {
        self.answered.set(self.answered.get() + 1);
        let is_expected = answer.status == status;
        if !is_expected {
            let failure = format!("{what}: {} {}", answer.status, answer.text());
            self.failures.borrow_mut().push(failure);
        }
        is_expected
    }

    pub(crate) fn client(&self) -> String {
        self.client.to_string()
    }

    /// The orders that were answered, sorted.
    pub(crate) fn orders(&self) -> Vec<String> {
        let mut orders = self.orders.borrow().clone();
        orders.sort();
        orders
    }

    pub(crate) fn answered(&self) -> usize {
        self.answered.get()
    }

    pub(crate) fn failures(&self) -> Vec<String> {
        self.failures.borrow().clone()
    }
}
