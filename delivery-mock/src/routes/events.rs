//! `/events`: what the order service tells.

use actix_web::{HttpResponse, web};
use service_kit::failure::Failure;
use service_kit::input::Json;
use service_kit::turns::to_its_end;
use shared_types::event::OrderEvent;

use super::SharedDispatch;

/// Anything but 2xx makes the order service send the event again, so delivery misses nothing.
pub(super) async fn hear(
    dispatch: web::Data<SharedDispatch>,
    Json(event): Json<OrderEvent>,
) -> Result<HttpResponse, Failure> {
    let heard = async move {
        dispatch.hear(&event.order).await?;
        let turn = dispatch.turn().await?;
        // What the order service refused because it came too early.
        let ahead = dispatch.read().ahead_of(&event.order);
        turn.report(&event.order.id.into(), ahead).await
    };
    to_its_end(heard).await?;
    Ok(HttpResponse::NoContent().finish())
}
