//! Reads and withdraws kept requests, and tells how many wait.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpRequest, HttpResponse, web};
use service_kit::access::Caller;
use service_kit::failure::Failure;
use shared_types::field::FromText as _;
use shared_types::id::DeferredId;

use super::{Counter, shown};
use crate::store::EntryError;

pub(super) async fn find(
    counter: web::Data<Counter>,
    request: HttpRequest,
    caller: Caller,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let entry = counter.store.find(parse(&id)?, caller.own()).await?;
    shown(uncached(), &request, entry)
}

pub(super) async fn withdraw(
    counter: web::Data<Counter>,
    request: HttpRequest,
    caller: Caller,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let entry = counter.store.withdraw(parse(&id)?, caller.own()).await?;
    shown(uncached(), &request, entry)
}

pub(super) async fn queue(counter: web::Data<Counter>) -> Result<HttpResponse, Failure> {
    Ok(uncached().json(counter.store.queue().await?))
}

/// It changes by itself.
fn uncached() -> actix_web::HttpResponseBuilder {
    let mut answer = HttpResponse::Ok();
    answer.insert_header((CACHE_CONTROL, "no-store"));
    answer
}

/// An invalid UUID is no entry's id: the same 404.
fn parse(id: &str) -> Result<DeferredId, EntryError> {
    DeferredId::from_text(id).map_err(|_not_a_uuid| EntryError::Unknown)
}
