//! The store that gateways share, asked for the quotas of many addresses.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::fleet::Fleet;
use crate::Error;
use crate::programs::Place;
use crate::programs::gateway::PATH;
use crate::report::micros;
use crate::traffic::client::Client;
use crate::traffic::load::{self, Pace};
use crate::traffic::wire::{Connection, Request};

/// The default quota, with so many addresses that each of them is far below it. Each takes a few
/// requests of its quota at a time, so the store is asked all the time.
pub(super) const DEFAULT: &str = "600/10s";
pub(super) const ADDRESSES: usize = 1000;
pub(super) const RATE: u32 = 1500;
const CONNECTIONS: usize = 10;

/// How long the cost is measured.
const MEASURED: Duration = Duration::from_secs(8);

/// What the shared store has to do for a request.
pub(super) struct StoreCost {
    pub(super) calls: f64,
    /// Its processor time for one call, in µs.
    pub(super) micros: f64,
}

/// A request: when it was sent, how long it took, and whether it was answered 200.
pub(super) type Asked = (Instant, Duration, bool);

/// Measures what the store has to do for a request.
pub(super) async fn store_cost(place: &Place, upstream: SocketAddr) -> Result<StoreCost, Error> {
    let fleet = Fleet::gateways(place, 3, upstream, DEFAULT).await?;
    let redis = fleet.service(fleet.redis()?)?;
    let (calls, cpu) = (calls(redis.addr()).await?, redis.cpu()?);
    let asked = strangers(&fleet, MEASURED).await?.len();
    let calls = self::calls(redis.addr()).await? - calls;
    let cpu = redis.cpu()?.saturating_sub(cpu);
    Ok(StoreCost {
        calls: calls as f64 / asked.max(1) as f64,
        micros: micros(cpu) / calls.max(1) as f64,
    })
}

/// The target of the upstream, which answers with so many bytes.
pub(super) fn target() -> String {
    format!("{PATH}?bytes=100")
}

/// Requests of many addresses, by way of a proxy that says so.
pub(super) fn strangers(
    fleet: &Fleet<'_>,
    duration: Duration,
) -> impl Future<Output = Result<Vec<Asked>, Error>> + use<> {
    let gateways: Vec<_> = fleet.each("gateway").map(|one| one.addr).collect();
    let count = CONNECTIONS * gateways.len();
    let connections = gateways.into_iter().cycle().take(count).enumerate();
    let connections = connections.map(|(number, addr)| {
        // Each address asks all gateways, and begins elsewhere in the list.
        let all = (0..ADDRESSES).map(|one| {
            let one = (one + number * ADDRESSES / count) % ADDRESSES;
            let from = format!("10.0.{}.{}", one / 250, one % 250 + 1);
            Request::new("GET", &target(), 0)
                .with_field("x-forwarded-for", &from)
                .bytes()
        });
        Connection {
            addr,
            requests: Arc::new(all.collect()),
            next: 0,
            is_closing: false,
            stream: None,
        }
    });
    let pace = Pace {
        rate: Some(RATE),
        catches_up: true,
        duration,
    };
    let connections = connections.collect();
    async move {
        let parts = load::run(connections, pace, |mut connection, mut turns| async move {
            let mut asked = Vec::new();
            while turns.next().await.is_some() {
                let sent = Instant::now();
                let is_well = connection.ask().await.is_ok();
                asked.push((sent, sent.elapsed(), is_well));
            }
            Ok(asked)
        });
        Ok(parts.await?.concat())
    }
}

/// Whether all gateways say this of the store.
pub(super) async fn is_shared(fleet: &Fleet<'_>, state: &str) -> Result<bool, Error> {
    for gateway in fleet.each("gateway") {
        let mut operator = Client::new(gateway.operator);
        let status = operator.get("/status").await?;
        let status: Value = serde_json::from_slice(status.body())?;
        if status.get("shared").is_none_or(|shared| shared != state) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// How many scripts Redis has run.
async fn calls(redis: SocketAddr) -> Result<u64, Error> {
    let mut stream = TcpStream::connect(redis).await?;
    stream.write_all(b"INFO commandstats\r\nQUIT\r\n").await?;
    let mut told = String::new();
    stream.read_to_string(&mut told).await?;
    let calls = told.split_once("cmdstat_evalsha:calls=");
    let calls = calls.and_then(|(_, rest)| rest.split(',').next()?.parse().ok());
    Ok(calls.ok_or("Redis does not tell how many scripts it has run")?)
}
