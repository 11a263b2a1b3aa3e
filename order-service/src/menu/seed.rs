//! The sample menu of a demonstration. Its ids are fixed, so that a link or a bookmark outlives the
//! database.

use shared_types::field::FromText as _;
use shared_types::id::DishId;
use shared_types::menu::{Category, Dish};
use shared_types::value::Price;

use crate::store::{Store, StoreError};

struct Sample {
    id: &'static str,
    name: &'static str,
    description: &'static str,
    cents: i64,
    category: Category,
    available: bool,
}

const SAMPLES: &[Sample] = &[
    Sample {
        id: "0192f0c4-0a11-7000-8000-000000000001",
        name: "Tarte aux pommes",
        description: "Pommes du verger, crème fraîche",
        cents: 650,
        category: Category::Dessert,
        available: true,
    },
    Sample {
        id: "0192f0c4-0a11-7000-8000-000000000002",
        name: "Soupe à l'oignon",
        description: "Gratinée au comté",
        cents: 850,
        category: Category::Starter,
        available: true,
    },
    Sample {
        id: "0192f0c4-0a11-7000-8000-000000000003",
        name: "Œufs mayonnaise",
        description: "Œufs fermiers, mayonnaise à la moutarde de Dijon",
        cents: 690,
        category: Category::Starter,
        available: true,
    },
    Sample {
        id: "0192f0c4-0a11-7000-8000-000000000004",
        name: "Bœuf bourguignon",
        description: "Mijoté au vin rouge, carottes et lardons",
        cents: 1850,
        category: Category::Main,
        available: true,
    },
    Sample {
        id: "0192f0c4-0a11-7000-8000-000000000005",
        name: "Ratatouille",
        description: "Légumes du soleil, huile d'olive, basilic",
        cents: 1400,
        category: Category::Main,
        available: true,
    },
    Sample {
        id: "0192f0c4-0a11-7000-8000-000000000006",
        name: "Moules marinières",
        description: "Moules de bouchot, en saison seulement",
        cents: 1690,
        category: Category::Main,
        available: false,
    },
    Sample {
        id: "0192f0c4-0a11-7000-8000-000000000007",
        name: "Crème brûlée",
        description: "À la vanille de Madagascar",
        cents: 750,
        category: Category::Dessert,
        available: true,
    },
    Sample {
        id: "0192f0c4-0a11-7000-8000-000000000008",
        name: "Limonade maison",
        description: "Citron pressé et menthe fraîche",
        cents: 450,
        category: Category::Drink,
        available: true,
    },
];

/// Fills only an empty menu, so a restaurant's own dishes are never touched.
pub(crate) async fn fill_empty_menu(store: &Store) -> Result<(), StoreError> {
    if store.fill_empty_menu(&dishes()).await? {
        log::info!("the menu was empty and now has the sample dishes");
    }
    Ok(())
}

fn dishes() -> Vec<Dish> {
    SAMPLES.iter().filter_map(dish).collect()
}

fn dish(sample: &Sample) -> Option<Dish> {
    Some(Dish {
        id: DishId::from_text(sample.id).ok()?,
        name: sample.name.to_owned(),
        description: Some(sample.description.to_owned()),
        price: Price::from_cents(sample.cents)?,
        category: sample.category,
        available: sample.available,
        allergens: None,
    })
}

#[cfg(test)]
mod tests {
    use super::{SAMPLES, dishes};

    #[test]
    fn every_sample_is_a_dish() {
        assert_eq!(dishes().len(), SAMPLES.len());
    }
}
