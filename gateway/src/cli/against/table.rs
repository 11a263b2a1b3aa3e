//! Prints the changes as a table, for people.

use std::io::{self, Write};

use crate::cli::table::pad;
use crate::cli::terminal::plain;
use crate::config::against::Change;

pub(super) fn print(changes: &[Change], out: &mut impl Write) -> io::Result<()> {
    if changes.is_empty() {
        return writeln!(out, "no outage becomes better or worse");
    }
    let rows: Vec<_> = changes.iter().map(row).collect();
    let width = |cell: fn(&[String; 4]) -> &String| {
        let cells = rows.iter().map(|row| cell(row).chars().count());
        cells.max().unwrap_or_default()
    };
    let (name, down, before) = (
        width(|row| &row[1]),
        width(|row| &row[2]),
        width(|row| &row[3]),
    );
    for ([verdict, a, b, c], change) in rows.iter().zip(changes) {
        let after = &change.after;
        let (a, b, c) = (pad(a, name), pad(b, down), pad(c, before));
        writeln!(out, "{verdict:6}  {a}  {b}  {c}  ->  {}", plain(after))?;
    }
    Ok(())
}

fn row(change: &Change) -> [String; 4] {
    [
        change.verdict.as_str().to_owned(),
        change.subject(),
        change.when(),
        change.before.clone(),
    ]
}
