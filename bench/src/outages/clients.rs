//! The clients of `outages`: each has its own connection and notes its answers and when they came.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use hyper::StatusCode;
use tokio::task::JoinSet;

use crate::Error;
use crate::client::Client;
use crate::stats::percentile;

/// The outcome of one request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) took: Duration,
    /// When the answer had arrived.
    pub(super) at: Instant,
}

/// How long answers took.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Latency {
    pub(super) median: Duration,
    pub(super) p99: Duration,
    pub(super) max: Duration,
}

/// Clients that ask at a fixed rate, however fast they are answered.
#[derive(Clone, Copy)]
pub(super) struct Steady {
    pub(super) path: &'static str,
    pub(super) clients: u32,
    /// Requests per second of all clients together.
    pub(super) rate: u32,
}

/// Asks for `path` and gives the outcome.
pub(super) async fn ask(client: &mut Client, path: &str) -> Result<Answer, Error> {
    let begun = Instant::now();
    let status = client.status(path).await?;
    let at = Instant::now();
    let took = at - begun;
    Ok(Answer { status, took, at })
}

pub(super) async fn connect(addr: SocketAddr, count: u32) -> Result<Vec<Client>, Error> {
    let mut clients = Vec::new();
    for _ in 0..count {
        clients.push(Client::connect(addr).await?);
    }
    Ok(clients)
}

/// Runs `part` for all clients at the same time and gives all their answers.
pub(super) async fn side_by_side<F>(
    clients: Vec<Client>,
    part: impl Fn(u32, Client) -> F,
) -> Result<Vec<Answer>, Error>
where
    F: Future<Output = Result<Vec<Answer>, Error>> + Send + 'static,
{
    let mut parts = JoinSet::new();
    for (number, client) in (0..).zip(clients) {
        parts.spawn(part(number, client));
    }
    let mut answers = Vec::new();
    while let Some(part) = parts.join_next().await {
        answers.extend(part??);
    }
    Ok(answers)
}

impl Steady {
    /// Asks for `duration`. Clients that still wait at its end are given the time to get their
    /// answer.
    pub(super) async fn ask(
        self,
        addr: SocketAddr,
        duration: Duration,
    ) -> Result<Vec<Answer>, Error> {
        let clients = connect(addr, self.clients).await?;
        let between = Duration::from_secs(1) / self.rate;
        let begun = Instant::now();
        side_by_side(clients, |number, mut client| async move {
            let mut due = begun + between * number;
            let mut answers = Vec::new();
            while due < begun + duration {
                tokio::time::sleep_until(due.into()).await;
                let late = Instant::now();
                answers.push(ask(&mut client, self.path).await?);
                due += between * self.clients;
                // A client that was kept waiting does not catch up: this keeps a rate, not a number
                // of requests.
                if due < late {
                    due = late;
                }
            }
            Ok(answers)
        })
        .await
    }
}

impl Latency {
    pub(super) fn of(answers: &[Answer]) -> Self {
        let mut samples: Vec<_> = answers.iter().map(|answer| answer.took).collect();
        samples.sort_unstable();
        Self {
            median: percentile(&samples, 50),
            p99: percentile(&samples, 99),
            max: percentile(&samples, 100),
        }
    }
}

/// How many answers were not 200.
pub(super) fn failed(answers: &[Answer]) -> usize {
    let failed = answers
        .iter()
        .filter(|answer| answer.status != StatusCode::OK);
    failed.count()
}
