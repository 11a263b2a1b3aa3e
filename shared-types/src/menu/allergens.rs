//! The allergens that a restaurant must be able to name: the 14 of Annex II of Regulation (EU)
//! No 1169/2011, in its order.
//!
//! A dish without any allergen has an empty list. A dish about which nothing was said has none of
//! the lists: to take silence for "free of allergens" would be dangerous.

use deserr::{Deserr, IntoValue, Value, ValueKind, ValuePointerRef};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::field::{FieldErrors, FromText, path_of, wrong_kind};
use crate::text::Text;
use crate::wire_enum::{fold, wire_enum};

wire_enum! {
    pub enum Allergen {
        Gluten = "GLUTEN" | "GLUTENS" | "BLE" | "CEREALES" | "CEREALES_CONTENANT_DU_GLUTEN" | "WHEAT" | "CEREALS" | "CEREALS_CONTAINING_GLUTEN",
        Crustaceans = "CRUSTACES" | "CRUSTACE" | "CRUSTACEAN" | "CRUSTACEANS",
        Eggs = "OEUFS" | "OEUF" | "EGG" | "EGGS",
        Fish = "POISSONS" | "POISSON" | "FISH",
        Peanuts = "ARACHIDES" | "ARACHIDE" | "CACAHUETE" | "CACAHUETES" | "PEANUT" | "PEANUTS",
        Soya = "SOJA" | "SOYA" | "SOY" | "SOYBEAN" | "SOYBEANS",
        Milk = "LAIT" | "LAITS" | "LACTOSE" | "PRODUITS_LAITIERS" | "MILK" | "DAIRY",
        Nuts = "FRUITS_A_COQUE" | "FRUIT_A_COQUE" | "FRUITS_A_COQUES" | "NOIX" | "NUT" | "NUTS" | "TREE_NUT" | "TREE_NUTS",
        Celery = "CELERI" | "CELERIS" | "CELERY",
        Mustard = "MOUTARDE" | "MOUTARDES" | "MUSTARD",
        Sesame = "SESAME" | "SESAMES" | "GRAINES_DE_SESAME" | "SESAME_SEEDS",
        Sulphites = "SULFITES" | "SULFITE" | "ANHYDRIDE_SULFUREUX" | "ANHYDRIDE_SULFUREUX_ET_SULFITES" | "SULPHITE" | "SULPHITES" | "SULFUR_DIOXIDE" | "SULPHUR_DIOXIDE",
        Lupin = "LUPIN" | "LUPINS" | "LUPINE",
        Molluscs = "MOLLUSQUES" | "MOLLUSQUE" | "MOLLUSC" | "MOLLUSCS" | "MOLLUSK" | "MOLLUSKS",
    }
}

/// What stands between the names in a text.
const SEPARATORS: [char; 6] = [',', ';', '/', '|', '+', '\n'];

/// Each allergen at most once, in the order of the regulation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub struct Allergens(Vec<Allergen>);

impl Allergens {
    #[must_use]
    pub fn of(named: &[Allergen]) -> Self {
        let all = Allergen::ALL.iter().copied();
        Self(all.filter(|one| named.contains(one)).collect())
    }

    pub fn iter(&self) -> impl Iterator<Item = Allergen> {
        self.0.iter().copied()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The names in one text, as the database and a spreadsheet have them.
    #[must_use]
    pub fn joined(&self, separator: &str) -> String {
        let names: Vec<_> = self.iter().map(Allergen::as_str).collect();
        names.join(separator)
    }
}

/// `gluten, œufs`; `aucun` is an empty list.
impl FromText for Allergens {
    fn from_text(text: &str) -> Result<Self, Text> {
        if matches!(
            fold(text).as_str(),
            "AUCUN" | "AUCUNS" | "AUCUN_ALLERGENE" | "SANS" | "NEANT" | "NONE" | "NO"
        ) {
            return Ok(Self::default());
        }
        let parts = text.split(SEPARATORS).map(str::trim);
        let named: Vec<_> = parts
            .filter(|part| !part.is_empty())
            .map(Allergen::from_text)
            .collect::<Result<_, _>>()?;
        Ok(Self::of(&named))
    }
}

impl Deserr<FieldErrors> for Allergens {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, FieldErrors> {
        match value {
            Value::String(text) => {
                Self::from_text(&text).map_err(|text| FieldErrors::one(path_of(location), text))
            }
            Value::Sequence(_) => {
                let named = Vec::<Allergen>::deserialize_from_value(value, location)?;
                Ok(Self::of(&named))
            }
            other => Err(wrong_kind(other, &[ValueKind::Sequence], location)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Allergen, Allergens};
    use crate::field::{FieldErrors, FromText as _};

    #[test]
    fn an_allergen_is_read_in_every_usual_spelling() {
        for (spelled, allergen) in [
            ("GLUTEN", Allergen::Gluten),
            ("œuf", Allergen::Eggs),
            ("Oeufs", Allergen::Eggs),
            ("fruits à coque", Allergen::Nuts),
            ("Céleri", Allergen::Celery),
            ("crustacés", Allergen::Crustaceans),
            ("milk", Allergen::Milk),
            ("sulphites", Allergen::Sulphites),
        ] {
            assert_eq!(Allergen::from_text(spelled), Ok(allergen), "{spelled}");
        }
        assert!(Allergen::from_text("fraise").is_err());
    }

    #[test]
    fn a_list_has_each_once_in_the_order_of_the_regulation() {
        let read = |body| deserr::deserialize::<Allergens, _, FieldErrors>(body);
        let list = read(json!(["lait", "gluten", "Lait"])).unwrap();
        assert_eq!(list.joined(","), "GLUTEN,LAIT");
        assert_eq!(read(json!("lait / gluten")).unwrap(), list);
        assert!(read(json!([])).unwrap().is_empty());
        assert!(read(json!("aucun")).unwrap().is_empty());
        for bad in [json!(7), json!({}), json!(["gluten", 7]), json!("lait, ?")] {
            assert!(read(bad.clone()).is_err(), "{bad}");
        }
    }

    #[test]
    fn there_are_fourteen() {
        assert_eq!(Allergen::ALL.len(), 14);
    }
}
