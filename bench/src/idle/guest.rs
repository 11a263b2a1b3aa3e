//! The guest: a client that asks at a fixed rate, and should not notice the others.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::Error;
use crate::client::Client;
use crate::gateway::PATH;
use crate::stats::median_and_p99;

#[derive(Clone, Copy, Default)]
pub(super) struct Latency {
    pub(super) median: Duration,
    pub(super) p99: Duration,
}

/// Asks `rate` times a second on one connection. If an answer is late, the next request counts from
/// the moment it was due. Otherwise one long wait would hide the requests that it delayed.
pub(super) async fn visit(
    addr: SocketAddr,
    rate: u32,
    duration: Duration,
) -> Result<Latency, Error> {
    let mut client = Client::connect(addr).await?;
    let (begun, period) = (Instant::now(), Duration::from_secs(1) / rate);
    let (mut due, mut answered) = (begun, begun);
    let mut samples = Vec::new();
    while due < begun + duration {
        tokio::time::sleep_until(due.into()).await;
        // The timer may be up to a millisecond late, which is not the proxy's fault.
        let asked = if answered > due { due } else { Instant::now() };
        client.get(PATH).await?;
        answered = Instant::now();
        samples.push(answered - asked);
        due += period;
    }
    let (median, p99) = median_and_p99(samples);
    Ok(Latency { median, p99 })
}
