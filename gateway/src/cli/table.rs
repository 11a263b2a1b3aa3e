//! Prints a table for people: a column is as wide as its widest cell.

use std::io::{self, Write};

use super::terminal::plain;

/// A wider cell moves the rest of its row, and of no other row.
const WIDEST: usize = 80;

/// Prints the titles and the rows.
pub(super) fn print<const N: usize>(
    titles: [&str; N],
    rows: &[[String; N]],
    out: &mut impl Write,
) -> io::Result<()> {
    for line in lines(titles, rows) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

/// The lines of the table, the titles first.
pub(super) fn lines<const N: usize>(titles: [&str; N], rows: &[[String; N]]) -> Vec<String> {
    let titles = titles.map(str::to_owned);
    let all = || [&titles].into_iter().chain(rows);
    let width = |column: usize| {
        if column + 1 == N {
            // Nothing comes after the last column.
            return 0;
        }
        let cells = all().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..N).map(width).collect();
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(&widths);
        let cells: Vec<_> = cells.map(|(cell, &width)| pad(cell, width)).collect();
        cells.join("  ").trim_end().to_owned()
    };
    all().map(line).collect()
}

/// The cell as one plain line, with blanks up to the width.
pub(super) fn pad(cell: &str, width: usize) -> String {
    let mut padded = plain(cell);
    let blanks = width.min(WIDEST).saturating_sub(cell.chars().count());
    padded.extend(std::iter::repeat_n(' ', blanks));
    padded
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn a_column_is_as_wide_as_its_widest_cell() {
        let rows = [
            ["é".to_owned(), "1".to_owned()],
            ["long name".to_owned(), "2".to_owned()],
        ];
        let table = lines(["NAME", "NUMBER"], &rows);
        assert_eq!(table, ["NAME       NUMBER", "é          1", "long name  2"]);
    }

    #[test]
    fn a_cell_beyond_every_width_is_whole_and_widens_no_other_row() {
        let long = "x".repeat(70_000);
        let rows = [
            [long.clone(), "1".to_owned()],
            ["short".to_owned(), long.clone()],
        ];
        let table = lines(["NAME", "TEXT"], &rows);
        assert_eq!(table[1], format!("{long}  1"));
        assert_eq!(table[2], format!("{:80}  {long}", "short"));
    }

    #[test]
    fn a_cell_commands_no_terminal() {
        let rows = [["a\u{1b}[2J".to_owned(), "b\u{202e}\u{9b}c".to_owned()]];
        assert_eq!(lines(["A", "B"], &rows)[1], "a [2J  b  c");
    }
}
