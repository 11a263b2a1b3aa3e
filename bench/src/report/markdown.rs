//! Writes tables that read well as plain text and as Markdown, and replaces sections of a document.

use std::fmt::Display;
use std::path::Path;
use std::{fs, io};

use super::stats::over;
use crate::Error;

/// A column of figures: its head, its decimals, and its figure of one round.
pub(crate) type Column<T> = (&'static str, usize, fn(&T) -> f64);

/// A table with a row for each name, and the spread of its rounds in each column.
pub(crate) fn rounds_table<T>(
    first: &str,
    rows: &[(impl Display, Vec<T>)],
    columns: &[Column<T>],
) -> String {
    let heads = columns.iter().map(|(head, ..)| *head);
    let row = |(name, rounds): &(_, Vec<T>)| {
        let cell = |(_, digits, figure): &Column<T>| format!("{:.digits$}", over(rounds, figure));
        let mut row = vec![format!("{name}")];
        row.extend(columns.iter().map(cell));
        row
    };
    let heads: Vec<_> = [first].into_iter().chain(heads).collect();
    table(&heads, rows.iter().map(row))
}

/// A table with its first column aligned left and its figures right.
pub(crate) fn table<R: AsRef<[String]>>(
    head: &[&str],
    rows: impl IntoIterator<Item = R>,
) -> String {
    let mut lines = vec![head.iter().map(|cell| (*cell).to_owned()).collect()];
    lines.extend(rows.into_iter().map(|row| row.as_ref().to_vec()));
    let width = |column: usize| {
        let cells = lines.iter().filter_map(|line: &Vec<_>| line.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let mut text = String::new();
    for (number, line) in lines.iter().enumerate() {
        for (column, (cell, width)) in line.iter().zip(&widths).enumerate() {
            text += &match column {
                0 => format!("| {cell:<width$} "),
                _ => format!("| {cell:>width$} "),
            };
        }
        text += "|\n";
        if number == 0 {
            for (column, width) in widths.iter().enumerate() {
                text += &match column {
                    0 => format!("|{:-<1$}", "", width + 2),
                    _ => format!("|{:->1$}:", "", width + 1),
                };
            }
            text += "|\n";
        }
    }
    text
}

/// Replaces the section `name` of `file`. Makes the file if it is missing.
pub(crate) fn write_section(file: &Path, name: &str, body: &str) -> Result<(), Error> {
    let old = match fs::read_to_string(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        read => read?,
    };
    let new = replace_section(&old, name, body)
        .ok_or_else(|| format!("{}: <!-- {name} --> is not closed", file.display()))?;
    Ok(fs::write(file, new)?)
}

/// `text` with `body` between the markers of the section `name`, which are added at the end if
/// missing. Gives `None` if the section is not closed.
fn replace_section(text: &str, name: &str, body: &str) -> Option<String> {
    let (open, close) = (format!("<!-- {name} -->"), format!("<!-- /{name} -->"));
    let body = body.trim();
    let section = format!("{open}\n\n{body}\n\n{close}");
    let Some((before, rest)) = text.split_once(&open) else {
        let gap = if text.is_empty() { "" } else { "\n" };
        return Some(format!("{text}{gap}{section}\n"));
    };
    let (_, after) = rest.split_once(&close)?;
    Some(format!("{before}{section}{after}"))
}

#[cfg(test)]
mod tests {
    use super::{replace_section, table};

    #[test]
    fn a_table_is_aligned() {
        let rows = [["é".to_owned(), "10".to_owned()]];
        let expected = "| way | n/s |\n|-----|----:|\n| é   |  10 |\n";
        assert_eq!(table(&["way", "n/s"], rows), expected);
    }

    #[test]
    fn a_section_is_replaced_and_the_rest_is_kept() {
        let text = "# A\n<!-- orders -->old<!-- /orders -->\nB\n";
        let expected = "# A\n<!-- orders -->\n\nnew\n\n<!-- /orders -->\nB\n";
        assert_eq!(replace_section(text, "orders", "new\n").unwrap(), expected);
        assert_eq!(
            replace_section(expected, "orders", "new").unwrap(),
            expected
        );
    }

    #[test]
    fn a_missing_section_is_added_and_an_open_one_refused() {
        let section = "<!-- orders -->\n\nnew\n\n<!-- /orders -->\n";
        assert_eq!(replace_section("", "orders", "new").unwrap(), section);
        let added = replace_section("# A\n", "orders", "new").unwrap();
        assert_eq!(added, format!("# A\n\n{section}"));
        assert_eq!(replace_section("<!-- orders -->\nB", "orders", "new"), None);
    }
}
