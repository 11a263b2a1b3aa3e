//! `cargo run`: the restaurant, with everything a newcomer needs printed.

mod banner;

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use service_kit::env::Env;
use service_kit::logger::{self, LogConfig};
use service_kit::program::{RunError, chain, refuse};
use service_kit::serve::stop_signal;
use stack::{Options, Ports, Stack};

/// The whole restaurant in one process: the gateway and the four services behind it.
#[derive(Debug, Parser)]
#[command(name = "stack", version)]
struct Cli {
    /// Where databases and the token secret are kept.
    #[arg(long, default_value = "data", value_name = "FOLDER")]
    data: PathBuf,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let options = Options {
        data: cli.data,
        ports: Ports::Usual,
        env: Env::of_process(),
    };
    let checked =
        LogConfig::from_env(&options.env).and_then(|log| stack::check(&options).map(|()| log));
    let _lines = match checked {
        Ok(log) => logger::init(&log),
        Err(error) => return refuse("stack", &error),
    };
    match actix_web::rt::System::new().block_on(serve(options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to tell where even standard error is gone.
            let _ = writeln!(io::stderr(), "stack: {}", chain(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}

async fn serve(options: Options) -> Result<(), RunError> {
    let stop = stop_signal()?;
    let stack = Stack::start(options).await?;
    banner::print(&stack, &mut io::stdout().lock())?;
    stack.run_until(stop).await;
    log::info!("the restaurant is closed");
    Ok(())
}
