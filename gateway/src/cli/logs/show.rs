//! Prints a story: its ids, then one line for each entry, with the time since the first one.

use std::collections::BTreeSet;
use std::io::{self, Write};

use serde_json::{Map, Value};

use super::entry::{ACCESS, Entry};
use crate::cli::table;
use crate::cli::terminal::plain;

/// `story` is in the order of time.
pub(super) fn print(story: &[Entry], out: &mut impl Write) -> io::Result<()> {
    let Some(first) = story.first() else {
        return Ok(());
    };
    print_ids(
        "request",
        story.iter().filter_map(|entry| entry.request_id.as_ref()),
        out,
    )?;
    print_ids(
        "trace",
        story.iter().filter_map(|entry| entry.trace_id.as_ref()),
        out,
    )?;
    writeln!(out, "from     {}", first.time)?;
    writeln!(out)?;
    let row = |entry: &Entry| {
        let offset = entry.time.millis() - first.time.millis();
        [
            format!("+{}.{:03} s", offset / 1000, offset % 1000),
            entry.program.clone(),
            entry.level.clone(),
            told(entry),
        ]
    };
    let rows: Vec<_> = story.iter().map(row).collect();
    table::print(["TIME", "PROGRAM", "LEVEL", "MESSAGE"], &rows, out)
}

fn print_ids<'e>(
    title: &str,
    ids: impl Iterator<Item = &'e String>,
    out: &mut impl Write,
) -> io::Result<()> {
    for id in ids.collect::<BTreeSet<_>>() {
        writeln!(out, "{title:7}  {}", plain(id))?;
    }
    Ok(())
}

/// The message, which ends with the cause of a failure, and the other facts.
fn told(entry: &Entry) -> String {
    let mut pairs = entry.pairs.clone();
    let message = if entry.target == ACCESS {
        request(&mut pairs)
    } else {
        entry.message.clone()
    };
    let rest = pairs
        .iter()
        .map(|(key, value)| format!("{key}={}", text(value)));
    let words: Vec<_> = [message].into_iter().chain(rest).collect();
    words.join(" ")
}

/// `POST /order-api/commandes 201 in 12.3 ms`, from the pairs that say so.
fn request(pairs: &mut Map<String, Value>) -> String {
    let mut take = |key| {
        pairs
            .remove(key)
            .map_or_else(|| "-".to_owned(), |value| text(&value))
    };
    let (method, route, status, millis) =
        (take("method"), take("route"), take("status"), take("ms"));
    // It is the rule, and goes without saying.
    if pairs
        .get("outcome")
        .is_some_and(|outcome| outcome == "complete")
    {
        pairs.remove("outcome");
    }
    format!("{method} {route} {status} in {millis} ms")
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
