//! Measures what clients that only hold their connection cost the gateway and its other clients,
//! compared with nginx.
//!
//! There are two kinds: clients that have asked once and stay, as browsers do, and clients that
//! send a head byte by byte and never end it, as slowloris does. Each round starts both programs
//! anew, so that no program runs on memory left by an earlier crowd.

mod report;
mod slow;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use tokio::time::{Instant, sleep};

use crate::Error;
use crate::machine::{allow_files, installed};
use crate::programs::service::Service;
use crate::programs::{Place, gateway, nginx};
use crate::report::stats::Waits;
use crate::report::{Measured, in_turns};
use crate::traffic::client::Client;
use crate::traffic::filler::Framing;
use crate::traffic::load::{self, Pace};
use crate::traffic::upstream::{Plain, Upstream};
use report::Report;
use slow::{Cuts, SlowHeads};

/// How long a head may take, which is the gateway's default. Slow heads begin spread over the same
/// time, so that they are cut evenly.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// Time for a program's memory and queues to settle after a change.
const SETTLING: Duration = Duration::from_secs(1);

/// Time for a proxy to notice that thousands of clients have gone.
const LEAVING: Duration = Duration::from_secs(3);

/// Open files for the connections to the upstream and for files.
const SPARE: u64 = 256;

/// The upstream of both proxies.
const UPSTREAM: Plain = Plain {
    length: 1024,
    framing: Framing::Length,
    speed: None,
};

#[derive(Args, Debug)]
pub(crate) struct Options {
    /// How many connections are held idle
    #[arg(long, default_value_t = 10_000)]
    connections: usize,
    /// How many heads are sent byte by byte
    #[arg(long, default_value_t = 500)]
    slow: usize,
    /// How often the one other client asks, per second
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    rate: u32,
    /// Seconds that each part of a round takes
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// How many times everything is measured
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..))]
    rounds: u64,
}

/// The proxy's use of resources in one part of a round.
#[derive(Clone, Copy, Default)]
struct Cost {
    /// Resident memory at the end of the part.
    resident: u64,
    /// Processor time as a share of one core.
    cpu: f64,
}

/// One round with one proxy.
struct Run {
    /// How many connections were idle.
    connections: usize,
    /// The one other client alone.
    alone: (Waits, Cost),
    /// The idle connections alone.
    idle: Cost,
    /// The one client, the idle connections and the slow heads together.
    crowded: (Waits, Cost),
    /// Resident memory after all have gone.
    left: u64,
    cuts: Cuts,
    /// How many idle connections the proxy has closed.
    lost: usize,
}

pub(crate) async fn run(options: Options) -> Result<Measured, Error> {
    let needed = (options.connections + options.slow) as u64 + SPARE;
    allow_files(needed)?;
    let place = Place::prepare(None).await?;
    let mut proxies = vec![(gateway::version(&place)?, None)];
    if let Some(nginx) = installed("nginx") {
        proxies.push((nginx::version(&nginx)?, Some(nginx)));
    }
    let measure = async |nginx: &Option<PathBuf>| options.measure(&place, nginx.as_deref()).await;
    let rows = in_turns(options.rounds, proxies, measure).await?;
    Ok(place.measured(Report {
        connections: options.connections,
        slow: options.slow,
        rate: options.rate,
        length: format!("{} × {} s", options.rounds, options.seconds),
        rows,
    }))
}

impl Options {
    /// Measures nginx, or the gateway if there is none.
    async fn measure(&self, place: &Place, nginx: Option<&Path>) -> Result<Run, Error> {
        let upstream = Upstream::open(|request| UPSTREAM.answer(request)).await?;
        let folder = place.fresh()?;
        let proxy = match nginx {
            Some(nginx) => {
                self.start_nginx(nginx, folder.path(), upstream.addr)
                    .await?
            }
            None => {
                self.start_gateway(place, folder.path(), upstream.addr)
                    .await?
            }
        };
        let addr = proxy.addr();
        let duration = Duration::from_secs(self.seconds);
        let visit = |duration| visit(addr, self.rate, duration);
        visit(SETTLING).await?;
        let alone = watched(&proxy, visit(duration)).await?;

        let crowd = gather(addr, self.connections).await?;
        sleep(SETTLING).await;
        let rest = async {
            sleep(duration).await;
            Ok(())
        };
        let ((), idle) = watched(&proxy, rest).await?;

        let heads = SlowHeads::begin(addr, self.slow, HEAD_TIMEOUT);
        sleep(HEAD_TIMEOUT + SETTLING).await;
        let crowded = watched(&proxy, visit(duration)).await?;
        let cuts = heads.cuts();
        let lost = crowd.iter().filter(|client| !client.is_open()).count();
        drop((crowd, heads));
        sleep(LEAVING).await;
        Ok(Run {
            connections: self.connections,
            alone,
            idle,
            crowded,
            left: proxy.memory()?.resident,
            cuts,
            lost,
        })
    }

    /// Twice as many as there are clients, since clients that are cut are replaced before the proxy
    /// may have let go of them.
    fn allowed(&self) -> usize {
        2 * (self.connections + self.slow)
    }

    async fn start_gateway(
        &self,
        place: &Place,
        folder: &Path,
        upstream: SocketAddr,
    ) -> Result<Service, Error> {
        let (allowed, head) = (self.allowed(), HEAD_TIMEOUT.as_secs());
        // All clients share one address here. Idle connections are kept for longer than a round.
        let changes = format!(
            "[limits]\nconnections = {allowed}\nconnections_per_client = {allowed}\n\
             head_timeout = \"{head}s\"\nidle_timeout = \"600s\"\n"
        );
        gateway::start(place, folder, upstream, &changes).await
    }

    async fn start_nginx(
        &self,
        nginx: &Path,
        folder: &Path,
        upstream: SocketAddr,
    ) -> Result<Service, Error> {
        let (kept, head) = (nginx::KEPT, HEAD_TIMEOUT.as_secs());
        let settings = nginx::Settings {
            workers: 1,
            connections: self.allowed(),
            is_logged: false,
            http: &format!(
                "client_header_timeout {head}s;\nkeepalive_timeout 600s;\n\
                 keepalive_requests 1000000;\n\
                 upstream behind {{ server {upstream}; keepalive 64; }}\n"
            ),
            server: &format!("location / {{ proxy_pass http://behind; {kept} }}\n"),
            listens: "",
        };
        nginx::start(nginx, folder, settings).await
    }
}

/// The one other client, which should not notice the others, asks on one connection. If an answer
/// is late, the next request counts from the moment it was due. Otherwise one long wait would hide
/// the requests that it delayed.
async fn visit(addr: SocketAddr, rate: u32, duration: Duration) -> Result<Waits, Error> {
    let mut client = Client::connect(addr).await?;
    let pace = Pace {
        rate: Some(rate),
        catches_up: true,
        duration,
    };
    let mut answered = Instant::now();
    let (mut turns, mut waits) = (pace.turns(answered, 0, 1), Waits::default());
    while let Some(due) = turns.next().await {
        // The timer may be up to a millisecond late, which is not the proxy's fault.
        let asked = if answered > due { due } else { Instant::now() };
        client.get(gateway::PATH).await?;
        answered = Instant::now();
        waits.add(answered - asked);
    }
    Ok(waits)
}

/// How many idle clients connect at once: fewer than may wait to be accepted before a system
/// refuses (128 by default).
const AT_ONCE: usize = 64;

/// Opens `count` connections, asks once on each, and keeps them.
async fn gather(addr: SocketAddr, count: usize) -> Result<Vec<Client>, Error> {
    // Each of them opens its part of the connections, one after the other.
    let parts = (0..AT_ONCE).map(|number| (number..count).step_by(AT_ONCE).len());
    let crowd = load::side_by_side(parts.collect(), |_, part| async move {
        let mut clients = Vec::with_capacity(part);
        for _ in 0..part {
            let mut client = Client::connect(addr).await?;
            client.get(gateway::PATH).await?;
            clients.push(client);
        }
        Ok(clients)
    });
    Ok(crowd.await?.into_iter().flatten().collect())
}

/// Runs `part` and gives its outcome, with what `proxy` used meanwhile.
async fn watched<T>(
    proxy: &Service,
    part: impl Future<Output = Result<T, Error>>,
) -> Result<(T, Cost), Error> {
    let (before, begun) = (proxy.cpu()?, Instant::now());
    let outcome = part.await?;
    let taken = proxy.cpu()?.saturating_sub(before);
    let cost = Cost {
        resident: proxy.memory()?.resident,
        cpu: taken.as_secs_f64() / begun.elapsed().as_secs_f64(),
    };
    Ok((outcome, cost))
}
