//! Decides what each dish of a file becomes on the menu.
//!
//! A dish is the same if it has the same name in the same category, whatever its case and its
//! blanks. Accents count: *pâte* is not *pâté*. Of several such dishes on the menu, the oldest is
//! changed. Dishes that the file does not have stay as they are: a file of the desserts alone must
//! not remove the rest.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;

use shared_types::field::{Patched, composed_lower};
use shared_types::id::DishId;
use shared_types::menu::{Category, Dish, ImportResult};

use super::Entry;

/// A dish as it will be.
#[derive(Debug)]
pub(crate) struct Planned {
    /// Where it stands in the file, for the report.
    pub(crate) source: String,
    pub(crate) result: ImportResult,
    pub(crate) dish: Dish,
}

/// The name as it is compared.
pub(super) fn key(name: &str) -> String {
    let words: Vec<_> = name.split_whitespace().collect();
    composed_lower(&words.join(" "))
}

pub(crate) fn plan(menu: Vec<Dish>, entries: Vec<Entry>) -> Vec<Planned> {
    let mut known: HashMap<(Category, String), Dish> = HashMap::with_capacity(menu.len());
    for dish in menu {
        match known.entry((dish.category, key(&dish.name))) {
            Slot::Vacant(slot) => {
                slot.insert(dish);
            }
            // The ids are ordered by time.
            Slot::Occupied(mut first) if dish.id < first.get().id => {
                first.insert(dish);
            }
            Slot::Occupied(_) => {}
        }
    }
    let planned = entries.into_iter().map(|entry| {
        let before = known.remove(&(entry.category, key(&entry.name)));
        planned(before, entry)
    });
    planned.collect()
}

fn planned(before: Option<Dish>, entry: Entry) -> Planned {
    let source = entry.place.to_string();
    let dish = match &before {
        Some(before) => applied(before.clone(), entry),
        None => applied(blank(&entry), entry),
    };
    let result = match before {
        None => ImportResult::Created,
        Some(before) if before == dish => ImportResult::Unchanged,
        Some(_) => ImportResult::Updated,
    };
    Planned {
        source,
        result,
        dish,
    }
}

fn blank(entry: &Entry) -> Dish {
    Dish {
        id: DishId::generate(),
        name: String::new(),
        description: None,
        price: entry.price,
        category: entry.category,
        available: true,
        allergens: None,
    }
}

fn applied(mut dish: Dish, entry: Entry) -> Dish {
    dish.name = entry.name;
    dish.price = entry.price;
    entry.description.apply(&mut dish.description);
    entry.allergens.apply(&mut dish.allergens);
    match entry.available {
        Patched::Unchanged => {}
        // As in `POST /menu`.
        Patched::Removed => dish.available = true,
        Patched::Set(available) => dish.available = available,
    }
    dish
}
