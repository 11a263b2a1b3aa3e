//! Finds the dishes of a CSV file (RFC 4180): one a line, below a line of titles.
//!
//! The separator is the one that the line of titles has most of: `;` where the comma is the decimal
//! mark, `,` elsewhere, a tab for a text that was copied from a spreadsheet.

use std::collections::BTreeMap;

use csv::{ReaderBuilder, StringRecord};
use shared_types::field::FieldErrors;
use shared_types::text::Text;

use super::column::Column;
use super::row::{Cell, Place, Row};

const SEPARATORS: [char; 3] = [';', '\t', ','];

/// A column that is missing as a whole is reported once.
const NEEDED: [Column; 3] = [Column::Name, Column::Price, Column::Category];

/// The rows, and the titles of the columns that no dish has a field for.
pub(super) fn rows(text: &str) -> Result<(Vec<Row>, Vec<String>), FieldErrors> {
    let mut records = records(text).into_iter();
    let Some((line, titles)) = records.next() else {
        return Ok((Vec::new(), Vec::new()));
    };
    let (columns, ignored) = columns(&titles);
    let mut faults = FieldErrors::default();
    for needed in NEEDED {
        if !columns.contains(&Some(needed)) {
            let usual = needed.usual_titles();
            let text = Text::formatted(|say| (say.menu.missing_column)(usual));
            faults.push(Place::Line(line).field(needed), text);
        }
    }
    let mut rows = Vec::new();
    for (line, record) in records {
        let place = Place::Line(line);
        if record
            .iter()
            .skip(columns.len())
            .any(|cell| !cell.is_empty())
        {
            let text = Text::fixed(|say| say.menu.too_many_cells);
            faults.push(place.to_string(), text);
            continue;
        }
        rows.push(row(place, &columns, &record));
    }
    // Cells that are in the wrong column would be reported as other faults.
    if faults.is_empty() {
        Ok((rows, ignored))
    } else {
        Err(super::limited(faults, super::MAX_FAULTS))
    }
}

/// Every line that is not blank, with its number.
fn records(text: &str) -> Vec<(u64, StringRecord)> {
    let (separator, skipped, text) = separator(text);
    let mut reader = ReaderBuilder::new()
        .delimiter(separator as u8)
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    // No record fails: the text is UTF-8, and rows may have any number of cells.
    let records = reader.records().filter_map(Result::ok);
    let filled = records.filter(|record| record.iter().any(|cell| !cell.is_empty()));
    let mut lines = Lines {
        text,
        begin: 0,
        line: 1 + skipped,
    };
    filled
        .map(|record| {
            let begin = record.position().map_or(0, csv::Position::byte);
            (lines.at(usize::try_from(begin).unwrap_or(0)), record)
        })
        .collect()
}

/// Counts lines. The reader's own count is one less after a line that ends with CR and LF.
struct Lines<'t> {
    text: &'t str,
    begin: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line of the record that begins at `begin`, or after the line breaks there.
    fn at(&mut self, begin: usize) -> u64 {
        let rest = self.text.get(begin..).unwrap_or_default();
        let blank = rest.len() - rest.trim_start_matches(['\r', '\n']).len();
        let passed = self.text.get(self.begin..begin + blank);
        let breaks = passed.unwrap_or_default().bytes();
        for _ in breaks.filter(|byte| *byte == b'\n') {
            self.line += 1;
        }
        self.begin = begin + blank;
        self.line
    }
}

/// The separator, how many lines to skip, and the text from there on. Excel writes and understands a
/// first line `sep=;`.
fn separator(text: &str) -> (char, u64, &str) {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let declared = first.trim_end().strip_prefix("sep=");
    let declared = declared.and_then(|name| name.chars().next());
    if let Some(declared) = declared.filter(|mark| SEPARATORS.contains(mark)) {
        return (declared, 1, rest);
    }
    let titles = text.lines().find(|line| !line.trim().is_empty());
    let count = |separator: &char| {
        let mut is_quoted = false;
        let outside = titles.unwrap_or_default().chars().filter(|c| {
            is_quoted ^= *c == '"';
            c == separator && !is_quoted
        });
        outside.count()
    };
    // Of equal counts, `max_by_key` takes the last.
    let most = SEPARATORS.into_iter().max_by_key(count);
    (most.unwrap_or(','), 0, text)
}

/// The field of each column. Of two columns for one field, the first counts.
fn columns(titles: &StringRecord) -> (Vec<Option<Column>>, Vec<String>) {
    let mut columns = Vec::new();
    let mut ignored = Vec::new();
    for title in titles {
        let column = Column::titled(title).filter(|column| !columns.contains(&Some(*column)));
        if column.is_none() && !title.is_empty() {
            ignored.push(title.chars().take(100).collect());
        }
        columns.push(column);
    }
    (columns, ignored)
}

fn row(place: Place, columns: &[Option<Column>], record: &StringRecord) -> Row {
    let mut cells = BTreeMap::new();
    for (index, column) in columns.iter().enumerate() {
        let Some(column) = column else { continue };
        let cell = match record.get(index).unwrap_or_default() {
            "" => Cell::Nothing,
            text => Cell::Text(without_guard(text).to_owned()),
        };
        cells.insert(*column, cell);
    }
    Row {
        place,
        cells,
        within: None,
    }
}

/// The text without the apostrophe that an export puts before what a spreadsheet would compute.
fn without_guard(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['=', '+', '-', '@']) => rest,
        _ => text,
    }
}
