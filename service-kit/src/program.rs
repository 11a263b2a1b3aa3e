//! The process of a service: command line, configuration, log, run until a signal, exit code.

use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Command;

use crate::env::{ConfigError, Env};
use crate::health;
use crate::logger::{self, LogConfig};
use crate::serve::{Application, stop_signal};

/// `EX_USAGE` of sysexits.h: the configuration cannot be used.
pub const EXIT_CONFIG: u8 = 64;

/// Whatever kept a service from starting or going on.
pub type RunError = Box<dyn std::error::Error>;

/// What the command line says of a service.
pub struct Program {
    pub name: &'static str,
    pub about: &'static str,
    pub version: &'static str,
}

/// Runs a service: `NAME` serves, `NAME health` asks a running one whether it is ready.
pub fn run<C>(
    program: &Program,
    configure: impl FnOnce(&Env) -> Result<C, ConfigError>,
    bind: impl FnOnce(&C) -> SocketAddr,
    build: impl AsyncFnOnce(C) -> Result<Application, RunError>,
) -> ExitCode {
    let matches = command(program).get_matches();
    let env = Env::of_process();
    let (log, config) = match LogConfig::from_env(&env).and_then(|log| Ok((log, configure(&env)?)))
    {
        Ok(read) => read,
        Err(error) => return refuse(program.name, &error),
    };
    let _lines = logger::init(&log);
    let system = actix_web::rt::System::new();
    let ended: Result<(), RunError> = system.block_on(async {
        if matches.subcommand_matches("health").is_some() {
            return health::ask(bind(&config)).await.map_err(Into::into);
        }
        let stop = stop_signal()?;
        let application = build(config).await?;
        log::info!("{} listens on {}", program.name, application.addr());
        application.run_until(stop).await?;
        log::info!("{} has stopped", program.name);
        Ok(())
    });
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log::error!("{}: {}", program.name, chain(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}

/// Says on standard error which setting cannot be used. There may be no log yet.
#[must_use]
pub fn refuse(name: &str, error: &ConfigError) -> ExitCode {
    use std::io::Write as _;
    // Nobody is left to tell where even standard error is gone.
    let _ = writeln!(std::io::stderr(), "{name}: {error}");
    ExitCode::from(EXIT_CONFIG)
}

/// An error with everything that led to it.
#[must_use]
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

fn command(program: &Program) -> Command {
    Command::new(program.name)
        .about(program.about)
        .version(program.version)
        .subcommand(
            Command::new("health")
                .about("Exits 0 where the running service is ready, 1 where it is not"),
        )
}
