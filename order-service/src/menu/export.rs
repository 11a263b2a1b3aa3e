//! Writes the menu as a file that `import` reads back.
//!
//! The CSV file is one that a spreadsheet in French opens by a double click: a byte-order mark,
//! semicolons, decimal commas.

use csv::{QuoteStyle, Terminator, WriterBuilder};
use shared_types::menu::Dish;

const TITLES: [&str; 6] = [
    "nom",
    "description",
    "prix",
    "categorie",
    "disponible",
    "allergenes",
];

/// # Errors
/// None: a text in memory takes everything. The type is the writer's.
pub(crate) fn csv(menu: &[Dish]) -> Result<Vec<u8>, csv::Error> {
    let mut writer = WriterBuilder::new()
        .delimiter(b';')
        .terminator(Terminator::CRLF)
        .quote_style(QuoteStyle::Necessary)
        .from_writer("\u{feff}".as_bytes().to_vec());
    writer.write_record(TITLES)?;
    for dish in menu {
        let cents = dish.price.cents();
        let named = dish.allergens.as_ref();
        let allergens = named.map_or_else(String::new, |named| match named.is_empty() {
            true => "aucun".to_owned(),
            false => named.joined(", "),
        });
        writer.write_record([
            guarded(&dish.name).as_str(),
            &guarded(dish.description.as_deref().unwrap_or_default()),
            &format!("{},{:02}", cents / 100, cents % 100),
            dish.category.as_str(),
            if dish.available { "oui" } else { "non" },
            &allergens,
        ])?;
    }
    writer
        .into_inner()
        .map_err(|error| error.into_error().into())
}

/// A spreadsheet would compute a cell that begins like a formula. An apostrophe keeps it a text; the
/// import drops it.
fn guarded(text: &str) -> String {
    let is_computed = text.starts_with(['=', '+', '-', '@']);
    format!("{}{text}", if is_computed { "'" } else { "" })
}
