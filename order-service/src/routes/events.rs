//! The route `/events`, which receives the erasures of the client service.

use actix_web::http::header::RETRY_AFTER;
use actix_web::{HttpResponse, web};
use service_kit::failure::Failure;
use service_kit::input::Json;
use shared_types::event::ClientErased;

use crate::store::Store;

/// How soon it is worth asking again, in seconds.
const ASK_AGAIN: &str = "2";

/// 204 if nothing names the client any more, and 202 if the event is to be sent again: an order has
/// not ended yet, or a subscriber has not taken an event yet.
pub(super) async fn receive(
    store: web::Data<Store>,
    Json(event): Json<ClientErased>,
) -> Result<HttpResponse, Failure> {
    if store.erase_client(event.client).await? {
        return Ok(HttpResponse::NoContent().finish());
    }
    Ok(HttpResponse::Accepted()
        .insert_header((RETRY_AFTER, ASK_AGAIN))
        .finish())
}
