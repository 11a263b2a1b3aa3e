//! Measures what passing on a request costs the gateway, compared with other proxies.
//!
//! Each proxy has one core to itself and stands in front of the same upstream, which shares the
//! other core with the load. In each round they take turns, so that whatever else the machine does
//! affects all alike. The figure that counts is the proxy's processor time for a request: the
//! requests per second also depend on the speed of the load generator.

mod once;
pub(crate) mod peer;
mod report;
pub(crate) mod runs;
mod scenario;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;

use crate::Error;
use crate::machine::{installed, stay_on};
use crate::programs::Place;
use crate::report::stats::Waits;
use crate::report::{Measured, in_turns};
use crate::traffic::load::{self, Pace};
use crate::traffic::wire::{self, Connection, Request};
use peer::{Found, Kind, Peer, Setup};
use report::Report;
use runs::{Run, Runs};
use scenario::Scenario;

#[derive(Args, Debug)]
pub(crate) struct Options {
    /// How many times everything is measured
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    rounds: u64,
    /// Seconds that each measurement takes
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
    /// Measure only the scenarios whose name contains this
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Also draw the result into this folder
    #[arg(long, value_name = "FOLDER")]
    plots: Option<PathBuf>,
}

/// The load on a proxy.
#[derive(Clone, Debug)]
pub(crate) struct Load {
    pub(crate) connections: usize,
    /// Whether each request has its own connection.
    pub(crate) is_closing: bool,
    /// Requests per second over all connections; without it, as many as get through.
    pub(crate) rate: Option<u32>,
    /// The requests that each connection sends in turn.
    pub(crate) requests: Vec<Request>,
}

pub(crate) async fn run(options: Options) -> Result<Measured, Error> {
    let place = Place::prepare(None).await?;
    let Found { peers, missing } = Peer::found(&place)?;
    let mut scenarios = scenario::all()?;
    let only = options.only.as_deref().unwrap_or_default();
    scenarios.retain(|scenario| scenario.name.contains(only));
    // From here on the load and the upstream run on the second core, and the proxies on the first.
    stay_on("1")?;
    let upstream = wire::upstream()?;
    let seconds = Duration::from_secs(options.seconds);
    let cases = scenarios.iter().flat_map(|scenario| {
        let peers = peers.iter().filter(|peer| scenario.is_for(peer.kind()));
        peers.map(move |peer| (scenario.case(peer.kind()), (peer, scenario)))
    });
    let measure = async |(peer, scenario): &(&Peer, &Scenario)| {
        measure(
            &place,
            peer,
            upstream,
            scenario.setup,
            &scenario.load,
            seconds,
        )
        .await
    };
    let runs = Runs(in_turns(options.rounds, cases, measure).await?);
    let start = async |peer: &&Peer| {
        let folder = place.fresh()?;
        once::startup(peer, upstream, folder.path()).await
    };
    let cases = peers.iter().map(|peer| (peer.kind(), peer));
    let starts = in_turns(options.rounds, cases, start).await?;
    let plainest = scenario::plainest();
    let mut calls = Vec::new();
    for peer in &peers {
        if peer.kind() != Kind::FastApi
            && let Some(strace) = installed("strace")
        {
            let folder = place.fresh()?;
            let proxy = peer.start(upstream, folder.path(), plainest.setup).await?;
            let count = once::system_calls(&strace, &proxy, &plainest.load, folder.path()).await?;
            calls.push((peer.kind(), count));
        }
    }
    let mut report = Report {
        peers,
        missing,
        scenarios,
        runs,
        starts,
        calls,
        is_drawn: false,
    };
    if let Some(plots) = &options.plots {
        report.draw(plots)?;
    }
    Ok(place.measured(report))
}

/// Starts a peer, puts `load` on it and measures it.
pub(crate) async fn measure(
    place: &Place,
    peer: &Peer,
    upstream: SocketAddr,
    setup: Setup,
    load: &Load,
    duration: Duration,
) -> Result<Run, Error> {
    let folder = place.fresh()?;
    let proxy = peer.start(upstream, folder.path(), setup).await?;
    let mut crowd = Crowd::new(proxy.addr(), load);
    // Connects, and loads what every later request needs.
    crowd.run(Duration::from_millis(500)).await?;
    let (before, begun) = (proxy.cpu()?, Instant::now());
    let waits = crowd.run(duration).await?;
    Ok(Run {
        requests: waits.count(),
        elapsed: begun.elapsed(),
        cpu: proxy.cpu()?.saturating_sub(before),
        waits: [50.0, 99.0, 99.9].map(|percent| waits.ms(percent)),
        memory: proxy.memory()?,
    })
}

/// The clients of a load, which keep their connections from one run to the next.
struct Crowd {
    clients: Vec<Connection>,
    rate: Option<u32>,
}

impl Crowd {
    fn new(addr: SocketAddr, load: &Load) -> Self {
        let requests = load.requests.iter().map(Request::bytes);
        let requests: Arc<Vec<_>> = Arc::new(requests.collect());
        let client = |number| Connection {
            addr,
            requests: Arc::clone(&requests),
            // The clients start at different requests.
            next: number,
            is_closing: load.is_closing,
            stream: None,
        };
        Self {
            clients: (0..load.connections).map(client).collect(),
            rate: load.rate,
        }
    }

    /// A request that is due and cannot be sent yet waits, and its wait counts from the moment it
    /// was due. Otherwise a proxy that is slow for a moment would be asked less in that moment.
    async fn run(&mut self, duration: Duration) -> Result<Waits, Error> {
        let pace = Pace {
            rate: self.rate,
            catches_up: true,
            duration,
        };
        let clients = std::mem::take(&mut self.clients);
        let done = load::run(clients, pace, |mut client, mut turns| async move {
            let mut waits = Vec::new();
            while let Some(due) = turns.next().await {
                client.ask().await?;
                waits.push(due.elapsed());
            }
            Ok((client, waits))
        });
        let (clients, waits): (_, Vec<_>) = done.await?.into_iter().unzip();
        self.clients = clients;
        Ok(waits.into_iter().flatten().collect())
    }
}
