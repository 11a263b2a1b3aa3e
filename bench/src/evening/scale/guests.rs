//! Guests who ask at a steady pace while processes are restarted: some on a kept connection, some on
//! a new one for each request, some by HTTP/2.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hyper::{Request, StatusCode};

use super::super::staff::id_of;
use crate::Error;
use crate::report::stats::Waits;
use crate::traffic::client::{Answer, Client, fresh_key, posted};
use crate::traffic::http2::Http2;
use crate::traffic::load::{self, Pace, Turns};

/// The guests of each way, and how many of those with HTTP/2 share a connection.
const EACH: usize = 60;
const SHARING: usize = 10;

/// One request in this many is an order: each gateway asks the kitchen for a list of all of them.
pub(super) const ORDERS: usize = 500;

/// How the requests reach HAProxy.
pub(super) const WAYS: [&str; 3] = ["kept connections", "a new one each", "HTTP/2"];

/// Ends a load of which nobody knows beforehand how long it lasts.
#[derive(Clone, Default)]
pub(super) struct Stop(Arc<AtomicBool>);

/// The requests of one way.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) requests: u64,
    /// Each wrong outcome, with its count.
    pub(super) failed: BTreeMap<String, u64>,
    pub(super) waits: Waits,
}

enum Connection {
    Kept(Client),
    New(SocketAddr),
    Http2(Http2),
}

struct Guest {
    connection: Connection,
    targets: Arc<Targets>,
    turn: usize,
    stop: Stop,
}

struct Targets {
    order: String,
    get: [String; 3],
}

impl Stop {
    pub(super) fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Asks `rate` times a second until `stop`, and gives what became of the requests, by their way.
pub(super) async fn ask(addr: SocketAddr, rate: u32, stop: Stop) -> Result<Vec<Tally>, Error> {
    let mut first = Client::new(addr);
    let order = first.order("/order-api/menu").await?;
    let made = first.post("/order-api/commandes", None, order.clone());
    let id = id_of(&made.await?)?;
    let targets = Arc::new(Targets {
        order,
        get: [
            "/order-api/menu".to_owned(),
            format!("/order-api/commandes/{id}"),
            "/client-api/clients".to_owned(),
        ],
    });
    let mut guests = Vec::new();
    let mut http2 = Http2::connect(addr).await?;
    for number in 0..EACH {
        if number % SHARING == 0 {
            http2 = Http2::connect(addr).await?;
        }
        let kept = Connection::Kept(Client::connect(addr).await?);
        for connection in [
            kept,
            Connection::New(addr),
            Connection::Http2(http2.clone()),
        ] {
            guests.push(Guest {
                connection,
                targets: Arc::clone(&targets),
                turn: guests.len(),
                stop: stop.clone(),
            });
        }
    }
    let pace = Pace {
        rate: Some(rate),
        catches_up: true,
        duration: Duration::from_secs(24 * 3600),
    };
    let parts = load::run(guests, pace, Guest::come).await?;
    let mut tallies: Vec<Tally> = WAYS.iter().map(|_| Tally::default()).collect();
    for (number, part) in parts.into_iter().enumerate() {
        if let Some(tally) = tallies.get_mut(number % WAYS.len()) {
            tally.add(part);
        }
    }
    Ok(tallies)
}

impl Guest {
    async fn come(mut self, mut turns: Turns) -> Result<Tally, Error> {
        let mut tally = Tally::default();
        while let Some(due) = turns.next().await {
            if self.stop.is_set() {
                break;
            }
            let (request, expected) = self.request()?;
            let target = format!("{} {}", request.method(), request.uri());
            let outcome = match self.connection.send(request).await {
                Ok(answer) if answer.status() == expected => None,
                Ok(answer) => Some(answer.status().as_u16().to_string()),
                Err(error) => Some(error.to_string()),
            };
            tally.requests += 1;
            tally.waits.add(due.elapsed());
            if let Some(why) = outcome {
                *tally.failed.entry(format!("{target}: {why}")).or_default() += 1;
            }
        }
        Ok(tally)
    }

    fn request(&mut self) -> Result<(Request<String>, StatusCode), Error> {
        self.turn += 1;
        let Targets { order, get } = &*self.targets;
        if self.turn.is_multiple_of(ORDERS) {
            let order = posted("/order-api/commandes", Some(fresh_key()), order.clone());
            return Ok((order?, StatusCode::CREATED));
        }
        let target = get.get(self.turn % get.len()).map_or("/", String::as_str);
        Ok((Request::get(target).body(String::new())?, StatusCode::OK))
    }
}

impl Connection {
    async fn send(&mut self, request: Request<String>) -> Result<Answer, Error> {
        match self {
            Self::Kept(client) => client.send(request).await,
            Self::New(addr) => Client::new(*addr).send(request).await,
            Self::Http2(client) => client.send(request).await,
        }
    }
}

impl Tally {
    pub(super) fn add(&mut self, other: Self) {
        self.requests += other.requests;
        self.waits.merge(&other.waits);
        for (why, count) in other.failed {
            *self.failed.entry(why).or_default() += count;
        }
    }

    pub(super) fn failures(&self) -> u64 {
        self.failed.values().sum()
    }

    /// The most frequent failures.
    pub(super) fn worst(&self) -> String {
        let mut all: Vec<_> = self.failed.iter().collect();
        all.sort_unstable_by_key(|(_, count)| Reverse(**count));
        let all = all.into_iter().take(3);
        let all: Vec<_> = all.map(|(why, count)| format!("{count} × {why}")).collect();
        all.join(", ")
    }
}
