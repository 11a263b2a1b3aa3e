//! Measures what clients that only hold their connection cost the gateway and its other clients,
//! compared with nginx.
//!
//! There are two kinds: clients that have asked once and stay, as browsers do, and clients that
//! send a head byte by byte and never end it, as slowloris does. Each round starts both programs
//! anew, so that no program runs on memory left by an earlier crowd.

mod crowd;
mod guest;
mod report;
mod slow;

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;
use tempfile::TempDir;

use crate::filler::Framing;
use crate::gateway::Change;
use crate::machine::{allow_files, installed};
use crate::nginx::Settings;
use crate::report::{Conditions, publish};
use crate::service::{self, Service};
use crate::upstream::Upstream;
use crate::{Error, gateway, nginx};
use crowd::Crowd;
use guest::Latency;
use report::Report;
use slow::{Cuts, SlowHeads};

/// How long a head may take, which is the gateway's default. Slow heads begin spread over the same
/// time, so that they are cut evenly.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// Longer than a round.
const IDLE_TIMEOUT: Duration = Duration::from_secs(600);

/// Time for a program's memory and queues to settle after a change.
const SETTLING: Duration = Duration::from_secs(1);

/// Time for a proxy to notice that thousands of clients have gone.
const LEAVING: Duration = Duration::from_secs(3);

/// Open files for the connections to the upstream and for files.
const SPARE: u64 = 256;

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
    /// Also write the result into this file, between `<!-- idle -->` and `<!-- /idle -->`
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
}

/// The program between the clients and the upstream.
enum Proxy {
    Gateway(PathBuf),
    Nginx(PathBuf),
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
    /// The guest alone.
    alone: (Latency, Cost),
    /// The idle connections alone.
    idle: Cost,
    /// The guest, the idle connections and the slow heads together.
    crowded: (Latency, Cost),
    /// Resident memory after all have gone.
    left: u64,
    cuts: Cuts,
    /// How many idle connections the proxy has closed.
    lost: usize,
}

/// Measures and reports.
///
/// # Errors
/// Something could not be measured, or an idle connection was closed.
pub(crate) async fn run(options: Options) -> Result<(), Error> {
    let needed = (options.connections + options.slow) as u64 + SPARE;
    allow_files(needed)?;
    let (programs, folder) = service::prepare(None)?;
    let conditions = Conditions::of(folder.path()).await?;
    let mut rows = vec![(gateway::version(&programs)?, Vec::new())];
    let mut proxies = vec![Proxy::Gateway(programs)];
    if let Some(program) = installed("nginx") {
        rows.push((nginx::version(&program)?, Vec::new()));
        proxies.push(Proxy::Nginx(program));
    }
    for round in 1..=options.rounds {
        writeln!(io::stderr(), "round {round} of {}", options.rounds)?;
        for (proxy, (name, rounds)) in proxies.iter().zip(&mut rows) {
            writeln!(io::stderr(), "  {name}")?;
            let folder = TempDir::new_in(&folder)?;
            let run = options.measure(proxy, folder.path()).await;
            rounds.push(run.map_err(|error| format!("{name}: {error}"))?);
        }
    }
    let report = Report {
        conditions,
        connections: options.connections,
        slow: options.slow,
        rate: options.rate,
        length: format!("{} × {} s", options.rounds, options.seconds),
        rows,
    };
    publish("idle", &report.to_string(), options.markdown.as_deref())?;
    report.verdict()
}

impl Options {
    async fn measure(&self, proxy: &Proxy, folder: &Path) -> Result<Run, Error> {
        let upstream = Upstream {
            length: 1024,
            framing: Framing::Length,
            pace: None,
        };
        let proxy = self.start(proxy, folder, upstream.open().await?).await?;
        let addr = proxy.addr();
        let duration = Duration::from_secs(self.seconds);
        let visit = |duration| guest::visit(addr, self.rate, duration);
        visit(SETTLING).await?;
        let alone = watched(&proxy, visit(duration)).await?;

        let crowd = Crowd::gather(addr, self.connections).await?;
        tokio::time::sleep(SETTLING).await;
        let rest = async {
            tokio::time::sleep(duration).await;
            Ok(())
        };
        let ((), idle) = watched(&proxy, rest).await?;

        let heads = SlowHeads::begin(addr, self.slow, HEAD_TIMEOUT);
        tokio::time::sleep(HEAD_TIMEOUT + SETTLING).await;
        let crowded = watched(&proxy, visit(duration)).await?;
        let (cuts, lost) = (heads.cuts(), crowd.lost());
        drop((crowd, heads));
        tokio::time::sleep(LEAVING).await;
        Ok(Run {
            alone,
            idle,
            crowded,
            left: proxy.memory()?.resident,
            cuts,
            lost,
        })
    }

    async fn start(
        &self,
        proxy: &Proxy,
        folder: &Path,
        upstream: SocketAddr,
    ) -> Result<Service, Error> {
        // Twice as many, since clients that are cut are replaced before the proxy may have let go
        // of them.
        let connections = 2 * (self.connections + self.slow);
        match proxy {
            Proxy::Gateway(programs) => {
                let connections = connections.to_string();
                let seconds = |timeout: Duration| format!("\"{}s\"", timeout.as_secs());
                let (head, idle) = (seconds(HEAD_TIMEOUT), seconds(IDLE_TIMEOUT));
                #[rustfmt::skip]
                let changes = [
                    Change { table: "[limits]", key: "connections", value: &connections },
                    // All clients share one address here.
                    Change { table: "[limits]", key: "connections_per_client", value: &connections },
                    Change { table: "[limits]", key: "head_timeout", value: &head },
                    Change { table: "[limits]", key: "idle_timeout", value: &idle },
                ];
                gateway::start(programs, folder, upstream, &changes).await
            }
            Proxy::Nginx(program) => {
                let settings = Settings {
                    connections,
                    head_timeout: HEAD_TIMEOUT,
                    idle_timeout: IDLE_TIMEOUT,
                };
                nginx::start(program, folder, upstream, settings).await
            }
        }
    }
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
