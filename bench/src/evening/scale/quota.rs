//! Three gateways count one quota together, by a Redis that is then killed or hangs.

use std::net::SocketAddr;
use std::time::Duration;

use hyper::StatusCode;
use tokio::time::{Instant, sleep};

use super::fleet::{Fleet, wait};
use super::section::Section;
use super::store::{ADDRESSES, DEFAULT, RATE, is_shared, strangers, target};
use crate::Error;
use crate::programs::Place;
use crate::report::markdown::table;
use crate::report::stats::Waits;
use crate::report::{millis, tell};
use crate::traffic::client::Client;
use crate::traffic::load::{self, Pace};
use crate::traffic::wire;

/// The quota of one address that asks too often, and how often that asks.
const QUOTA: (u32, Duration) = (10_000, Duration::from_secs(10));
const TOO_OFTEN: u32 = 3000;

/// How long the store is there, away, and there again.
const PHASE: Duration = Duration::from_secs(8);

/// How much p99 may grow while the store is away, and how soon it must be used after its return.
const GROWTH: Duration = Duration::from_millis(5);
const SOON: Duration = Duration::from_secs(2);

/// By how much the admitted requests may differ from the quota.
const EXACT: f64 = 0.02;

const CONNECTIONS: usize = 10;

pub(super) async fn run(place: &Place, seconds: u64) -> Result<Section, Error> {
    let (upstream, mut section) = (
        wire::upstream()?,
        Section::new("One quota of three gateways"),
    );
    together(place, upstream, Duration::from_secs(seconds), &mut section).await?;
    let mut rows = Vec::new();
    for is_killed in [true, false] {
        let what = if is_killed { "is killed" } else { "hangs" };
        tell(format!("  Redis {what}"))?;
        let mut fleet = Fleet::gateways(place, 3, upstream, DEFAULT).await?;
        let redis = fleet.redis()?;
        let begun = Instant::now();
        let asked = strangers(&fleet, PHASE * 3);
        let trouble = async {
            sleep(PHASE).await;
            match is_killed {
                true => fleet.kill(redis),
                false => fleet.service(redis)?.signal("STOP")?,
            }
            sleep(PHASE / 2).await;
            let is_noticed = is_shared(&fleet, "degraded").await?;
            sleep(PHASE / 2).await;
            match is_killed {
                true => fleet.run(redis).await?,
                false => fleet.service(redis)?.signal("CONT")?,
            }
            let back = std::time::Instant::now();
            while !is_shared(&fleet, "up").await? {
                wait(back, "the gateways to use Redis again").await?;
            }
            Ok((is_noticed, back.elapsed()))
        };
        let (asked, (is_noticed, back)) = tokio::try_join!(asked, trouble)?;
        let within = |number: u32| {
            let part = asked.iter().filter(move |(at, ..)| {
                (begun + PHASE * number..begun + PHASE * (number + 1)).contains(at)
            });
            part.map(|(_, took, _)| *took).collect::<Waits>()
        };
        let [before, away] = [0, 1].map(|number| within(number).percentile(99.0));
        let failed = asked.iter().filter(|(.., is_well)| !is_well).count();
        section.check(failed == 0, || {
            format!("{failed} requests failed when Redis {what}")
        });
        section.check(is_noticed, || {
            format!("`/status` did not tell that Redis {what}")
        });
        section.check(away.saturating_sub(before) <= GROWTH, || {
            format!(
                "p99 grew from {:.1} to {:.1} ms when Redis {what}",
                millis(before),
                millis(away)
            )
        });
        section.check(back <= SOON, || {
            format!(
                "Redis that {what} was used again only after {} ms",
                back.as_millis()
            )
        });
        rows.push([
            what.to_owned(),
            asked.len().to_string(),
            failed.to_string(),
            format!("{:.2}", millis(before)),
            format!("{:.2}", millis(away)),
            back.as_millis().to_string(),
        ]);
    }
    section.text(format!(
        "{ADDRESSES} addresses send {RATE} requests a second under the quota of {DEFAULT} each. Redis is away for {} s and comes back; the last column is the time until all three gateways use it.",
        PHASE.as_secs()
    ));
    let head = [
        "Redis",
        "requests",
        "failed",
        "p99 ms before",
        "p99 ms without",
        "back after ms",
    ];
    section.text(table(&head, rows));
    Ok(section)
}

/// One address asks all three gateways too often.
async fn together(
    place: &Place,
    upstream: SocketAddr,
    duration: Duration,
    section: &mut Section,
) -> Result<(), Error> {
    let (quota, period) = QUOTA;
    let rate = format!("{quota}/{}s", period.as_secs());
    tell(format!("  a quota of {rate}"))?;
    let fleet = Fleet::gateways(place, 3, upstream, &rate).await?;
    let mut clients = Vec::new();
    for _ in 0..CONNECTIONS {
        for gateway in fleet.each("gateway") {
            clients.push(Client::connect(gateway.addr).await?);
        }
    }
    let pace = Pace {
        rate: Some(TOO_OFTEN),
        catches_up: true,
        duration,
    };
    let begun = Instant::now();
    let parts = load::run(clients, pace, |mut client, mut turns| async move {
        let (mut admitted, mut refused) = (0_u64, 0_u64);
        while turns.next().await.is_some() {
            match client.status(&target()).await? {
                StatusCode::OK => admitted += 1,
                StatusCode::TOO_MANY_REQUESTS => refused += 1,
                other => return Err(format!("a request was answered {other}").into()),
            }
        }
        Ok((admitted, refused))
    });
    let parts = parts.await?;
    let elapsed = begun.elapsed();
    let admitted: u64 = parts.iter().map(|(admitted, _)| admitted).sum();
    let refused: u64 = parts.iter().map(|(_, refused)| refused).sum();
    let due = f64::from(quota) * (1.0 + elapsed.div_duration_f64(period));
    let off = admitted as f64 / due - 1.0;
    section.check(off.abs() <= EXACT, || {
        format!("{admitted} requests were admitted instead of {due:.0}")
    });
    section.text(format!(
        "One address asks three gateways {TOO_OFTEN} times a second for {:.1} s under a quota of {rate}. By this, {due:.0} requests may pass, the first {quota} at once. {admitted} were admitted ({:+.2} %), and {refused} answered 429.",
        elapsed.as_secs_f64(),
        off * 100.0,
    ));
    Ok(())
}
