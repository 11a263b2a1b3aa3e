//! The command line: serves, or answers a question about a configuration or a running gateway.

mod against;
mod drill;
mod explain;
mod init;
mod openapi;
mod routes;
mod schema;

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};
use clap_complete::{Shell, generate};
use service_kit::env::{ConfigError, Env};
use service_kit::health;
use service_kit::logger::{self, LogConfig};
use service_kit::program::{RunError, chain, refuse};
use service_kit::serve::stop_or_reload_signal;

use crate::downstream::Certificates;
use crate::{Config, Gateway, Source};
use against::Against;

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
  gateway drill --all                               rehearses every outage
  gateway completions bash > /etc/bash_completion.d/gateway

Exit codes: 0 success, 1 failure, 2 wrong arguments, 64 an invalid configuration,
69 no verdict of `drill`: a service is down, or there are no features to judge.";

/// `EX_UNAVAILABLE` of sysexits.h: a required service is unavailable.
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
    /// Asks the running gateway whether it is ready.
    Health,
    /// Prints a completion script for a shell.
    Completions { shell: Shell },
}

/// Runs the command that this process's arguments ask for.
#[must_use]
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    // They need no valid configuration: it may be about to be written.
    let without_config = match &cli.command {
        Some(Command::Init { file }) => Some(init::write(file.as_deref(), &mut io::stdout())),
        Some(Command::Schema) => Some(schema::print(&mut io::stdout()).map_err(Into::into)),
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
        Err(error) => return refuse("gateway", &error),
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
        Command::Health => ask(&config),
        Command::Completions { shell } => complete(shell, &mut io::stdout().lock()),
        Command::Init { .. } | Command::Schema => Ok(()),
    };
    ended(done)
}

/// The exit code, after the error if there is one.
fn ended(done: Result<(), RunError>) -> ExitCode {
    let Err(error) = done else {
        return ExitCode::SUCCESS;
    };
    // The configuration names files that only `serve` and `check` read.
    if let Some(error) = error.downcast_ref() {
        return refuse("gateway", error);
    }
    // If standard error is gone too, nobody is left to tell.
    let _ = writeln!(io::stderr(), "gateway: {}", chain(error.as_ref()));
    if error.is::<drill::CannotJudge>() {
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

/// Builds the whole script first: the generator needs a writer that cannot fail.
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
