//! `cargo run`: starts the restaurant and prints everything a newcomer needs.

mod banner;
mod exercise;

use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use service_kit::env::Env;
use service_kit::logger::{self, LogConfig};
use service_kit::program::{Choices, RunError, advised, refuse};
use service_kit::serve::stop_signal;
use stack::{Options, Ports, Progress, Service, Stack};

/// The whole restaurant in one process: the gateway and the five services behind it.
///
/// Environment variables set everything else; docs/CONFIGURATION.md lists them. An option here
/// overrides its variable.
#[derive(Debug, Parser)]
#[command(name = "stack", version, after_help = HELP, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// The folder of the databases and the token secret
    #[arg(long, default_value = "data", value_name = "FOLDER")]
    data: PathBuf,
    /// Starts with empty databases: first deletes those in the data folder, and nothing else there
    #[arg(long)]
    fresh: bool,
    /// The services to start, separated by commas. The gateway finds the others by CLIENTS_URL,
    /// ORDERS_URL, KITCHEN_URL, DELIVERY_URL and COUNTER_URL
    #[arg(long, value_delimiter = ',', value_name = "NAMES", value_parser = service, default_value = "clients,orders,kitchen,delivery,counter")]
    services: Vec<Service>,
    /// The gateway's port; the services take the next five, and the operator the one that is 1000
    /// higher
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..=64_535))]
    port: Option<u16>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Sets the scene of an exercise, or judges what you have made of it: docs/EXERCISES.md
    Exercise(exercise::Choice),
}

const HELP: &str = "\
Examples:
  stack                             everything on ports 8000 to 8005, and 9000 for the operator
  stack --port 8100                 the same on 8100 to 8105, and 9100
  stack --fresh --data /tmp/try     empty databases, in a folder of their own
  stack --services clients,orders   without the other three: an outage to look at
  stack exercise                    lists the exercises of docs/EXERCISES.md
  stack exercise 3                  sets the scene of exercise 3 in the folder exercise-3
  stack exercise 3 --check          says whether it is solved, and if not, what is still wrong

Exit codes: 0 success, 1 failure or an exercise not solved yet, 2 wrong arguments, 64 a variable that
cannot be used, or an exercise whose scene is not set or whose folder has other files.";

fn service(name: &str) -> Result<Service, String> {
    Service::named(name).ok_or_else(|| {
        let known = Service::ALL.map(Service::upstream).join(", ");
        format!("no such service; there are {known}")
    })
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Some(Command::Exercise(choice)) = cli.command {
        return exercise::run(&choice);
    }
    let options = Options {
        data: cli.data,
        is_fresh: cli.fresh,
        ports: cli.port.map_or(Ports::Usual, Ports::From),
        services: cli.services,
        env: Env::of_process(),
    };
    let checked =
        LogConfig::from_env(&options.env).and_then(|log| stack::check(&options).map(|()| log));
    let lines = match checked {
        Ok(log) => logger::init(&log),
        Err(error) => return refuse("stack", &error),
    };
    match actix_web::rt::System::new().block_on(serve(options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The log ends before the error, so that it is the last line.
            drop(lines);
            // There is no other place to report an error of standard error.
            let _ = writeln!(io::stderr(), "stack: {}", advised(error.as_ref(), CHOICES));
            ExitCode::FAILURE
        }
    }
}

async fn serve(options: Options) -> Result<(), RunError> {
    let stop = stop_signal()?;
    let stack = Stack::start_with_progress(options, tell).await?;
    banner::print(&stack, &mut io::stdout().lock())?;
    stack.run_until(stop).await;
    log::info!("the restaurant is closed");
    Ok(())
}

/// A person at a terminal gets a short line, a log a full one.
fn tell(progress: Progress<'_>) -> io::Result<()> {
    let is_terminal = io::stderr().is_terminal();
    match progress {
        Progress::Ready(name, addr) if is_terminal => {
            writeln!(io::stderr(), "{name:<9} ready on {addr}")?;
        }
        Progress::Ready(name, addr) => log::info!("{name} is ready on {addr}"),
        Progress::Waiting(name, database) if is_terminal => {
            let database = database.display();
            writeln!(io::stderr(), "{name:<9} waits for its database {database}")?;
        }
        Progress::Waiting(name, database) => {
            log::info!("{name} waits for its database {}", database.display());
        }
    }
    Ok(())
}

const CHOICES: Choices<'_> = Choices {
    port: "--port, such as --port 8100",
    data: Some("--data"),
};
