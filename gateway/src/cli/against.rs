//! Tells what an edit of the configuration does to the next outage: `check --against OLD`.

mod table;

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use service_kit::env::Env;
use service_kit::program::RunError;

use super::terminal;
use crate::config::Config;
use crate::config::against::{Change, compare};

// clap would print a documentation comment as that of the command.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct Against {
    /// Compares with the file that is in use: what gets better or worse in an outage.
    #[arg(long, value_name = "OLD")]
    pub(super) against: Option<PathBuf>,
    /// Prints the changes as JSON.
    #[arg(long, requires = "against")]
    json: bool,
    /// Exits with 0 even if something gets worse.
    #[arg(long, requires = "against")]
    allow_worse: bool,
}

/// The error of an edit that makes an outage worse.
#[derive(Debug, thiserror::Error)]
#[error("{} an outage worse; --allow-worse accepts that", changes_make(*.0))]
struct Worse(usize);

fn changes_make(count: usize) -> String {
    match count {
        1 => "1 change makes".to_owned(),
        count => format!("{count} changes make"),
    }
}

/// All changes, as JSON.
#[derive(Serialize)]
struct Report<'a> {
    worse: usize,
    changes: &'a [Change],
}

/// Compares with the file of `--against`, if there is one. Returns whether there is.
pub(super) fn run(
    options: &Against,
    new: &Config,
    env: &Env,
    out: &mut impl Write,
) -> Result<bool, RunError> {
    let Some(file) = &options.against else {
        return Ok(false);
    };
    let old = Config::load(Some(file), env)?;
    let changes = compare(&old, new);
    let worse = changes.iter().filter(|change| change.is_worse()).count();
    if options.json {
        let changes = &changes;
        let report = serde_json::to_string_pretty(&Report { worse, changes })?;
        writeln!(out, "{}", terminal::json(&report))?;
    } else {
        table::print(&changes, out)?;
    }
    if worse > 0 && !options.allow_worse {
        return Err(Worse(worse).into());
    }
    Ok(true)
}
