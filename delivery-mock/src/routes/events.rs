//! `/events`: what the order service tells.

use actix_web::{HttpResponse, web};
use service_kit::failure::Failure;
use service_kit::input::Json;
use shared_types::event::OrderEvent;

use super::SharedDispatch;

/// Anything but 2xx makes the order service send the event again, so a full list misses nothing.
pub(super) async fn hear(
    dispatch: web::Data<SharedDispatch>,
    Json(event): Json<OrderEvent>,
) -> Result<HttpResponse, Failure> {
    dispatch.learn(&event.order)?;
    // What the order service refused because it came too early.
    let ahead = dispatch.lock().ahead_of(&event.order);
    dispatch.report(&event.order.id.into(), ahead).await?;
    Ok(HttpResponse::NoContent().finish())
}
