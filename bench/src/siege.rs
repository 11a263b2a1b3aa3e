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
mod upstream;
mod window;

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use clap::Args;
use tempfile::TempDir;
use tokio::time::sleep;

use crate::machine::{allow_files, installed};
use crate::report::{Conditions, publish};
use crate::service::{self, Service};
use crate::{Error, gateway, nginx};
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
    /// Also write the result into this file, between `<!-- siege -->` and `<!-- /siege -->`
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
}

/// The figures of one attack on one proxy.
struct Run {
    attack: Attack,
    /// The proxy's name and version.
    proxy: String,
    is_gateway: bool,
    /// The honest client's requests and how they fared, before and under the attack.
    quiet: Vec<(&'static str, Visit)>,
    attacked: Vec<(&'static str, Visit)>,
    /// Resident memory before the attack, at its peak, and a second after it.
    resident: [u64; 3],
}

/// Measures and reports.
///
/// # Errors
/// Something could not be measured, or a limit was not kept.
pub(crate) async fn run(options: Options) -> Result<(), Error> {
    allow_files(FILES)?;
    let programs = match &options.programs {
        Some(programs) => programs.clone(),
        None => service::build()?,
    };
    let folder = service::folder(None)?;
    let conditions = Conditions::of(folder.path()).await?;
    let nginx = installed("nginx");
    let mut runs = Vec::new();
    for attack in Attack::ALL {
        if !options.only.is_empty() && !options.only.contains(&attack) {
            continue;
        }
        for (name, proxy) in proxies_for(attack, &programs, nginx.as_deref())? {
            writeln!(io::stderr(), "{}: {name}", attack.name())?;
            let folder = TempDir::new_in(folder.path())?;
            runs.push(measure(&options, attack, (name, proxy), folder.path(), &programs).await?);
        }
    }
    let report = Report {
        conditions,
        runs,
        has_nginx: nginx.is_some(),
        seconds: [options.quiet, options.seconds],
    };
    publish("siege", &report.to_string(), options.markdown.as_deref())?;
    report.verdict()
}

/// The proxies for an attack, by name, the gateway first.
fn proxies_for(
    attack: Attack,
    programs: &Path,
    nginx: Option<&Path>,
) -> Result<Vec<(String, Proxy)>, Error> {
    let gateway = Proxy::Gateway(programs.to_owned());
    let mut all = vec![(gateway::version(programs)?, gateway)];
    let Some(program) = nginx.filter(|_| attack.is_for_nginx()) else {
        return Ok(all);
    };
    let version = nginx::version(program)?;
    let mut add = |name: String, awaits_bodies| {
        let program = program.to_owned();
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
    options: &Options,
    attack: Attack,
    (name, proxy): (String, Proxy),
    folder: &Path,
    programs: &Path,
) -> Result<Run, Error> {
    let accounts = accounts(programs, folder).await?;
    let behind = Behind {
        clients: accounts.addr(),
        others: upstream::open().await?,
    };
    let tls = attack.needs_tls().then(Certificate::make).transpose()?;
    let service = proxy.start(folder, behind, tls.as_ref()).await?;
    let target = Target {
        addr: service.addr(),
        tls,
    };
    sleep(SETTLING).await;
    let calls = attack.calls(&target).await?;
    let quiet = visit(&calls, &target, options.quiet).await?;
    let before = service.memory()?.resident;
    let crowd = attack.begin(&target);
    sleep(attack.ramp()).await;
    let attacked = visit(&calls, &target, options.seconds).await?;
    crowd.leave().await?;
    let peak = service.memory()?.peak;
    sleep(LEAVING).await;
    Ok(Run {
        attack,
        proxy: name,
        is_gateway: matches!(proxy, Proxy::Gateway(_)),
        quiet,
        attacked,
        resident: [before, peak, service.memory()?.resident],
    })
}

/// Starts the client service, which keeps the accounts, with its own database.
async fn accounts(programs: &Path, folder: &Path) -> Result<Service, Error> {
    let variables = [
        ("CLIENT_SERVICE_BIND", "127.0.0.1:0".to_owned()),
        ("SEED_DEMO", "false".to_owned()),
    ];
    let program = Command::new(programs.join("client-service"));
    Service::start(program, folder, &variables).await
}

/// Runs all calls of the honest client at the same time.
async fn visit(
    calls: &[(&'static str, Call)],
    target: &Target,
    seconds: u64,
) -> Result<Vec<(&'static str, Visit)>, Error> {
    let duration = Duration::from_secs(seconds);
    let mut visits = tokio::task::JoinSet::new();
    for (number, (what, call)) in calls.iter().cloned().enumerate() {
        let target = target.clone();
        visits.spawn(async move { (number, what, call.visit(&target, duration).await) });
    }
    let mut all = visits.join_all().await;
    all.sort_by_key(|(number, ..)| *number);
    all.into_iter()
        .map(|(_, what, visit)| Ok((what, visit?)))
        .collect()
}
