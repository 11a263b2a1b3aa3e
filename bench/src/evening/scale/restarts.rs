//! Rolling restarts under load: of the gateways, then of the order-services.

use std::time::{Duration, Instant};

use super::fleet::Fleet;
use super::guests::{self, ORDERS, Stop, Tally, WAYS};
use super::section::Section;
use super::streams::{self, Followed};
use crate::Error;
use crate::programs::Place;
use crate::report::markdown::table;
use crate::report::tell;

const RATE: u32 = 2000;

/// Guests with a stream; one address may have 100 at each gateway.
const STREAMS: usize = 50;

/// The columns of the requests and of the streams.
const REQUESTS: [&str; 6] = [
    "Restarted",
    "over",
    "requests",
    "requests/s",
    "failed",
    "p99 ms",
];
const FOLLOWED: [&str; 7] = [
    "Restarted",
    "orders",
    "events",
    "resumed",
    "missed",
    "repeated",
    "failed",
];

/// Restarts each gateway and each order-service `rounds` times.
pub(super) async fn run(place: &Place, replicas: usize, rounds: u64) -> Result<Section, Error> {
    let mut fleet = Fleet::restaurant(place, replicas).await?;
    let mut section = Section::new("Rolling restarts");
    let (mut requests, mut streams) = (Vec::new(), Vec::new());
    for program in ["gateway", "order-service"] {
        let (addr, stop) = (fleet.balancer.addr(), Stop::default());
        let ((restarts, took), tallies, followed) = tokio::try_join!(
            restart(&mut fleet, program, rounds, &stop),
            guests::ask(addr, RATE, stop.clone()),
            streams::follow(addr, STREAMS, stop.clone()),
        )?;
        let seconds = took.as_secs_f64();
        let restarted = format!("{program}, {restarts} ×");
        for (way, tally) in WAYS.iter().zip(&tallies) {
            section.check(tally.failures() == 0, || {
                format!(
                    "requests over {way} failed ({restarted}): {}",
                    tally.worst()
                )
            });
            requests.push(request_row(&restarted, way, tally, seconds));
        }
        let failed = followed.failed.first();
        section.check(followed.wrong() == 0, || {
            let wrong = followed.wrong();
            format!("{wrong} events or streams were wrong ({restarted}), first {failed:?}")
        });
        streams.push(stream_row(&restarted, &followed));
    }
    section.text(format!(
        "Each of three gateways, then each of {replicas} order-services, is stopped by SIGTERM and started again, one after the other, {rounds} times. {RATE} requests a second come through HAProxy: the menu, one order, the clients, and a new order in {ORDERS}. HAProxy recognises HTTP/2 without TLS by its first bytes."
    ));
    section.text(table(&REQUESTS, requests));
    section.text(format!(
        "Meanwhile {STREAMS} guests each follow an order, whose status changes every 6 s, by `/suivi/{{id}}/flux`. After an end they connect again with `Last-Event-ID`. Each status must be seen, in its order, and no event twice."
    ));
    section.text(table(&FOLLOWED, streams));
    Ok(section)
}

/// Restarts all that run `program`, one after the other, then says stop. Gives how many it was, and
/// how long they took.
async fn restart(
    fleet: &mut Fleet<'_>,
    program: &str,
    rounds: u64,
    stop: &Stop,
) -> Result<(u64, Duration), Error> {
    let begun = Instant::now();
    let all = fleet.all(program);
    for round in 1..=rounds {
        tell(format!("  {program}: round {round} of {rounds}"))?;
        for at in &all {
            fleet.restart(*at).await?;
        }
    }
    stop.set();
    Ok((all.len() as u64 * rounds, begun.elapsed()))
}

fn request_row(restarted: &str, way: &str, tally: &Tally, seconds: f64) -> [String; 6] {
    [
        restarted.to_owned(),
        way.to_owned(),
        tally.requests.to_string(),
        format!("{:.0}", tally.requests as f64 / seconds),
        tally.failures().to_string(),
        format!("{:.1}", tally.waits.ms(99.0)),
    ]
}

fn stream_row(restarted: &str, followed: &Followed) -> [String; 7] {
    [
        restarted.to_owned(),
        followed.orders.to_string(),
        followed.events.to_string(),
        followed.resumed.to_string(),
        followed.missed.to_string(),
        followed.repeated.to_string(),
        followed.failed.len().to_string(),
    ]
}
