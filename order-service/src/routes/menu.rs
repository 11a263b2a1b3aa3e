//! Reading the menu, and adding, changing and removing dishes.

mod transfer;

use actix_web::http::header::CONTENT_LANGUAGE;
use actix_web::{HttpRequest, HttpResponse, web};
use deserr::Deserr;
use service_kit::failure::Failure;
use service_kit::idempotency::Submission;
use service_kit::input::{IfMatch, Json, Parameters, Query, read, tagged};
use service_kit::observe::lang_of;
use shared_types::Confirmation;
use shared_types::field::{FieldErrors, FromText as _, Optional};
use shared_types::id::DishId;
use shared_types::menu::{Category, Dish, DishChange, NewDish};

use crate::store::{DishError, Store};

pub(super) use transfer::{export, import};

/// Any text is accepted: an unknown category has no dishes, which is not an error.
#[derive(Debug, Deserr)]
#[deserr(error = FieldErrors)]
pub(super) struct MenuFilter {
    #[deserr(default, rename = "categorie")]
    category: Optional<String>,
}

impl Parameters for MenuFilter {
    const SINGLE: &'static [&'static str] = &["categorie"];
    const OTHER_WORDS: &'static [(&'static str, &'static str)] = &[("category", "categorie")];
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
    request: HttpRequest,
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
        allergens: new.allergens.into_option(),
    };
    Ok(store.add_dish(dish, key).await?.created(&request))
}

pub(super) async fn find(
    store: web::Data<Store>,
    request: HttpRequest,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    read(&request, &store.dish(parse(&id)?).await?)
}

pub(super) async fn change(
    store: web::Data<Store>,
    id: web::Path<String>,
    seen: IfMatch,
    Json(change): Json<DishChange>,
) -> Result<HttpResponse, Failure> {
    tagged(&store.change_dish(parse(&id)?, change, &seen).await?)
}

pub(super) async fn remove(
    store: web::Data<Store>,
    id: web::Path<String>,
    seen: IfMatch,
    request: HttpRequest,
) -> Result<HttpResponse, Failure> {
    store.remove_dish(parse(&id)?, &seen).await?;
    let lang = lang_of(&request);
    let message = lang.sentences().menu.removed.to_owned();
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_LANGUAGE, lang.tag()))
        .json(Confirmation { message }))
}

/// An invalid UUID is no dish's id: the same 404.
fn parse(id: &str) -> Result<DishId, DishError> {
    DishId::from_text(id).map_err(|_not_a_uuid| DishError::Unknown)
}
