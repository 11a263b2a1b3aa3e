//! How many requests one, two and four gateways behind HAProxy relay, what each costs, and what that
//! means for a hundred.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use hyper::StatusCode;
use procfs::process::Process;

use super::fleet::Fleet;
use super::section::Section;
use super::store::{self, ADDRESSES, StoreCost, target};
use crate::Error;
use crate::programs::Place;
use crate::programs::service::cpu_of;
use crate::report::markdown::table;
use crate::report::stats::Waits;
use crate::report::{micros, tell};
use crate::traffic::client::{Client, fresh_key};
use crate::traffic::load::{self, Pace};
use crate::traffic::wire::{self, Connection, Request};

const CONNECTIONS: usize = 64;

/// The quota is never used up.
const RATE: &str = "1000000/1s";

/// A process that uses this part of its one core, or processes that use this part of all cores, are
/// what holds up the others.
const FULL: f64 = 0.9;

/// One in this many requests is an order, on paper.
const ORDERS: f64 = 100.0;
const GATEWAYS: f64 = 100.0;

/// Requests and the processor time of all who took part.
struct Run {
    gateways: usize,
    requests: u64,
    elapsed: Duration,
    waits: Waits,
    haproxy: Duration,
    gateway: Duration,
    /// Of this program: the load and the upstream.
    load: Duration,
}

pub(super) async fn run(place: &Place, replicas: usize, seconds: u64) -> Result<Section, Error> {
    let (upstream, duration) = (wire::upstream()?, Duration::from_secs(seconds));
    let mut runs = Vec::new();
    for count in [1, 2, 4] {
        tell(format!("  {count} gateways"))?;
        runs.push(relay(place, count, upstream, duration).await?);
    }
    tell("  orders")?;
    let orders = orders(place, replicas, duration).await?;
    tell("  the shared store")?;
    let store = store::store_cost(place, upstream).await?;
    let mut section = Section::new("One, two and four gateways");
    let cores = thread::available_parallelism()?.get();
    let head = [
        "Gateways",
        "requests/s",
        "p50 ms",
        "p99 ms",
        "HAProxy µs",
        "gateways µs",
        "load µs",
        "the bottleneck",
    ];
    section.text(format!(
        "{CONNECTIONS} connections repeat a GET of 100 bytes through HAProxy, on {cores} cores for all. Each gateway has one worker. The columns with µs are the processor time of a request; the load's includes the upstream."
    ));
    section.text(table(&head, runs.iter().map(|run| run.row(cores))));
    section.text(format!(
        "{replicas} order-services on one PostgreSQL, through HAProxy and three gateways, take {orders:.0} orders a second on the same cores."
    ));
    section.text(paper(
        runs.first().ok_or("nothing was measured")?,
        &store,
        orders,
    ));
    Ok(section)
}

/// What a hundred gateways would need, each with a core of its own.
fn paper(run: &Run, store: &StoreCost, orders: f64) -> String {
    // The requests a second for which one core is enough.
    let (gateway, haproxy) = (1e6 / run.cost(run.gateway), 1e6 / run.cost(run.haproxy));
    let redis = |calls: f64| 1e6 / (store.micros * calls);
    let (all, seldom, large) = (GATEWAYS * gateway, redis(store.calls), redis(1.0 / 300.0));
    format!(
        "On paper, {GATEWAYS} gateways with a core each relay {all:.0} requests a second at the cost above, {gateway:.0} each. For so many:\n\n\
         - **HAProxy** needs {:.0} cores: one is enough for {haproxy:.0} requests a second.\n\
         - **Redis** counts with one core. A gateway takes 1/200 of a quota at a time. Under the default quota of 600/10s, {ADDRESSES} addresses that ask seldom make {:.2} calls for a request, of {:.0} µs each: one Redis is enough for {seldom:.0} requests a second, or {:.1} gateways that relay nothing else. An address that uses up a quota of 60000/10s makes one call for 300 requests: one Redis is enough for {:.0} gateways.\n\
         - **PostgreSQL**: if one request in {ORDERS} is an order, it has {:.0} orders a second to store, {:.0} times what one stores here beside all others.",
        all / haproxy,
        store.calls,
        store.micros,
        seldom / gateway,
        large / gateway,
        all / ORDERS,
        all / ORDERS / orders,
    )
}

async fn relay(
    place: &Place,
    count: usize,
    upstream: SocketAddr,
    duration: Duration,
) -> Result<Run, Error> {
    let fleet = Fleet::gateways(place, count, upstream, RATE).await?;
    let requests = Arc::new(vec![Request::new("GET", &target(), 0).bytes()]);
    let connections = || {
        let connection = |_| Connection {
            addr: fleet.balancer.addr(),
            requests: Arc::clone(&requests),
            next: 0,
            is_closing: false,
            stream: None,
        };
        (0..CONNECTIONS).map(connection).collect::<Vec<_>>()
    };
    // All connections between all of them are open before the first request counts.
    ask(connections(), Duration::from_secs(2)).await?;
    let cpu = || {
        let mut gateways = Duration::ZERO;
        for at in fleet.all("gateway") {
            gateways += fleet.service(at)?.cpu()?;
        }
        let own = cpu_of(&Process::myself()?)?;
        Ok::<_, Error>([fleet.balancer.service.cpu()?, gateways, own])
    };
    let ([haproxy, gateway, load], begun) = (cpu()?, Instant::now());
    let waits = ask(connections(), duration).await?;
    let elapsed = begun.elapsed();
    let after = cpu()?;
    let [haproxy_after, gateway_after, load_after] = after;
    Ok(Run {
        gateways: count,
        requests: waits.count(),
        elapsed,
        waits,
        haproxy: haproxy_after - haproxy,
        gateway: gateway_after - gateway,
        load: load_after - load,
    })
}

async fn ask(connections: Vec<Connection>, duration: Duration) -> Result<Waits, Error> {
    let pace = Pace::unhindered(duration);
    let parts = load::run(connections, pace, |mut connection, mut turns| async move {
        let mut waits = Waits::default();
        while let Some(sent) = turns.next().await {
            connection.ask().await?;
            waits.add(sent.elapsed());
        }
        Ok(waits)
    });
    let mut all = Waits::default();
    parts.await?.iter().for_each(|part| all.merge(part));
    Ok(all)
}

/// How many orders a second the restaurant takes.
async fn orders(place: &Place, replicas: usize, duration: Duration) -> Result<f64, Error> {
    let fleet = Fleet::restaurant(place, replicas).await?;
    let addr = fleet.balancer.addr();
    let order = Client::new(addr).order("/order-api/menu").await?;
    let clients = Client::connect_all(addr, CONNECTIONS).await?;
    let begun = Instant::now();
    let parts = load::run(
        clients,
        Pace::unhindered(duration),
        |mut client, mut turns| {
            let order = order.clone();
            async move {
                let mut made = 0_u32;
                while turns.next().await.is_some() {
                    let answer =
                        client.post("/order-api/commandes", Some(fresh_key()), order.clone());
                    let status = answer.await?.status();
                    if status != StatusCode::CREATED {
                        return Err(format!("an order was answered {status}").into());
                    }
                    made += 1;
                }
                Ok(made)
            }
        },
    );
    let made: u32 = parts.await?.into_iter().sum();
    Ok(f64::from(made) / begun.elapsed().as_secs_f64())
}

impl Run {
    /// The processor time of a request, in µs.
    fn cost(&self, cpu: Duration) -> f64 {
        micros(cpu) / self.requests.max(1) as f64
    }

    fn row(&self, cores: usize) -> Vec<String> {
        let cost = |cpu| format!("{:.1}", self.cost(cpu));
        vec![
            self.gateways.to_string(),
            format!("{:.0}", self.requests as f64 / self.elapsed.as_secs_f64()),
            format!("{:.2}", self.waits.ms(50.0)),
            format!("{:.2}", self.waits.ms(99.0)),
            cost(self.haproxy),
            cost(self.gateway),
            cost(self.load),
            self.bottleneck(cores),
        ]
    }

    /// What the processes spend the cores on decides what more of them would bring.
    fn bottleneck(&self, cores: usize) -> String {
        let part = |cpu: Duration| cpu.div_duration_f64(self.elapsed);
        let (haproxy, gateway, load) = (part(self.haproxy), part(self.gateway), part(self.load));
        if gateway / self.gateways as f64 > FULL {
            return format!("the gateways: {gateway:.2} cores of {}", self.gateways);
        }
        let all = haproxy + gateway + load;
        let shares = format!("HAProxy {haproxy:.2}, gateways {gateway:.2}, load {load:.2}");
        match all / cores as f64 > FULL {
            true => format!("all {cores} cores: {shares}"),
            false => format!("waiting: {shares}"),
        }
    }
}
