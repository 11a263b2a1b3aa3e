//! A dish as it stands in a file: named cells, and the place for a report.

use std::collections::BTreeMap;
use std::fmt;

use shared_types::menu::Category;

use super::column::Column;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    Text(String),
    Number(f64),
    Flag(bool),
    /// A list of texts.
    List(Vec<String>),
    /// `null`, or an empty cell.
    Nothing,
    /// A value that no field takes, such as an object.
    Other,
}

/// Where a dish stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A line of a CSV file; the first is 1. A row with line breaks in its cells has several, and
    /// this is the first.
    Line(u64),
    /// A path in JSON: `Desserts[2]`.
    Path(String),
}

#[derive(Debug)]
pub(super) struct Row {
    pub(super) place: Place,
    pub(super) cells: BTreeMap<Column, Cell>,
    /// The category that the dish stands under, in a nested file.
    pub(super) within: Option<Category>,
}

impl Place {
    /// The name of a field there, as a problem has it: `ligne 12: prix`, `Desserts[2].prix`.
    pub(super) fn field(&self, column: Column) -> String {
        match self {
            Self::Line(_) => format!("{self}: {}", column.name()),
            Self::Path(_) => format!("{self}.{}", column.name()),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "ligne {line}"),
            Self::Path(path) => f.write_str(path),
        }
    }
}
