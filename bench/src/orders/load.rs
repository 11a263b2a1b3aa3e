//! Puts load on the order service: each connection posts an order again as soon as it is answered.
//!
//! This is a closed loop: it finds how much the service can do, and how long an order takes while
//! that many wait at once. It does not show how the service behaves when more is asked than it can
//! do.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use hyper::StatusCode;

use super::Scenario;
use crate::Error;
use crate::report::stats::Waits;
use crate::traffic::client::{Client, fresh_key};
use crate::traffic::load::{self, Pace};

#[derive(Default)]
pub(super) struct Outcome {
    /// How long each order took that was answered 201.
    pub(super) accepted: Waits,
    /// Every other outcome of a request, with its count.
    pub(super) refused: BTreeMap<String, u64>,
    /// The time from the first request to the last answer.
    pub(super) elapsed: Duration,
}

/// Puts the scenario's load on the service at `addr`. The time to connect is not measured.
pub(super) async fn run(
    addr: SocketAddr,
    scenario: Scenario,
    duration: Duration,
    order: &str,
) -> Result<Outcome, Error> {
    let clients = Client::connect_all(addr, scenario.connections).await?;
    let begun = Instant::now();
    let parts = load::run(
        clients,
        Pace::unhindered(duration),
        |mut client, mut turns| {
            let order = order.to_owned();
            async move {
                let (mut accepted, mut refused) = (Vec::new(), Vec::new());
                while let Some(sent) = turns.next().await {
                    let key = scenario.keyed.then(fresh_key);
                    match client.post("/commandes", key, order.clone()).await {
                        Ok(answer) if answer.status() == StatusCode::CREATED => {
                            accepted.push(sent.elapsed());
                        }
                        Ok(answer) => refused.push(answer.status().to_string()),
                        Err(error) => {
                            // The connection is gone: a client that always reconnects would only count
                            // how fast it is refused.
                            refused.push(error.to_string());
                            break;
                        }
                    }
                }
                Ok((accepted, refused))
            }
        },
    );
    let parts = parts.await?;
    let elapsed = begun.elapsed();
    let (accepted, refused): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
    let mut outcome = Outcome {
        accepted: accepted.into_iter().flatten().collect(),
        elapsed,
        ..Outcome::default()
    };
    for why in refused.into_iter().flatten() {
        *outcome.refused.entry(why).or_default() += 1;
    }
    Ok(outcome)
}
