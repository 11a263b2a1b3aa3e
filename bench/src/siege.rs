//! Measures how other clients fare while one address attacks, compared with nginx under the same
//! limits.
//!
//! Each attack gets a fresh proxy, so that none is affected by an earlier one. An honest client
//! asks before and during the attack, from another address. Everything stays on the loopback
//! interface, and each attack ends after some seconds.

mod acts;
mod attack;
mod crowd;
mod guest;
mod net;
mod proxy;
mod report;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum as _};
use tokio::time::sleep;

use crate::Error;
use crate::machine::{allow_files, installed};
use crate::programs::{Place, gateway, nginx};
use crate::report::{Measured, tell};
use crate::traffic::load;
use attack::Attack;
use guest::{Call, Visit};
use net::{Certificate, Target};
use proxy::{Behind, Proxy};
use report::Report;

/// One for each of the attackers' connections, and some more.
const FILES: u64 = 12_000;

/// Time for the effects of a start to be over.
const SETTLING: Duration = Duration::from_millis(500);

/// The time from the attackers' end until the memory is read.
const LEAVING: Duration = Duration::from_secs(1);

#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Seconds that the honest client asks before an attack
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=5))]
    quiet: u64,
    /// Seconds that it asks under an attack
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=5))]
    seconds: u64,
    /// Run only this attack; may be given several times
    #[arg(long, value_name = "ATTACK")]
    only: Vec<Attack>,
    /// Use the binaries in this folder, of another version, instead of building them
    #[arg(long, value_name = "FOLDER")]
    programs: Option<PathBuf>,
}

/// The figures of one attack on one proxy.
struct Run {
    attack: Attack,
    /// The proxy's name and version.
    proxy: String,
    is_gateway: bool,
    /// The honest client's requests and how they fared, before and under the attack.
    visits: Vec<(&'static str, [Visit; 2])>,
    /// Resident memory before the attack, at its peak, and a second after it.
    resident: [u64; 3],
}

pub(crate) async fn run(options: Options) -> Result<Measured, Error> {
    allow_files(FILES)?;
    let place = match options.programs.clone() {
        Some(programs) => Place::with(programs, None).await?,
        None => Place::prepare(None).await?,
    };
    let nginx = installed("nginx");
    let seconds = [options.quiet, options.seconds];
    let mut runs = Vec::new();
    for attack in Attack::value_variants().iter().copied() {
        if !options.only.is_empty() && !options.only.contains(&attack) {
            continue;
        }
        for (name, proxy) in proxies_for(attack, &place, nginx.as_ref())? {
            tell(format!("{}: {name}", attack.plan().name))?;
            runs.push(measure(&place, attack, (name, proxy), seconds).await?);
        }
    }
    Ok(place.measured(Report {
        runs,
        has_nginx: nginx.is_some(),
        seconds,
    }))
}

/// The proxies for an attack, by name, the gateway first.
fn proxies_for(
    attack: Attack,
    place: &Place,
    nginx: Option<&PathBuf>,
) -> Result<Vec<(String, Proxy)>, Error> {
    let mut all = vec![(gateway::version(place)?, Proxy::Gateway)];
    let Some(program) = nginx.filter(|_| attack.is_for_nginx()) else {
        return Ok(all);
    };
    let version = nginx::version(program)?;
    let mut add = |name: String, awaits_bodies| {
        let program = program.clone();
        let proxy = Proxy::Nginx {
            program,
            awaits_bodies,
        };
        all.push((name, proxy));
    };
    if attack.has_bodies() {
        add(format!("{version}, request buffering off"), false);
        add(format!("{version}, request buffering on"), true);
    } else {
        add(version, true);
    }
    Ok(all)
}

async fn measure(
    place: &Place,
    attack: Attack,
    (name, proxy): (String, Proxy),
    seconds: [u64; 2],
) -> Result<Run, Error> {
    let [quiet, attacked] = seconds.map(Duration::from_secs);
    let folder = place.fresh()?;
    let behind = Behind::open(place, folder.path()).await?;
    let tls = attack.needs_tls().then(Certificate::make).transpose()?;
    let service = proxy
        .start(place, folder.path(), &behind, tls.as_deref())
        .await?;
    let target = Target {
        addr: service.addr(),
        tls,
    };
    sleep(SETTLING).await;
    let calls = attack.calls(&target).await?;
    let quiet = visit(&calls, &target, quiet).await?;
    let before = service.memory()?.resident;
    let crowd = attack.begin(&target)?;
    sleep(attack.plan().ramp).await;
    let attacked = visit(&calls, &target, attacked).await?;
    drop(crowd);
    let peak = service.memory()?.peak;
    sleep(LEAVING).await;
    let visits = quiet.into_iter().zip(attacked);
    let names = calls.iter().map(|(what, _)| *what);
    Ok(Run {
        attack,
        proxy: name,
        is_gateway: matches!(proxy, Proxy::Gateway),
        visits: names.zip(visits.map(<[Visit; 2]>::from)).collect(),
        resident: [before, peak, service.memory()?.resident],
    })
}

/// Runs all calls of the honest client at the same time.
async fn visit(
    calls: &[(&'static str, Call)],
    target: &Target,
    duration: Duration,
) -> Result<Vec<Visit>, Error> {
    load::side_by_side(calls.to_vec(), |_, (_, call)| {
        let target = target.clone();
        async move { call.visit(&target, duration).await }
    })
    .await
}
