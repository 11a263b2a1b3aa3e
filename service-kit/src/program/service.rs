//! The process of a service: command line, configuration, log, run until a signal, exit code.

use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Arg, ArgMatches, Command, value_parser};

use super::{Choices, RunError, advised, chain, refuse};
use crate::database::{self, DatabaseUrl};
use crate::env::{ConfigError, Env};
use crate::health;
use crate::logger::{self, LogConfig};
use crate::serve::{Application, lame_duck, stop_signal};
use crate::trace;

/// The fixed facts of a service.
pub struct Program<C> {
    pub name: &'static str,
    pub about: &'static str,
    pub version: &'static str,
    pub configure: fn(&Env) -> Result<C, ConfigError>,
    /// The variable with the address to listen on.
    pub bind_variable: &'static str,
    /// The address that `health` asks.
    pub bind: fn(&C) -> SocketAddr,
    /// The database that `backup` copies.
    pub database: fn(&C) -> &DatabaseUrl,
}

/// The work of a command.
pub type Work = Pin<Box<dyn Future<Output = Result<(), RunError>>>>;

/// A command that one service has beside those of all.
pub struct Extra<C> {
    pub arguments: Command,
    pub run: fn(C, ArgMatches) -> Work,
}

/// Runs a service: `NAME` serves, `NAME health` asks a running one whether it is ready, and `NAME
/// backup FILE` copies its database, whether one is running or not.
pub fn run<C>(
    program: &Program<C>,
    build: impl AsyncFnOnce(C) -> Result<Application, RunError>,
) -> ExitCode {
    run_with(program, None, build)
}

/// The same, with a command of its own.
pub fn run_with<C>(
    program: &Program<C>,
    extra: Option<Extra<C>>,
    build: impl AsyncFnOnce(C) -> Result<Application, RunError>,
) -> ExitCode {
    let mut command = command(program);
    let own = extra.map(|extra| {
        let name = extra.arguments.get_name().to_owned();
        command = std::mem::take(&mut command).subcommand(extra.arguments);
        (name, extra.run)
    });
    let matches = command.get_matches();
    let env = Env::of_process();
    let read = LogConfig::from_env(&env).and_then(|log| {
        let served = Served {
            lame_duck: lame_duck(&env)?,
            tracing: trace::Settings::from_env(&env, program.name)?,
        };
        Ok((log, served, (program.configure)(&env)?))
    });
    let (log, served, config) = match read {
        Ok(read) => read,
        Err(error) => return refuse(program.name, &error),
    };
    let is_serving = matches.subcommand().is_none();
    let _lines = logger::init(&log);
    let system = actix_web::rt::System::new();
    let ended: Result<(), RunError> = system.block_on(async {
        match matches.subcommand() {
            Some(("health", _)) => health::ask((program.bind)(&config))
                .await
                .map_err(Into::into),
            Some(("backup", given)) => backup((program.database)(&config), given).await,
            asked => match (asked, own) {
                (Some((asked, given)), Some((name, run))) if asked == name => {
                    run(config, given.clone()).await
                }
                _ => serve(program.name, served, async || build(config).await).await,
            },
        }
    });
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let told = if is_serving {
                advised(
                    error.as_ref(),
                    Choices {
                        port: program.bind_variable,
                        data: Some("DATABASE_URL"),
                    },
                )
            } else {
                chain(error.as_ref())
            };
            log::error!("{}: {told}", program.name);
            ExitCode::FAILURE
        }
    }
}

/// The settings of serving that all services share.
struct Served {
    lame_duck: Duration,
    tracing: Option<trace::Settings>,
}

async fn serve(
    name: &str,
    served: Served,
    build: impl AsyncFnOnce() -> Result<Application, RunError>,
) -> Result<(), RunError> {
    let stop = stop_signal()?;
    let application = build().await?.lame_duck(served.lame_duck);
    let application = application.traced(served.tracing.as_ref());
    log::info!("{name} listens on {}", application.addr());
    application.run_until(stop).await?;
    log::info!("{name} has stopped");
    Ok(())
}

async fn backup(database: &DatabaseUrl, given: &ArgMatches) -> Result<(), RunError> {
    let copy: &PathBuf = given.get_one("FILE").ok_or("backup needs a FILE")?;
    database::backup(database, copy).await?;
    log::info!("{database} is copied to {}", copy.display());
    Ok(())
}

fn command<C>(program: &Program<C>) -> Command {
    let file = Arg::new("FILE")
        .help("The copy, which must not exist yet")
        .required(true)
        .value_parser(value_parser!(PathBuf));
    Command::new(program.name)
        .about(program.about)
        .version(program.version)
        .subcommand(
            Command::new("health").about("Exits 0 if the running service is ready, 1 if it is not"),
        )
        .subcommand(
            Command::new("backup")
                .about("Copies the SQLite database of DATABASE_URL, even while the service runs")
                .arg(file),
        )
}
