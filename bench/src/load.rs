//! Puts load on the order service: each connection posts an order again as soon as it is answered.
//!
//! This is a closed loop: it finds how much the service can do, and how long an order takes while
//! that many wait at once. It does not show how the service behaves when more is asked than it can
//! do.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use chrono::Utc;
use hyper::StatusCode;
use tokio::task::JoinSet;

use crate::Error;
use crate::client::Client;

/// How long answers may take after the load's end. The service itself gives up after 2 s.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Clone, Copy)]
pub(crate) struct Load {
    pub(crate) connections: usize,
    /// Whether each order has its own `Idempotency-Key`.
    pub(crate) keyed: bool,
    pub(crate) duration: Duration,
}

#[derive(Default)]
pub(crate) struct Outcome {
    /// How long each order took that was answered 201.
    pub(crate) accepted: Vec<Duration>,
    /// Every other outcome of a request, with its count.
    pub(crate) refused: BTreeMap<String, u64>,
    /// The time from the first request to the last answer.
    pub(crate) elapsed: Duration,
}

/// Puts `load` on the service at `addr`. The time to connect is not measured.
pub(crate) async fn run(addr: SocketAddr, load: Load, order: &str) -> Result<Outcome, Error> {
    let mut clients = Vec::new();
    for _ in 0..load.connections {
        clients.push(Client::connect(addr).await?);
    }
    let begun = Instant::now();
    let mut connections = JoinSet::new();
    for client in clients {
        connections.spawn(post_until(
            begun + load.duration,
            client,
            load.keyed,
            order.to_owned(),
        ));
    }
    let all = tokio::time::timeout(load.duration + PATIENCE, connections.join_all());
    let Ok(parts) = all.await else {
        return Err("the service left orders unanswered".into());
    };
    let mut whole = Outcome {
        elapsed: begun.elapsed(),
        ..Outcome::default()
    };
    for part in parts {
        whole.add(part);
    }
    Ok(whole)
}

async fn post_until(deadline: Instant, mut client: Client, keyed: bool, order: String) -> Outcome {
    let mut outcome = Outcome::default();
    loop {
        let key = keyed.then(fresh_key);
        let sent = Instant::now();
        if sent >= deadline {
            return outcome;
        }
        let answer = client.post("/commandes", key, order.clone()).await;
        match answer.map(|answer| answer.status()) {
            Ok(StatusCode::CREATED) => outcome.accepted.push(sent.elapsed()),
            Ok(status) => outcome.refuse(status.to_string()),
            Err(error) => {
                // The connection is gone: a client that always reconnects would only count how fast
                // it is refused.
                outcome.refuse(error.to_string());
                return outcome;
            }
        }
    }
}

impl Outcome {
    fn refuse(&mut self, why: String) {
        *self.refused.entry(why).or_default() += 1;
    }

    pub(crate) fn refuse_all(&mut self, refused: BTreeMap<String, u64>) {
        for (why, count) in refused {
            *self.refused.entry(why).or_default() += count;
        }
    }

    fn add(&mut self, other: Self) {
        self.accepted.extend(other.accepted);
        self.refuse_all(other.refused);
    }
}

/// A key in the form of a UUID, as clients send it. It is unique by time and count, and needs no
/// more.
fn fresh_key() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let micros = Utc::now().timestamp_micros();
    format!(
        "{:08x}-{:04x}-4000-8000-{count:012x}",
        micros >> 16,
        micros & 0xffff
    )
}
