//! The command line: serves, or answers a question about a configuration or a running gateway.

mod against;
mod completions;
mod drill;
mod explain;
mod init;
mod logs;
mod openapi;
mod routes;
mod running;
mod schema;
mod status;
mod table;
pub mod terminal;
mod top;

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use clap_complete::Shell;
use service_kit::env::{ConfigError, Env};
use service_kit::health;
use service_kit::logger::{self, LogConfig};
use service_kit::program::{Choices, RunError, advised};
use service_kit::serve::stop_or_reload_signal;

use crate::downstream::Certificates;
use crate::{Config, Gateway, Source};
use against::Against;
use logs::Lookup;
use running::NoAnswer;
use terminal::{plain, refuse};

/// The single door to a restaurant's services: passes each request on to its service, and answers
/// as the route declares if the service does not.
///
/// It is configured by one file, compiled in or named by --config or GATEWAY_CONFIG, and by
/// variables such as ORDERS_URL and GATEWAY_BIND; docs/CONFIGURATION.md lists them.
#[derive(Debug, Parser)]
#[command(name = "gateway", version, after_help = HELP)]
struct Cli {
    /// The configuration to use instead of the compiled-in one, or of that in GATEWAY_CONFIG.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

const HELP: &str = "\
Examples:
  ORDERS_URL=https://orders.example.com gateway     serves, with your own order service
  gateway init mine.toml                            writes a file to start from
  gateway --config mine.toml check                  checks this file
  gateway --config mine.toml check --against old.toml
                                                    tells what the edit does to the next outage
  gateway explain GET /order-api/menu               explains this request, outage included
  gateway status                                    tells what is up and what is not
  gateway top                                       shows requests and upstreams live
  docker compose logs | gateway logs 4bf92f3577b3…  tells one request's story from all logs
  gateway drill --all                               rehearses every outage
  gateway completions bash > /etc/bash_completion.d/gateway

Exit codes: 0 success, 1 failure, 2 wrong arguments, 64 an invalid configuration,
69 no answer of the running gateway (`status`, `top`), or no verdict of `drill`: a service is down,
or there are no features to judge.";

/// Its files are named by their variables, or in the arguments.
const CHOICES: Choices<'_> = Choices {
    port: "GATEWAY_BIND or GATEWAY_ADMIN_BIND",
    data: None,
};

/// `EX_UNAVAILABLE` of sysexits.h: a required program is unavailable.
const UNAVAILABLE: u8 = 69;

#[derive(Clone, Debug, Subcommand)]
enum Command {
    /// Serves until it is stopped (the default command).
    Serve,
    /// Writes a short configuration to start from.
    Init {
        /// A file that does not exist yet; standard output by default.
        file: Option<PathBuf>,
    },
    /// Prints the JSON Schema of the configuration file, for editors.
    Schema,
    /// Checks the configuration, environment included.
    ///
    /// With --against, tells what an edit makes better or worse in an outage.
    Check(Against),
    /// Prints the route table.
    Routes,
    /// Prints the OpenAPI document of the configured routes, with those of the running services.
    Openapi,
    /// Explains how one request is handled, outage included.
    Explain {
        /// GET, POST, …
        method: String,
        /// The path of the request, with its query if any.
        path: String,
    },
    /// Has the running gateway rehearse the outage of every upstream and prints the results.
    /// Clients notice it.
    Drill {
        /// Every upstream, one after the other.
        #[arg(long, required = true)]
        all: bool,
    },
    /// Prints what is up and what is not: the running gateway, its features, upstreams and drills.
    ///
    /// The exit code is 0 if all is up, 1 if anything is not, and 69 if the gateway does not answer.
    Status {
        /// Prints the operator's /status as it is.
        #[arg(long)]
        json: bool,
    },
    /// Shows every second what the running gateway does: requests, errors, durations, circuits.
    ///
    /// The first row is the requests of clients; each other row is the requests to an upstream. On a
    /// terminal it is one table, which q or Ctrl-C leaves. Elsewhere, each row is a line.
    Top {
        /// Ends after N seconds.
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
        count: Option<u32>,
    },
    /// Tells the story of one request, from the JSON logs of all programs.
    ///
    /// The exit code is 1 if no line has the id.
    Logs(Lookup),
    /// Asks the running gateway whether it is ready.
    Health,
    /// Prints a completion script for a shell.
    Completions { shell: Shell },
}

/// Runs the command that this process's arguments ask for.
#[must_use]
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    // They need no valid configuration: it may be about to be written, or on another machine.
    let without_config = match &cli.command {
        Some(Command::Init { file }) => Some(init::write(file.as_deref(), &mut io::stdout())),
        Some(Command::Schema) => Some(schema::print(&mut io::stdout()).map_err(Into::into)),
        Some(Command::Logs(lookup)) => Some(logs::run(lookup, &mut io::stdout().lock())),
        _ => None,
    };
    if let Some(done) = without_config {
        return ended(done);
    }
    let env = Env::of_process();
    let loaded = LogConfig::from_env(&env)
        .and_then(|log| Ok::<_, ConfigError>((log, Config::load(cli.config.as_deref(), &env)?)));
    let (log, config) = match loaded {
        Ok(loaded) => loaded,
        Err(error) => return refuse(&error),
    };
    let done = match cli.command.unwrap_or(Command::Serve) {
        Command::Serve => {
            let _lines = logger::init(&log);
            serve(config, Source::new(cli.config, &env))
        }
        Command::Check(options) => check(&config, &env, &options),
        Command::Routes => routes::print(&config, &mut io::stdout().lock()).map_err(Into::into),
        Command::Openapi => openapi::print(config, &mut io::stdout().lock()),
        Command::Explain { method, path } => {
            explain::print(&config, &method, &path, &mut io::stdout().lock())
        }
        Command::Drill { all: _ } => drill::run(&config, &mut io::stdout().lock()),
        Command::Status { json } => status::run(&config, json, &mut io::stdout().lock()),
        Command::Top { count } => top::run(&config, count),
        Command::Health => ask(&config),
        Command::Completions { shell } => {
            completions::print::<Cli>(shell, &mut io::stdout().lock())
        }
        Command::Init { .. } | Command::Schema | Command::Logs(_) => Ok(()),
    };
    ended(done)
}

/// The exit code, after the error if there is one.
fn ended(done: Result<(), RunError>) -> ExitCode {
    let Err(error) = done else {
        return ExitCode::SUCCESS;
    };
    // The reader of the pipe has seen enough, as `head` has.
    let io = error.downcast_ref::<io::Error>();
    if io.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
        return ExitCode::SUCCESS;
    }
    // The configuration names files that only `serve` and `check` read.
    if let Some(error) = error.downcast_ref() {
        return refuse(error);
    }
    // If standard error is gone too, nobody is left to tell.
    let told = advised(error.as_ref(), CHOICES);
    let _ = writeln!(io::stderr(), "gateway: {}", plain(&told));
    if error.is::<drill::CannotJudge>() || error.is::<NoAnswer>() {
        return ExitCode::from(UNAVAILABLE);
    }
    ExitCode::FAILURE
}

fn serve(config: Config, source: Source) -> Result<(), RunError> {
    actix_web::rt::System::new().block_on(async {
        let (stop, hangups) = stop_or_reload_signal()?;
        let gateway = Gateway::reloadable(config, source, Some(hangups))?;
        log::info!(
            "gateway listens on {}, for its operator on {}",
            gateway.addr(),
            gateway.admin_addr()
        );
        if let Some(addr) = gateway.redirect_addr() {
            log::info!("gateway leads from clear text on {addr} to TLS");
        }
        gateway.run_until(stop).await?;
        log::info!("gateway has stopped");
        Ok(())
    })
}

fn check(config: &Config, env: &Env, options: &Against) -> Result<(), RunError> {
    if let Some(files) = &config.tls {
        Certificates::load(files)?;
    }
    if against::run(options, config, env, &mut io::stdout().lock())? {
        return Ok(());
    }
    let (routes, upstreams) = (config.routes.routes().count(), config.upstreams.len());
    let features = config.features.iter().count();
    writeln!(
        io::stdout(),
        "ok: {routes} routes, {upstreams} upstreams, {features} features"
    )?;
    Ok(())
}

fn ask(config: &Config) -> Result<(), RunError> {
    let asked = actix_web::rt::System::new().block_on(health::ask(config.admin_bind));
    asked.map_err(Into::into)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::Cli;

    #[test]
    fn the_arguments_are_sound() {
        Cli::command().debug_assert();
    }
}
