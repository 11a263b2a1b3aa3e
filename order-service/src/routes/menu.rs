//! Reading the menu and adding to it.

use actix_web::{HttpResponse, web};
use deserr::Deserr;
use service_kit::failure::Failure;
use service_kit::idempotency::Submission;
use service_kit::input::Query;
use shared_types::field::{FieldErrors, FromText as _, Optional};
use shared_types::id::DishId;
use shared_types::menu::{Category, Dish, NewDish};

use crate::store::Store;

/// Any text is accepted: an unknown category has no dishes, which is not an error.
#[derive(Debug, Deserr)]
#[deserr(error = FieldErrors)]
pub(super) struct MenuFilter {
    #[deserr(default, rename = "categorie")]
    category: Optional<String>,
}

pub(super) async fn list(
    store: web::Data<Store>,
    Query(filter): Query<MenuFilter>,
) -> Result<HttpResponse, Failure> {
    let category = filter
        .category
        .as_ref()
        .map(|text| Category::from_text(text));
    let dishes = match category {
        None => store.menu(None).await?,
        Some(Ok(category)) => store.menu(Some(category)).await?,
        Some(Err(_unknown)) => Vec::new(),
    };
    Ok(HttpResponse::Ok().json(dishes))
}

pub(super) async fn add(
    store: web::Data<Store>,
    submission: Submission<NewDish>,
) -> Result<HttpResponse, Failure> {
    // The path is part of the hash, so that an order's key counts as used with another body.
    let key = submission.key.map(|key| key.sealed_with(b"/menu"));
    let new = submission.body;
    let dish = Dish {
        id: DishId::generate(),
        name: new.name.into_string(),
        description: new.description.into_option().map(|line| line.into_string()),
        price: new.price,
        category: new.category,
        available: new.available.into_option().unwrap_or(true),
    };
    Ok(store.add_dish(dish, key).await?.created())
}
