//! Finds the dishes in JSON, in the shapes that platforms and programs write:
//!
//! - a list of dishes, each with its category: `[{"nom": …, "categorie": …}]`;
//! - lists by category: `{"Entrées": [{"nom": …}], "Plats": […]}`;
//! - categories as objects: `{"categories": [{"name": "Starters", "items": [{"name": …}]}]}`.
//!
//! A dish's own category counts before the one that it stands in. A value beside the lists, such as
//! the restaurant's name, is ignored.

use std::collections::BTreeMap;

use deserr::{IntoValue as _, Map as _, Value};
use shared_types::field::{FieldErrors, FromText as _, Written, fold};
use shared_types::menu::Category;
use shared_types::text::Text;

use super::column::Column;
use super::row::{Cell, Place, Row};
use super::{MAX_DISHES, Unreadable};

/// Keys of a list that is not a category.
const WRAPPERS: &[&str] = &[
    "RESTAURANT",
    "MENU",
    "CARTE",
    "CATEGORIES",
    "SECTIONS",
    "ITEMS",
    "DISHES",
    "PRODUITS",
    "PRODUCTS",
    "ARTICLES",
    "DATA",
];

/// Keys of the dishes of a category.
const CONTENTS: &[&str] = &[
    "ITEMS", "PLATS", "DISHES", "PRODUITS", "PRODUCTS", "ARTICLES", "ENTRIES",
];

/// More than any shape above has. It bounds the recursion.
const MAX_DEPTH: usize = 8;

type Object<'a> = BTreeMap<String, Written<'a>>;

pub(super) fn rows(text: &str) -> Result<Vec<Row>, Unreadable> {
    let malformed = |error: serde_json::Error| Unreadable::Json(error.line(), error.column());
    let _whole: serde_json::Value = serde_json::from_str(text).map_err(malformed)?;
    let written: Written<'_> = serde_json::from_str(text).map_err(malformed)?;
    let mut found = Found::default();
    found.collect(written, None, String::new(), 0);
    if found.faults.is_empty() {
        Ok(found.rows)
    } else {
        Err(super::limited(found.faults, super::MAX_FAULTS).into())
    }
}

#[derive(Default)]
struct Found {
    rows: Vec<Row>,
    faults: FieldErrors,
}

impl Found {
    fn collect(
        &mut self,
        value: Written<'_>,
        within: Option<Category>,
        path: String,
        depth: usize,
    ) {
        // One more than allowed is enough for the refusal.
        if self.rows.len() > MAX_DISHES {
            return;
        }
        match value.into_value() {
            Value::Sequence(elements) if depth < MAX_DEPTH => {
                for (index, element) in elements.into_iter().enumerate() {
                    self.collect(element, within, format!("{path}[{index}]"), depth + 1);
                }
            }
            Value::Map(fields) if depth < MAX_DEPTH => {
                let object: Object<'_> = fields.into_iter().collect();
                self.object(object, within, path, depth);
            }
            _ => {
                let text = Text::fixed(|say| say.menu.not_a_dish);
                self.faults.push(path, text);
            }
        }
    }

    fn object(&mut self, object: Object<'_>, within: Option<Category>, path: String, depth: usize) {
        let has = |column| {
            let mut fields = object.iter();
            fields.any(|(key, value)| Column::titled(key) == Some(column) && !is_list(*value))
        };
        if has(Column::Price) {
            // A set menu may list what it consists of.
            self.rows.push(dish(object, within, path));
            return;
        }
        let contents = find(&object, CONTENTS);
        // The title of the whole file is the restaurant's.
        match (contents, title(&object)) {
            (Some((key, contents)), Some(title)) if depth > 0 => {
                match Category::from_text(&title) {
                    Ok(category) => {
                        let path = below(&path, key);
                        self.collect(contents, Some(category), path, depth + 1);
                    }
                    Err(text) => self.faults.push(path, text),
                }
            }
            (None, Some(_)) if find(&object, WRAPPERS).is_none() => {
                self.rows.push(dish(object, within, path));
            }
            _ => self.lists(object, &path, depth),
        }
    }

    /// An object of lists, by their category.
    fn lists(&mut self, object: Object<'_>, path: &str, depth: usize) {
        for (key, value) in object {
            if !is_list(value) && !is_object(value) {
                continue;
            }
            let path = below(path, &key);
            if WRAPPERS.contains(&fold(&key).as_str()) {
                self.collect(value, None, path, depth + 1);
                continue;
            }
            match Category::from_text(&key) {
                Ok(category) => self.collect(value, Some(category), path, depth + 1),
                Err(text) => self.faults.push(path, text),
            }
        }
    }
}

fn dish(object: Object<'_>, within: Option<Category>, path: String) -> Row {
    let mut cells = BTreeMap::new();
    for (key, value) in object {
        if let Some(column) = Column::titled(&key) {
            cells.entry(column).or_insert_with(|| cell(value));
        }
    }
    Row {
        place: Place::Path(path),
        cells,
        within,
    }
}

fn cell(value: Written<'_>) -> Cell {
    match value.into_value() {
        Value::Null => Cell::Nothing,
        Value::Boolean(flag) => Cell::Flag(flag),
        Value::Integer(number) => Cell::Number(number as f64),
        Value::NegativeInteger(number) => Cell::Number(number as f64),
        Value::Float(number) => Cell::Number(number),
        Value::String(text) if text.trim().is_empty() => Cell::Nothing,
        Value::String(text) => Cell::Text(text),
        Value::Sequence(elements) => {
            let texts = elements
                .into_iter()
                .map(|element| match element.into_value() {
                    Value::String(text) => Some(text),
                    _ => None,
                });
            texts.collect::<Option<_>>().map_or(Cell::Other, Cell::List)
        }
        Value::Map(_) => Cell::Other,
    }
}

/// The title of a category that is an object.
fn title(object: &Object<'_>) -> Option<String> {
    let titled = |wanted: Column| {
        let mut fields = object.iter();
        fields.find_map(|(key, value)| match cell(*value) {
            Cell::Text(text) if Column::titled(key) == Some(wanted) => Some(text),
            _ => None,
        })
    };
    titled(Column::Name).or_else(|| titled(Column::Category))
}

/// The first list or object under one of these keys.
fn find<'o, 'a>(object: &'o Object<'a>, keys: &[&str]) -> Option<(&'o str, Written<'a>)> {
    let mut fields = object.iter();
    let found = fields.find(|(key, value)| {
        keys.contains(&fold(key).as_str()) && (is_list(**value) || is_object(**value))
    });
    found.map(|(key, value)| (key.as_str(), *value))
}

fn is_list(value: Written<'_>) -> bool {
    value.kind() == deserr::ValueKind::Sequence
}

fn is_object(value: Written<'_>) -> bool {
    value.kind() == deserr::ValueKind::Map
}

fn below(path: &str, key: &str) -> String {
    let key: String = key.chars().take(100).collect();
    if path.is_empty() {
        key
    } else {
        format!("{path}.{key}")
    }
}
