//! One replica of three fails while requests go through one gateway. How many of them notice?

use std::fmt::{self, Display};
use std::net::SocketAddr;
use std::time::Duration;

use hyper::StatusCode;
use tokio::time::sleep;

use super::section::Section;
use crate::Error;
use crate::machine::any;
use crate::programs::{Place, gateway};
use crate::report::markdown::table;
use crate::report::stats::Waits;
use crate::report::{millis, tell};
use crate::traffic::client::Client;
use crate::traffic::load::{self, Pace};
use crate::traffic::scripted::{Mode, Scripted};

/// The time of an answer, and of the one that fails by being slow.
const USUAL: Duration = Duration::from_millis(10);
const SLOW: Duration = Duration::from_millis(100);

/// A client notices an answer that takes longer than this.
const NOTICED: Duration = Duration::from_millis(50);

/// Requests a second, and the clients that send them.
const RATE: u32 = 4000;
const CLIENTS: usize = 200;

/// The part of the requests that come before the failure.
const BEFORE: f64 = 0.2;

/// The part of the requests that may notice it.
const LIMIT: f64 = 0.001;

/// How long a replica is silent before it refuses connections.
const SILENCE: Duration = Duration::from_millis(500);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Failure {
    None,
    Silence,
    Errors,
    Slow,
    Flaps,
    Killed,
}

const ALL: [Failure; 6] = [
    Failure::None,
    Failure::Silence,
    Failure::Errors,
    Failure::Slow,
    Failure::Flaps,
    Failure::Killed,
];

/// The requests under one failure.
#[derive(Default)]
struct Seen {
    wrong: u64,
    late: u64,
    waits: Waits,
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "does not fail",
            Self::Silence => "is silent for 500 ms, then refuses connections",
            Self::Errors => "answers 503",
            Self::Slow => "answers 10 × slower",
            Self::Flaps => "refuses connections every other second",
            Self::Killed => "is killed",
        })
    }
}

/// Sends `requests` under each failure.
pub(super) async fn run(place: &Place, requests: u64) -> Result<Section, Error> {
    let mut section = Section::new("One replica of three fails");
    let mut rows = Vec::new();
    for failure in ALL {
        tell(format!("  one replica {failure}"))?;
        let seen = measure(place, failure, requests).await?;
        let (count, noticed) = (seen.waits.count(), seen.wrong + seen.late);
        let share = noticed as f64 / count.max(1) as f64;
        section.check(share <= LIMIT, || {
            format!("{noticed} of {count} requests noticed that one replica {failure}")
        });
        section.check(failure != Failure::Killed || seen.wrong == 0, || {
            format!("{} requests failed when a replica was killed", seen.wrong)
        });
        rows.push([
            failure.to_string(),
            count.to_string(),
            seen.wrong.to_string(),
            seen.late.to_string(),
            format!("{:.3}", share * 100.0),
            format!("{:.1}", seen.waits.ms(99.0)),
            format!("{:.0}", seen.waits.ms(100.0)),
        ]);
    }
    section.text(format!(
        "{RATE} GET a second go through one gateway to an upstream with three replicas, each of which answers after {} ms. One fails after a fifth of the requests, and stays so. A request notices that if its answer is not 200 or takes longer than {} ms; {} % may.",
        millis(USUAL),
        millis(NOTICED),
        LIMIT * 100.0,
    ));
    let head = [
        "One replica",
        "requests",
        "not 200",
        "late",
        "% of all",
        "p99 ms",
        "longest ms",
    ];
    section.text(table(&head, rows));
    Ok(section)
}

async fn measure(place: &Place, failure: Failure, requests: u64) -> Result<Seen, Error> {
    let mut replicas = Vec::new();
    for _ in 0..3 {
        let replica = Scripted::open().await?;
        replica.switch(Mode::AnswersAfter(USUAL));
        replicas.push(replica);
    }
    let urls = replicas.iter().map(|one| format!("http://{}", one.addr()));
    let urls = urls.collect::<Vec<_>>().join(",");
    let mut first = replicas.pop().ok_or("there is no replica")?;
    let mut variables = gateway::variables(any(), first.addr(), 1);
    variables.push(("CLIENTS_URL", urls));
    // All clients share one address here.
    let file = gateway::file("[upstreams.clients]\nconcurrency = { per_client = 1000 }\n")?;
    let folder = place.fresh()?;
    let gateway = gateway::start_with(place, folder.path(), &file.to_string(), &variables).await?;
    let clients = Client::connect_all(gateway.addr(), CLIENTS).await?;
    // All connections to the replicas are open before the first request counts.
    ask(
        gateway.addr(),
        Client::connect_all(gateway.addr(), CLIENTS).await?,
        Duration::from_secs(2),
    )
    .await?;
    let duration = Duration::from_secs_f64(requests as f64 / f64::from(RATE));
    let asked = ask(gateway.addr(), clients, duration);
    let failing = async {
        sleep(duration.mul_f64(BEFORE)).await;
        fail(&mut first, failure, duration.mul_f64(1.0 - BEFORE)).await
    };
    let (seen, ()) = tokio::try_join!(asked, failing)?;
    Ok(seen)
}

async fn ask(addr: SocketAddr, clients: Vec<Client>, duration: Duration) -> Result<Seen, Error> {
    let pace = Pace {
        rate: Some(RATE),
        catches_up: true,
        duration,
    };
    let parts = load::run(clients, pace, |mut client, mut turns| async move {
        let mut seen = Seen::default();
        while turns.next().await.is_some() {
            let sent = tokio::time::Instant::now();
            let status = client.status(gateway::PATH).await;
            let took = sent.elapsed();
            seen.waits.add(took);
            if !status.is_ok_and(|status| status == StatusCode::OK) {
                seen.wrong += 1;
                client = Client::new(addr);
            } else if took > NOTICED {
                seen.late += 1;
            }
        }
        Ok(seen)
    });
    let mut all = Seen::default();
    for part in parts.await? {
        all.wrong += part.wrong;
        all.late += part.late;
        all.waits.merge(&part.waits);
    }
    Ok(all)
}

/// Lets the replica fail for `duration`.
async fn fail(replica: &mut Scripted, failure: Failure, duration: Duration) -> Result<(), Error> {
    match failure {
        Failure::None => {}
        Failure::Silence => {
            replica.switch(Mode::Hangs);
            sleep(SILENCE).await;
            replica.close().await;
        }
        Failure::Errors => replica.switch(Mode::Fails),
        Failure::Slow => replica.switch(Mode::AnswersAfter(SLOW)),
        Failure::Flaps => {
            for second in 0..duration.as_secs() {
                match second % 2 {
                    0 => replica.close().await,
                    _ => replica.reopen().await?,
                }
                sleep(Duration::from_secs(1)).await;
            }
        }
        Failure::Killed => replica.close().await,
    }
    Ok(())
}
