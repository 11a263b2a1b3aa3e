//! The clients of `outages`: each has its own connection and notes its answers and when they came.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use hyper::StatusCode;

use crate::Error;
use crate::report::stats::Waits;
use crate::traffic::client::Client;
use crate::traffic::load::{self, Pace};

/// The outcome of one request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) took: Duration,
    /// When the answer had arrived.
    pub(super) at: Instant,
}

/// Clients that ask at a fixed rate, however fast they are answered.
#[derive(Clone, Copy)]
pub(super) struct Steady {
    pub(super) path: &'static str,
    pub(super) clients: usize,
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

impl Steady {
    /// Asks for `duration`. Clients that still wait at its end are given the time to get their
    /// answer. A client that was kept waiting does not catch up: this keeps a rate, not a number of
    /// requests.
    pub(super) async fn ask(
        self,
        addr: SocketAddr,
        duration: Duration,
    ) -> Result<Vec<Answer>, Error> {
        let clients = Client::connect_all(addr, self.clients).await?;
        let pace = Pace {
            rate: Some(self.rate),
            catches_up: false,
            duration,
        };
        let answers = load::run(clients, pace, |mut client, mut turns| async move {
            let mut answers = Vec::new();
            while turns.next().await.is_some() {
                answers.push(ask(&mut client, self.path).await?);
            }
            Ok(answers)
        });
        Ok(answers.await?.concat())
    }
}

/// How long the answers took.
pub(super) fn waits(answers: &[Answer]) -> Waits {
    answers.iter().map(|answer| answer.took).collect()
}

/// How many answers were not 200.
pub(super) fn failed(answers: &[Answer]) -> usize {
    let is_failed = |answer: &&Answer| answer.status != StatusCode::OK;
    answers.iter().filter(is_failed).count()
}
