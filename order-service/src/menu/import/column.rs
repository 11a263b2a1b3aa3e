//! The fields of a dish, by the titles that tills, platforms and people give them.

use shared_types::field::fold;

/// In the order in which the faults of one row are reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Column {
    Name,
    Price,
    Category,
    Description,
    Available,
    Allergens,
}

const TITLES: &[(Column, &[&str])] = &[
    (
        Column::Name,
        &[
            "NOM",
            "NAME",
            "PLAT",
            "LIBELLE",
            "DISH",
            "ITEM",
            "PRODUIT",
            "PRODUCT",
            "ARTICLE",
            "DESIGNATION",
            "INTITULE",
            "TITRE",
            "TITLE",
            "NOM_DU_PLAT",
            "NOM_DU_PRODUIT",
            "DISH_NAME",
            "ITEM_NAME",
            "PRODUCT_NAME",
        ],
    ),
    (
        Column::Price,
        &[
            "PRIX",
            "PRICE",
            "TARIF",
            "PRIX_TTC",
            "PRIX_DE_VENTE",
            "PRIX_DE_VENTE_TTC",
            "PRIX_VENTE",
            "PRIX_UNITAIRE",
            "PRIX_UNITAIRE_TTC",
            "PU_TTC",
            "UNIT_PRICE",
        ],
    ),
    (
        Column::Category,
        &[
            "CATEGORIE",
            "CATEGORY",
            "FAMILLE",
            "RAYON",
            "SECTION",
            "COURSE",
            "TYPE",
        ],
    ),
    (
        Column::Description,
        &["DESCRIPTION", "DESCRIPTIF", "COMPOSITION", "DETAILS"],
    ),
    (
        Column::Available,
        &[
            "DISPONIBLE",
            "AVAILABLE",
            "DISPONIBILITE",
            "AVAILABILITY",
            "EN_STOCK",
            "IN_STOCK",
            "ACTIF",
            "ACTIVE",
        ],
    ),
    (
        Column::Allergens,
        &["ALLERGENES", "ALLERGENE", "ALLERGENS", "ALLERGEN"],
    ),
];

impl Column {
    /// `None` for a title that no field of a dish has: `Code PLU`, `TVA`.
    pub(super) fn titled(title: &str) -> Option<Self> {
        // What stands in parentheses is a unit or a hint: `Prix (€)`.
        let plain = title.split('(').next().unwrap_or(title).replace('€', "");
        let title = fold(&plain);
        let title = title.trim_matches(['_', ':', '*', '?']);
        let mut known = TITLES.iter();
        let (column, _titles) = known.find(|(_, titles)| titles.contains(&title))?;
        Some(*column)
    }

    /// The field's name on the wire.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Name => "nom",
            Self::Price => "prix",
            Self::Category => "categorie",
            Self::Description => "description",
            Self::Available => "disponible",
            Self::Allergens => "allergenes",
        }
    }

    /// The titles that are the likeliest, for a person who has to add one.
    pub(super) fn usual_titles(self) -> &'static str {
        match self {
            Self::Name => "nom, name, plat, libellé",
            Self::Price => "prix, price, prix TTC",
            Self::Category => "catégorie, category, famille",
            Self::Description => "description",
            Self::Available => "disponible, available",
            Self::Allergens => "allergènes, allergens",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Column;

    #[test]
    fn a_title_is_known_in_both_languages_whatever_its_case_and_accents() {
        for (title, column) in [
            ("Libellé", Column::Name),
            ("NAME", Column::Name),
            ("Prix (€)", Column::Price),
            ("Prix TTC €", Column::Price),
            (" price ", Column::Price),
            ("Catégorie :", Column::Category),
            ("famille", Column::Category),
            ("Descriptif", Column::Description),
            ("Available?", Column::Available),
            ("Allergènes", Column::Allergens),
        ] {
            assert_eq!(Column::titled(title), Some(column), "{title}");
        }
        for other in ["", "TVA", "Code PLU", "Prix HT", "Libellé court"] {
            assert_eq!(Column::titled(other), None, "{other}");
        }
    }
}
