//! Measures how much memory and time the gateway takes to pass on a body that is far larger than
//! its memory limit.
//!
//! Every transfer gets a fresh gateway, so that its peak memory is the peak of this one transfer.

mod report;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use clap::Args;
use hyper::header::HOST;
use hyper::{Request, StatusCode};

use crate::Error;
use crate::programs::service::Memory;
use crate::programs::{Place, gateway};
use crate::report::{MIB, Measured, in_turns};
use crate::traffic::client::connect;
use crate::traffic::filler::Filler;
use crate::traffic::filler::Framing::{self, Chunked, Length};
use crate::traffic::load;
use crate::traffic::upstream::{Plain, Speed, TAKEN, Upstream, take};
use report::Report;

/// Bytes that a slow reader takes each second: less than a tenth of what passes unhindered, so that
/// all buffers on the way stay full from start to end.
const SLOW: u64 = 64 * MIB;

#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Length of each body in MiB
    #[arg(long, default_value_t = 1024, value_parser = clap::value_parser!(u64).range(1..=1024 * 1024))]
    mebibytes: u64,
    /// How many times everything is measured
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..))]
    rounds: u64,
}

#[derive(Clone, Copy, PartialEq)]
enum Way {
    /// From the client to the upstream.
    Up,
    Down,
}

/// The bodies that go through the gateway at the same time.
#[derive(Clone, Copy)]
struct Scenario {
    name: &'static str,
    ways: &'static [Way],
    framing: Framing,
    /// The speed at which the receiver reads.
    speed: Speed,
}

#[rustfmt::skip]
const SCENARIOS: [Scenario; 8] = [
    Scenario { name: "Up, `Content-Length`", ways: &[Way::Up], framing: Length, speed: None },
    Scenario { name: "Up, chunked", ways: &[Way::Up], framing: Chunked, speed: None },
    Scenario { name: "Up, chunked, to a slow upstream", ways: &[Way::Up], framing: Chunked, speed: Some(SLOW) },
    Scenario { name: "Down, `Content-Length`", ways: &[Way::Down], framing: Length, speed: None },
    Scenario { name: "Down, chunked", ways: &[Way::Down], framing: Chunked, speed: None },
    Scenario { name: "Down, chunked, to a slow client", ways: &[Way::Down], framing: Chunked, speed: Some(SLOW) },
    Scenario { name: "One up and one down at once, chunked", ways: &[Way::Up, Way::Down], framing: Chunked, speed: None },
    Scenario { name: "Two down at once, chunked", ways: &[Way::Down, Way::Down], framing: Chunked, speed: None },
];

/// The figures of one scenario on one gateway.
struct Run {
    /// The length of all bodies together.
    bytes: u64,
    elapsed: Duration,
    cpu: Duration,
    /// Memory before the first byte.
    before: Memory,
    after: Memory,
}

pub(crate) async fn run(options: Options) -> Result<Measured, Error> {
    let place = Place::prepare(None).await?;
    let length = options.mebibytes * MIB;
    let cases = SCENARIOS.map(|scenario| (scenario.name, scenario));
    let measure = async |scenario: &Scenario| scenario.measure(&place, length).await;
    Ok(place.measured(Report {
        version: gateway::version(&place)?,
        mebibytes: options.mebibytes,
        rows: in_turns(options.rounds, cases, measure).await?,
    }))
}

impl Scenario {
    async fn measure(self, place: &Place, length: u64) -> Result<Run, Error> {
        let Self { framing, speed, .. } = self;
        let answer = move |request| {
            Plain {
                length,
                framing,
                speed,
            }
            .answer(request)
        };
        let upstream = Upstream::open(answer).await?;
        let changes = format!(
            "[limits]\nrequest_body = \"{length}B\"\n[upstreams.clients]\ntimeout = \"1h\"\n"
        );
        let folder = place.fresh()?;
        let gateway = gateway::start(place, folder.path(), upstream.addr, &changes).await?;
        let addr = gateway.addr();
        // The first exchange loads what every later one needs.
        transfer(addr, Way::Up, 1, self).await?;
        let (before, cpu, begun) = (gateway.memory()?, gateway.cpu()?, Instant::now());
        load::side_by_side(self.ways.to_vec(), |_, way| {
            transfer(addr, way, length, self)
        })
        .await?;
        Ok(Run {
            bytes: length * self.ways.len() as u64,
            elapsed: begun.elapsed(),
            cpu: gateway.cpu()?.saturating_sub(cpu),
            before,
            after: gateway.memory()?,
        })
    }
}

/// Transfers `length` bytes as the scenario says, and checks that all of them arrive. On the way
/// down, the upstream must be set to the same length.
async fn transfer(
    gateway: SocketAddr,
    way: Way,
    length: u64,
    scenario: Scenario,
) -> Result<(), Error> {
    let (request, body) = match way {
        Way::Up => (
            Request::post(gateway::PATH),
            Filler::new(length, scenario.framing),
        ),
        Way::Down => (Request::get(gateway::PATH), Filler::none()),
    };
    let request = request.header(HOST, gateway.to_string()).body(body)?;
    let answer = connect(gateway).await?.send_request(request).await?;
    if answer.status() != StatusCode::OK {
        return Err(format!("a body was answered {}", answer.status()).into());
    }
    let arrived = match way {
        Way::Up => {
            let taken = answer.headers().get(TAKEN);
            let taken = taken.ok_or("the upstream was not reached")?;
            taken.to_str()?.parse()?
        }
        Way::Down => take(answer.into_body(), scenario.speed).await?,
    };
    if arrived != length {
        return Err(format!("{arrived} of {length} bytes arrived").into());
    }
    Ok(())
}
