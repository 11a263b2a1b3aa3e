//! Making orders, reading them, and moving them on.

use actix_web::http::header::{HeaderName, LINK};
use actix_web::{HttpResponse, web};
use service_kit::failure::Failure;
use service_kit::idempotency::Submission;
use service_kit::input::{Json, Query};
use shared_types::field::FromText as _;
use shared_types::id::OrderId;
use shared_types::order::{NewOrder, StatusChange};

use crate::page::Listing;
use crate::store::{OrderError, Store};

/// The cursor by itself, for clients that read no `Link`.
const NEXT_CURSOR: HeaderName = HeaderName::from_static("x-next-cursor");

pub(super) async fn place(
    store: web::Data<Store>,
    submission: Submission<NewOrder>,
) -> Result<HttpResponse, Failure> {
    // Nothing in an order is worth guessing for whoever can read the orders themselves.
    let key = submission.key.map(|key| key.sealed_with(b""));
    // No `Location`: the path a client would use is the gateway's, which a service does not know.
    Ok(store.place(submission.body, key).await?.created())
}

pub(super) async fn list(
    store: web::Data<Store>,
    Query(listing): Query<Listing>,
) -> Result<HttpResponse, Failure> {
    let page = store.orders(&listing).await?;
    let mut answer = HttpResponse::Ok();
    if let Some(last) = page.continues_after {
        answer.insert_header((LINK, listing.next_link(last)));
        answer.insert_header((NEXT_CURSOR, last.to_string()));
    }
    Ok(answer.json(page.orders))
}

pub(super) async fn find(
    store: web::Data<Store>,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let order = store.order(parse(&id)?).await?;
    Ok(HttpResponse::Ok().json(order))
}

pub(super) async fn change_status(
    store: web::Data<Store>,
    id: web::Path<String>,
    Json(change): Json<StatusChange>,
) -> Result<HttpResponse, Failure> {
    let order = store.change_status(parse(&id)?, change.status).await?;
    Ok(HttpResponse::Ok().json(order))
}

/// What is no UUID is no order's id either: the same 404.
fn parse(id: &str) -> Result<OrderId, OrderError> {
    OrderId::from_text(id).map_err(|_not_a_uuid| OrderError::Unknown)
}
