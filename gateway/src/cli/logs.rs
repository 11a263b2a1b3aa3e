//! Finds one request in the JSON logs of all programs, and tells its story in order.
//!
//! The inputs are read several times, so that memory holds only what is printed: the ids that
//! belong together are known at the end of a pass. Standard input cannot be read twice, so its
//! lines with an id are copied: the first 64 MiB to memory, all of them to a file if there are more.

mod entry;
mod ids;
mod show;
mod source;

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use service_kit::program::RunError;

use entry::Entry;
use ids::Ids;
use source::{Seen, Source};

#[derive(Args, Clone, Debug)]
pub(super) struct Lookup {
    /// The request id (X-Request-Id), the trace id, or the id of an order.
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    id: String,
    /// Logs with LOG_FORMAT=json; standard input by default. What `docker compose logs` and
    /// `kubectl logs --prefix` put before a line is understood.
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// # Errors
/// A file cannot be read, or no line has the id.
pub(super) fn run(lookup: &Lookup, out: &mut impl Write) -> Result<(), RunError> {
    let mut sources = Source::open(&lookup.files, &mut io::stdin().lock())?;
    let mut ids = Ids::of(&lookup.id);
    loop {
        let before = ids.len();
        read(&mut sources, &ids.clone(), |entry| ids.learn(entry))?;
        if ids.len() == before {
            break;
        }
    }
    let mut story = Vec::new();
    let seen = read(&mut sources, &ids, |entry| {
        if ids.have(entry) {
            story.push(entry.clone());
        }
    })?;
    if story.is_empty() {
        return Err(nothing(&lookup.id, &seen).into());
    }
    story.sort_by_key(|entry| entry.time);
    Ok(show::print(&story, out)?)
}

/// Calls `take` with each entry whose line has one of the ids.
fn read(sources: &mut [Source], ids: &Ids, mut take: impl FnMut(&Entry)) -> Result<Seen, RunError> {
    let mut seen = Seen::default();
    for source in sources {
        seen.add(source.each(|line, name| {
            if ids.may_be_in(line)
                && let Some(entry) = Entry::of(line, name)
            {
                take(&entry);
            }
        })?);
    }
    Ok(seen)
}

/// Why there is no story.
fn nothing(id: &str, seen: &Seen) -> String {
    if seen.json == 0 {
        let lines = seen.lines;
        return format!(
            "none of {lines} lines is JSON with an id: start the programs with LOG_FORMAT=json"
        );
    }
    format!("no line has the id {id}, of {} with an id", seen.json)
}
