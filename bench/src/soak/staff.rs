//! Everybody who uses the restaurant through the gateway: guests who order at a constant pace, and
//! cooks and couriers who mark the orders that they find.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use hyper::StatusCode;
use serde::Deserialize;
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};

use super::ledger::{Ledger, Shared};
use crate::Error;
use crate::client::Client;

/// Enough for the pace even if each order takes more than a second, and fewer than one address may
/// have under way.
const GUESTS: u32 = 80;

/// How many cooks there are, and how many couriers.
const HANDS: usize = 4;

/// The most orders that one page may hold.
const PAGE: &str = "/order-api/commandes?limit=200";

/// Longer than the gateway waits for any service.
const PATIENCE: Duration = Duration::from_secs(15);

/// The pause between two looks at a list, and after a failure.
const PAUSE: Duration = Duration::from_millis(200);

/// Cooks and couriers, who work until this is dropped.
pub(super) struct Staff {
    gateway: SocketAddr,
    ledger: Shared,
    _hands: JoinSet<()>,
}

/// An order in a list. The order service and the kitchen name its id differently.
#[derive(Deserialize)]
struct Listed {
    #[serde(alias = "order_id")]
    id: String,
    status: String,
}

impl Staff {
    pub(super) fn hire(gateway: SocketAddr, ledger: &Shared) -> Self {
        let mut hands = JoinSet::new();
        for number in 0..HANDS {
            hands.spawn(cook(gateway, ledger.clone(), number));
            hands.spawn(courier(gateway, ledger.clone()));
        }
        Self {
            gateway,
            ledger: ledger.clone(),
            _hands: hands,
        }
    }

    /// Guests order `per_second` times a second for `length`.
    pub(super) async fn guests(&self, order: &str, length: Duration, per_second: u32) {
        let end = Instant::now() + length;
        let mut guests = JoinSet::new();
        for number in 0..GUESTS {
            let every = Duration::from_secs(u64::from(GUESTS)) / per_second;
            let (order, ledger) = (order.to_owned(), self.ledger.clone());
            let begin = every * number / GUESTS;
            guests.spawn(guest(self.gateway, order, (begin, every, end), ledger));
        }
        guests.join_all().await;
    }
}

/// A guest who orders again and again.
async fn guest(
    gateway: SocketAddr,
    order: String,
    (begin, every, end): (Duration, Duration, Instant),
    ledger: Shared,
) {
    sleep(begin).await;
    let mut pace = interval(every);
    // Orders that could not be placed in time are not made up for.
    pace.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut connection = Connection::new(gateway);
    while pace.tick().await < end {
        let sent = Instant::now();
        match connection.post("/order-api/commandes", order.clone()).await {
            Ok((StatusCode::CREATED, body)) => match serde_json::from_slice::<Listed>(&body) {
                Ok(made) => Ledger::of(&ledger).accept(made.id, sent.elapsed()),
                Err(error) => Ledger::of(&ledger).refuse(format!("201 without an id: {error}")),
            },
            Ok((status, _)) => Ledger::of(&ledger).refuse(status.as_u16().to_string()),
            Err(_) => Ledger::of(&ledger).refuse("no answer".to_owned()),
        }
    }
}

/// Marks the orders in the kitchen as ready. Each cook has a part of the list.
async fn cook(gateway: SocketAddr, ledger: Shared, number: usize) {
    let mut connection = Connection::new(gateway);
    loop {
        let list = connection.get("/kitchen/orders").await.unwrap_or_default();
        let tickets: Vec<Listed> = serde_json::from_slice(&list).unwrap_or_default();
        for ticket in tickets.into_iter().skip(number).step_by(HANDS) {
            let mark = json!({ "order_id": ticket.id }).to_string();
            match connection.post("/kitchen/update", mark).await {
                // Another cook was faster, or the order is not one of ours.
                Ok((StatusCode::NOT_FOUND, _)) => {}
                Ok((StatusCode::OK | StatusCode::CONFLICT, _)) => {
                    Ledger::of(&ledger).note_ready(ticket.id);
                }
                // The kitchen has not answered, and may have marked the order all the same.
                _ => {
                    Ledger::of(&ledger).note_ready(ticket.id);
                    break;
                }
            }
        }
        sleep(PAUSE).await;
    }
}

/// Hands over the orders that are ready.
async fn courier(gateway: SocketAddr, ledger: Shared) {
    let mut connection = Connection::new(gateway);
    loop {
        let next = Ledger::of(&ledger).next_ready();
        let Some(id) = next else {
            sleep(PAUSE).await;
            continue;
        };
        let mark = json!({ "order_id": id }).to_string();
        match connection.post("/delivery/update", mark).await {
            Ok((StatusCode::OK | StatusCode::CONFLICT, _)) => Ledger::of(&ledger).hand_over(id),
            // Delivery has not heard yet that the order is ready.
            _ => {
                Ledger::of(&ledger).note_ready(id);
                sleep(PAUSE / 20).await;
            }
        }
    }
}

/// Every order that the order service lists, with its status.
pub(super) async fn list(gateway: SocketAddr) -> Result<HashMap<String, String>, Error> {
    let mut client = Client::connect(gateway).await?;
    let (mut all, mut path) = (HashMap::new(), PAGE.to_owned());
    loop {
        let page = client.get_whole(&path).await?;
        let orders: Vec<Listed> = serde_json::from_slice(page.body())?;
        all.extend(orders.into_iter().map(|order| (order.id, order.status)));
        match page.headers().get("x-next-cursor") {
            Some(cursor) => path = format!("{PAGE}&cursor={}", cursor.to_str()?),
            None => return Ok(all),
        }
    }
}

/// A connection that is reopened after it breaks.
struct Connection {
    gateway: SocketAddr,
    client: Option<Client>,
}

impl Connection {
    fn new(gateway: SocketAddr) -> Self {
        Self {
            gateway,
            client: None,
        }
    }

    async fn client(&mut self) -> Result<&mut Client, Error> {
        if !self.client.as_ref().is_some_and(Client::is_open) {
            self.client = Some(Client::connect(self.gateway).await?);
        }
        Ok(self.client.as_mut().ok_or("no connection")?)
    }

    async fn post(&mut self, path: &str, body: String) -> Result<(StatusCode, Vec<u8>), Error> {
        let answer = async { self.client().await?.post(path, None, body).await };
        let answer = timeout(PATIENCE, answer).await;
        if !matches!(answer, Ok(Ok(_))) {
            self.client = None;
        }
        let answer = answer??;
        Ok((answer.status(), answer.into_body()))
    }

    async fn get(&mut self, path: &str) -> Result<Vec<u8>, Error> {
        let answer = async { self.client().await?.get(path).await };
        let answer = timeout(PATIENCE, answer).await;
        if answer.is_err() {
            self.client = None;
        }
        answer?
    }
}
