//! The menu.

use deserr::Deserr;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::field::{FieldErrors, Line, Optional, Patched, Replaced};
use crate::id::DishId;
use crate::value::Price;
use crate::wire_enum::wire_enum;

mod allergens;
mod file;

pub use allergens::{Allergen, Allergens};
pub use file::{MenuFile, Spreadsheet};

/// A dish's name.
pub type Name = Line<100>;

/// A dish's description.
pub type Description = Line<500>;

wire_enum! {
    /// In the order of a meal; set menus come last.
    pub enum Category {
        Aperitif = "APERITIF" | "APERITIFS" | "APERO" | "APEROS" | "AMUSE_BOUCHE" | "AMUSE_BOUCHES",
        Starter = "ENTREE" | "ENTREES" | "HORS_D_OEUVRE" | "HORS_D_OEUVRES" | "STARTER" | "STARTERS" | "APPETIZER" | "APPETIZERS",
        Main = "PLAT_PRINCIPAL" | "PLATS_PRINCIPAUX" | "PLAT" | "PLATS" | "MAIN" | "MAINS" | "MAIN_COURSE" | "MAIN_COURSES" | "MAIN_DISH" | "MAIN_DISHES",
        Side = "ACCOMPAGNEMENT" | "ACCOMPAGNEMENTS" | "GARNITURE" | "GARNITURES" | "SIDE" | "SIDES" | "SIDE_DISH" | "SIDE_DISHES",
        Dessert = "DESSERT" | "DESSERTS",
        Drink = "BOISSON" | "BOISSONS" | "DRINK" | "DRINKS" | "BEVERAGE" | "BEVERAGES",
        SetMenu = "FORMULE" | "FORMULES" | "MENU" | "MENUS" | "SET_MENU" | "SET_MENUS",
    }
}

/// A dish to add to the menu.
#[derive(Clone, Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors)]
pub struct NewDish {
    #[deserr(rename = "nom")]
    #[schemars(rename = "nom")]
    pub name: Name,
    #[deserr(default)]
    #[schemars(default)]
    pub description: Optional<Description>,
    #[deserr(rename = "prix")]
    #[schemars(rename = "prix")]
    pub price: Price,
    #[deserr(rename = "categorie")]
    #[schemars(rename = "categorie")]
    pub category: Category,
    /// `true` when absent.
    #[deserr(default, rename = "disponible")]
    #[schemars(default, rename = "disponible")]
    pub available: Optional<bool>,
    /// `[]` for a dish without any; absent when nothing is said about it.
    #[deserr(default, rename = "allergenes")]
    #[schemars(default, rename = "allergenes")]
    pub allergens: Optional<Allergens>,
}

/// A change of a dish, as a JSON merge patch (RFC 7396). An absent field stays as it is.
#[derive(Clone, Debug, Default, Deserr, JsonSchema)]
#[deserr(error = FieldErrors)]
pub struct DishChange {
    #[deserr(default, rename = "nom")]
    #[schemars(default, rename = "nom")]
    pub name: Replaced<Name>,
    /// `null` removes it.
    #[deserr(default)]
    #[schemars(default)]
    pub description: Patched<Description>,
    #[deserr(default, rename = "prix")]
    #[schemars(default, rename = "prix")]
    pub price: Replaced<Price>,
    #[deserr(default, rename = "categorie")]
    #[schemars(default, rename = "categorie")]
    pub category: Replaced<Category>,
    #[deserr(default, rename = "disponible")]
    #[schemars(default, rename = "disponible")]
    pub available: Replaced<bool>,
    /// `null` takes back whatever was said about them.
    #[deserr(default, rename = "allergenes")]
    #[schemars(default, rename = "allergenes")]
    pub allergens: Patched<Allergens>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Dish {
    pub id: DishId,
    #[serde(rename = "nom")]
    pub name: String,
    pub description: Option<String>,
    #[serde(rename = "prix")]
    pub price: Price,
    #[serde(rename = "categorie")]
    pub category: Category,
    #[serde(rename = "disponible")]
    pub available: bool,
    /// Empty for a dish without any; `null` when nothing is said about it.
    #[serde(rename = "allergenes", default)]
    pub allergens: Option<Allergens>,
}

/// What became of a dish of an imported menu.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum ImportResult {
    Created,
    Updated,
    Unchanged,
}

/// The report of an import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImportReport {
    pub created: usize,
    pub updated: usize,
    pub unchanged: usize,
    /// `true` if nothing was changed, because only a report was asked for.
    #[serde(rename = "dryRun")]
    pub dry_run: bool,
    /// The encoding of the file.
    pub encoding: String,
    /// The columns that no dish has a field for.
    pub ignored: Vec<String>,
    /// Every dish of the file, in its order.
    pub dishes: Vec<ImportedDish>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImportedDish {
    /// Its place in the file: `ligne 12`, `Desserts[2]`.
    pub place: String,
    /// `null` for a dish that a dry run would create.
    pub id: Option<DishId>,
    #[serde(rename = "nom")]
    pub name: String,
    #[serde(rename = "categorie")]
    pub category: Category,
    pub result: ImportResult,
}

impl DishChange {
    pub fn apply(self, dish: &mut Dish) {
        if let Some(name) = self.name.into_option() {
            dish.name = name.into_string();
        }
        self.description
            .map(Line::into_string)
            .apply(&mut dish.description);
        if let Some(price) = self.price.into_option() {
            dish.price = price;
        }
        if let Some(category) = self.category.into_option() {
            dish.category = category;
        }
        if let Some(available) = self.available.into_option() {
            dish.available = available;
        }
        self.allergens.apply(&mut dish.allergens);
    }
}

#[cfg(test)]
mod tests {
    use super::Category;
    use crate::field::FromText as _;

    #[test]
    fn a_category_is_read_in_the_words_of_a_printed_menu() {
        for (spelled, category) in [
            ("Entrées", Category::Starter),
            ("Hors-d’œuvre", Category::Starter),
            ("Plats", Category::Main),
            ("plat principal", Category::Main),
            ("Plats principaux", Category::Main),
            ("Accompagnements", Category::Side),
            ("desserts", Category::Dessert),
            ("Boissons", Category::Drink),
            ("Formules", Category::SetMenu),
            ("Apéritifs", Category::Aperitif),
            ("Main courses", Category::Main),
            ("Drinks", Category::Drink),
        ] {
            assert_eq!(Category::from_text(spelled), Ok(category), "{spelled}");
        }
        assert!(Category::from_text("fromage").is_err());
    }
}
