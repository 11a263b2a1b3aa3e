//! Tells what an edit of the configuration does to the next outage: `check --against OLD`.

mod change;
mod outlook;
mod table;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use service_kit::env::Env;
use service_kit::program::RunError;

use crate::config::Config;
use change::{Change, changes};
use outlook::{Outlook, UpstreamName, paths_of};

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
        serde_json::to_writer_pretty(&mut *out, &Report { worse, changes })?;
        writeln!(out)?;
    } else {
        table::print(&changes, out)?;
    }
    if worse > 0 && !options.allow_worse {
        return Err(Worse(worse).into());
    }
    Ok(true)
}

fn compare(old: &Config, new: &Config) -> Vec<Change> {
    let mut paths = paths_of(old);
    paths.extend(paths_of(new));
    let old_names = renamed(old, new);
    let new_names = new.upstreams.iter().map(|one| one.name.to_string());
    let new_names: Vec<_> = new_names.collect();
    changes(
        &Outlook::of(old, &old_names, &paths),
        &Outlook::of(new, &new_names, &paths),
    )
}

/// The names of the old upstreams in the new file. An upstream that lost its name is the one that
/// has a new name and the same URL.
fn renamed(old: &Config, new: &Config) -> Vec<UpstreamName> {
    let has = |config: &Config, name: &str| config.upstreams.iter().any(|one| *one.name == *name);
    let added = new.upstreams.iter().filter(|one| !has(old, &one.name));
    let mut added: BTreeMap<_, _> = added
        .map(|one| (one.url.to_string(), one.name.to_string()))
        .collect();
    let names = old.upstreams.iter().map(|one| {
        let known = has(new, &one.name);
        let renamed = (!known).then(|| added.remove(&one.url.to_string()));
        renamed.flatten().unwrap_or_else(|| one.name.to_string())
    });
    names.collect()
}
