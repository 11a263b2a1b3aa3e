//! Reads a menu that a restaurant already has: the CSV export of a till, a spreadsheet, or JSON of
//! a delivery platform. No I/O.
//!
//! 1. `text` decodes the bytes.
//! 2. `spreadsheet` (CSV) and `nested` (JSON) find the dishes in it, as rows of named cells.
//! 3. `entry` parses each row, by the same types as `POST /menu`. Every faulty cell is reported,
//!    with its line.
//! 4. `plan` decides what each dish becomes: a dish of the same name in the same category is
//!    changed and not doubled, so that an import can be repeated.
//!
//! All or nothing: a menu of which a part is missing would be noticed by guests first.

mod column;
mod entry;
mod nested;
mod plan;
mod price;
mod row;
mod spreadsheet;
mod text;

use shared_types::field::FieldErrors;
use shared_types::text::Text;

pub(crate) use entry::Entry;
pub(crate) use plan::{Planned, plan};

/// The largest menus of real restaurants have a few hundred dishes.
pub(crate) const MAX_DISHES: usize = 2_000;

/// Room for [`MAX_DISHES`] with long descriptions, and the gateway's own limit on a body.
pub(crate) const MAX_BYTES: usize = 1024 * 1024;

/// How many faults are listed. A wrong separator makes every line faulty.
const MAX_FAULTS: usize = 50;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Csv,
    Json,
}

/// The dishes of a file, and what else was found in it.
#[derive(Debug)]
pub(crate) struct Menu {
    pub(crate) entries: Vec<Entry>,
    /// The columns that no dish has a field for.
    pub(crate) ignored: Vec<String>,
    pub(crate) encoding: &'static str,
}

/// A file that is not imported.
#[derive(Debug)]
pub(crate) enum Unreadable {
    /// It is not well-formed JSON: the line and the column.
    Json(usize, usize),
    Faulty(FieldErrors),
}

impl From<FieldErrors> for Unreadable {
    fn from(faults: FieldErrors) -> Self {
        Self::Faulty(faults)
    }
}

/// Reads a file. `charset` is the encoding that its sender names, if any.
pub(crate) fn read(
    format: Format,
    bytes: &[u8],
    charset: Option<&str>,
) -> Result<Menu, Unreadable> {
    let (text, encoding) = text::decode(bytes, charset);
    let (rows, ignored) = match format {
        Format::Csv => spreadsheet::rows(&text)?,
        Format::Json => (nested::rows(&text)?, Vec::new()),
    };
    if rows.is_empty() {
        return Err(whole(Text::fixed(|say| say.menu.no_dish)).into());
    }
    if rows.len() > MAX_DISHES {
        let text = Text::formatted(|say| (say.menu.too_many_dishes)(MAX_DISHES));
        return Err(whole(text).into());
    }
    let entries = entry::parse_all(rows).map_err(|faults| limited(faults, MAX_FAULTS))?;
    Ok(Menu {
        entries,
        ignored,
        encoding,
    })
}

/// A fault of the file itself.
fn whole(text: Text) -> FieldErrors {
    FieldErrors::one("", text)
}

/// The first `most` faults, and how many follow.
fn limited(faults: FieldErrors, most: usize) -> FieldErrors {
    let count = faults.len();
    if count <= most {
        return faults;
    }
    let mut first: FieldErrors = faults.into_iter().take(most).collect();
    let text = Text::formatted(|say| (say.menu.further_faults)(count - most));
    first.push("", text);
    first
}
