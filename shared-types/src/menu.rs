//! The menu.

use deserr::Deserr;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::field::{FieldErrors, Line, Optional};
use crate::id::DishId;
use crate::value::Price;
use crate::wire_enum::wire_enum;

wire_enum! {
    pub enum Category {
        Starter = "ENTREE",
        Main = "PLAT_PRINCIPAL",
        Dessert = "DESSERT",
        Drink = "BOISSON",
    }
}

/// A dish to add to the menu.
#[derive(Clone, Debug, Deserr, JsonSchema)]
#[deserr(error = FieldErrors)]
pub struct NewDish {
    #[deserr(rename = "nom")]
    #[schemars(rename = "nom")]
    pub name: Line<100>,
    #[deserr(default)]
    #[schemars(default)]
    pub description: Optional<Line<500>>,
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
}
