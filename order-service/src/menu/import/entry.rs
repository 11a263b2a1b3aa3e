//! Parses a row by the rules of a dish.
//!
//! A row is a merge patch of the dish that it names: a column that the file does not have changes
//! nothing, and an empty cell removes what it had.

use std::collections::HashMap;

use shared_types::field::{FieldErrors, FromText, Line, Patched, fold};
use shared_types::menu::{Allergen, Allergens, Category, Description, Name};
use shared_types::text::Text;
use shared_types::value::Price;

use super::column::Column;
use super::price;
use super::row::{Cell, Place, Row};

/// A dish of the file.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(super) place: Place,
    pub(super) name: String,
    pub(super) category: Category,
    pub(super) price: Price,
    pub(super) description: Patched<String>,
    pub(super) available: Patched<bool>,
    pub(super) allergens: Patched<Allergens>,
}

/// The dishes of all rows, or every fault of every row.
pub(super) fn parse_all(rows: Vec<Row>) -> Result<Vec<Entry>, FieldErrors> {
    let mut faults = FieldErrors::default();
    let mut entries = Vec::with_capacity(rows.len());
    let mut places: HashMap<(Category, String), String> = HashMap::new();
    for row in rows {
        let Some(entry) = parse(row, &mut faults) else {
            continue;
        };
        let key = (entry.category, super::plan::key(&entry.name));
        if let Some(first) = places.get(&key) {
            let text = Text::formatted(|say| (say.menu.stands_twice)(first));
            faults.push(entry.place.field(Column::Name), text);
            continue;
        }
        places.insert(key, entry.place.to_string());
        entries.push(entry);
    }
    if faults.is_empty() {
        Ok(entries)
    } else {
        Err(faults)
    }
}

/// `None` for a faulty row.
fn parse(mut row: Row, faults: &mut FieldErrors) -> Option<Entry> {
    let within = row.within;
    let mut cells = Cells {
        row: &mut row,
        faults,
    };
    let name = cells.needed(Column::Name, |cell| Some(name(cell)));
    let price = cells.needed(Column::Price, |cell| Some(amount(cell)));
    let category = cells.needed(Column::Category, |cell| match cell {
        Cell::Nothing => within.map(Ok),
        cell => Some(text::<Category>(cell)),
    });
    let description = cells.patched(Column::Description, text::<Description>);
    let available = cells.patched(Column::Available, flag);
    let allergens = cells.patched(Column::Allergens, allergens);
    Some(Entry {
        place: row.place,
        name: name?.into_string(),
        price: price?,
        category: category?,
        description: description?.map(Line::into_string),
        available: available?,
        allergens: allergens?,
    })
}

struct Cells<'a> {
    row: &'a mut Row,
    faults: &'a mut FieldErrors,
}

impl Cells<'_> {
    /// `None` is a fault that is reported.
    fn needed<T>(
        &mut self,
        column: Column,
        parse: impl FnOnce(Cell) -> Option<Result<T, Text>>,
    ) -> Option<T> {
        let cell = self.row.cells.remove(&column).unwrap_or(Cell::Nothing);
        let required = || Err(Text::fixed(|say| say.fields.required));
        self.noted(column, parse(cell).unwrap_or_else(required))
    }

    fn patched<T>(
        &mut self,
        column: Column,
        parse: impl FnOnce(Cell) -> Result<T, Text>,
    ) -> Option<Patched<T>> {
        match self.row.cells.remove(&column) {
            None => Some(Patched::Unchanged),
            Some(Cell::Nothing) => Some(Patched::Removed),
            Some(cell) => self.noted(column, parse(cell)).map(Patched::Set),
        }
    }

    fn noted<T>(&mut self, column: Column, parsed: Result<T, Text>) -> Option<T> {
        parsed
            .map_err(|text| self.faults.push(self.row.place.field(column), text))
            .ok()
    }
}

fn name(cell: Cell) -> Result<Name, Text> {
    match cell {
        Cell::Nothing => Err(Text::fixed(|say| say.fields.required)),
        cell => text(cell),
    }
}

fn text<T: FromText>(cell: Cell) -> Result<T, Text> {
    match cell {
        Cell::Text(text) => T::from_text(&text),
        _ => Err(Text::fixed(|say| say.menu.text_expected)),
    }
}

fn amount(cell: Cell) -> Result<Price, Text> {
    match cell {
        Cell::Nothing => Err(Text::fixed(|say| say.fields.required)),
        Cell::Number(euros) => Price::from_euros(euros),
        Cell::Text(text) => price::parse(&text),
        _ => Err(Text::fixed(|say| say.menu.amount)),
    }
}

fn flag(cell: Cell) -> Result<bool, Text> {
    let word = match cell {
        Cell::Flag(flag) => return Ok(flag),
        Cell::Text(text) => fold(&text),
        Cell::Number(number) => number.to_string(),
        _ => String::new(),
    };
    match word.as_str() {
        "OUI" | "O" | "YES" | "Y" | "TRUE" | "VRAI" | "1" | "X" | "DISPONIBLE" | "AVAILABLE"
        | "ACTIF" | "ACTIVE" | "EN_STOCK" | "IN_STOCK" => Ok(true),
        "NON" | "N" | "NO" | "FALSE" | "FAUX" | "0" | "INDISPONIBLE" | "UNAVAILABLE" | "EPUISE"
        | "SOLD_OUT" | "INACTIF" | "INACTIVE" | "RUPTURE" | "EN_RUPTURE" | "OUT_OF_STOCK" => {
            Ok(false)
        }
        _ => Err(Text::fixed(|say| say.menu.yes_or_no)),
    }
}

fn allergens(cell: Cell) -> Result<Allergens, Text> {
    match cell {
        Cell::List(names) => {
            let named = names.iter().map(|name| Allergen::from_text(name));
            let named: Vec<_> = named.collect::<Result<_, _>>()?;
            Ok(Allergens::of(&named))
        }
        cell => text(cell),
    }
}
