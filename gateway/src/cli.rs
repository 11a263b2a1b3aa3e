//! The command line: serve, or answer a question about a configuration or a running gateway.

mod drill;
mod explain;
mod openapi;
mod routes;

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};
use clap_complete::{Shell, generate};
use service_kit::env::{ConfigError, Env};
use service_kit::health;
use service_kit::logger::{self, LogConfig};
use service_kit::program::{RunError, chain, refuse};
use service_kit::serve::stop_signal;

use crate::downstream::Certificates;
use crate::{Config, Gateway};

/// The single door to a restaurant's services: it passes each request on to the service that it is for, and where one does
/// not answer it gives what the route declares.
///
/// It is configured by one file, compiled in or named by --config, and by variables such as ORDERS_URL and GATEWAY_BIND;
/// docs/CONFIGURATION.md lists them.
#[derive(Debug, Parser)]
#[command(name = "gateway", version, after_help = HELP)]
struct Cli {
    /// The configuration to use instead of the one that is compiled in.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

const HELP: &str = "\
Examples:
  ORDERS_URL=https://orders.example.com gateway     serves, with one service of your own
  gateway --config mine.toml check                  is this file all right?
  gateway explain GET /order-api/menu               what becomes of this request, and in an outage?
  gateway drill --all                               does each outage give what is declared?
  gateway completions bash > /etc/bash_completion.d/gateway

Exit codes: 0 success, 1 failure, 2 wrong arguments, 64 a configuration that cannot be used,
69 no verdict of `drill`, because a service is down.";

/// `EX_UNAVAILABLE` of sysexits.h: a service that is needed is not there.
const UNAVAILABLE: u8 = 69;

#[derive(Clone, Debug, Subcommand)]
enum Command {
    /// Serves until it is stopped (what it does without a command).
    Serve,
    /// Says whether the configuration, environment included, can be used.
    Check,
    /// Prints the route table.
    Routes,
    /// Prints the OpenAPI document of the configured routes.
    Openapi,
    /// Tells the whole story of one request, outage included.
    Explain {
        /// GET, POST, …
        method: String,
        /// Of the request, with its query if it has one.
        path: String,
    },
    /// Has the running gateway rehearse the outage of every upstream, which its clients notice, and prints the matrix.
    Drill {
        /// Every upstream, one after the other.
        #[arg(long, required = true)]
        all: bool,
    },
    /// Asks the running gateway whether it is ready.
    Health,
    /// Prints what a shell needs to complete these commands.
    Completions { shell: Shell },
}

/// Does what the arguments of this process ask for.
#[must_use]
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let env = Env::of_process();
    let loaded = LogConfig::from_env(&env)
        .and_then(|log| Ok::<_, ConfigError>((log, Config::load(cli.config.as_deref(), &env)?)));
    let (log, config) = match loaded {
        Ok(loaded) => loaded,
        Err(error) => return refuse("gateway", &error),
    };
    let done = match cli.command.unwrap_or(Command::Serve) {
        Command::Serve => {
            let _lines = logger::init(&log);
            serve(config)
        }
        Command::Check => check(&config),
        Command::Routes => routes::print(&config, &mut io::stdout().lock()).map_err(Into::into),
        Command::Openapi => openapi::print(&config, &mut io::stdout().lock()).map_err(Into::into),
        Command::Explain { method, path } => {
            explain::print(&config, &method, &path, &mut io::stdout().lock())
        }
        Command::Drill { all: _ } => drill::run(&config, &mut io::stdout().lock()),
        Command::Health => ask(&config),
        Command::Completions { shell } => complete(shell, &mut io::stdout().lock()),
    };
    let Err(error) = done else {
        return ExitCode::SUCCESS;
    };
    // The configuration names files that only those who serve with them read.
    if let Some(error) = error.downcast_ref() {
        return refuse("gateway", error);
    }
    // Nobody is left to tell where even standard error is gone.
    let _ = writeln!(io::stderr(), "gateway: {}", chain(error.as_ref()));
    if error.is::<drill::CannotJudge>() {
        return ExitCode::from(UNAVAILABLE);
    }
    ExitCode::FAILURE
}

fn serve(config: Config) -> Result<(), RunError> {
    actix_web::rt::System::new().block_on(async {
        let stop = stop_signal()?;
        let gateway = Gateway::build(config)?;
        log::info!(
            "gateway listens on {}, for its operator on {}",
            gateway.addr(),
            gateway.admin_addr()
        );
        gateway.run_until(stop).await?;
        log::info!("gateway has stopped");
        Ok(())
    })
}

fn check(config: &Config) -> Result<(), RunError> {
    if let Some(files) = &config.tls {
        Certificates::load(files)?;
    }
    let (routes, upstreams) = (config.routes.routes().count(), config.upstreams.len());
    let features = config.features.iter().count();
    writeln!(
        io::stdout(),
        "ok: {routes} routes, {upstreams} upstreams, {features} features"
    )?;
    Ok(())
}

/// Made as a whole first: the generator takes a writer that cannot fail.
fn complete(shell: Shell, out: &mut impl io::Write) -> Result<(), RunError> {
    let mut script = Vec::new();
    generate(shell, &mut Cli::command(), "gateway", &mut script);
    Ok(out.write_all(&script)?)
}

fn ask(config: &Config) -> Result<(), RunError> {
    let asked = actix_web::rt::System::new().block_on(health::ask(config.admin_bind));
    asked.map_err(Into::into)
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, ValueEnum as _};
    use clap_complete::Shell;

    use super::{Cli, complete};

    #[test]
    fn every_shell_completes_every_command() {
        for shell in Shell::value_variants() {
            let mut script = Vec::new();
            complete(*shell, &mut script).unwrap();
            let script = String::from_utf8(script).unwrap();
            for command in Cli::command().get_subcommands() {
                assert!(script.contains(command.get_name()), "{shell}");
            }
        }
    }

    #[test]
    fn the_arguments_are_sound() {
        Cli::command().debug_assert();
    }
}
