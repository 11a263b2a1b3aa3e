//! Prints a table for people: a column is as wide as its widest cell.

use std::io::{self, Write};

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
        let cells = all().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..N).map(width).collect();
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(&widths);
        let cells: Vec<_> = cells
            .map(|(cell, &width)| format!("{cell:width$}"))
            .collect();
        cells.join("  ").trim_end().to_owned()
    };
    all().map(line).collect()
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
}
