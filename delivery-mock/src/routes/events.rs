//! The route `/events`, which receives the events of the order service.

use actix_web::{HttpResponse, web};
use order_feed::change_lock::run_to_end;
use service_kit::failure::Failure;
use service_kit::input::Json;
use shared_types::event::OrderEvent;

use super::SharedDispatch;

/// Any answer but 2xx makes the order service send the event again, so delivery misses nothing.
pub(super) async fn receive(
    dispatch: web::Data<SharedDispatch>,
    Json(event): Json<OrderEvent>,
) -> Result<HttpResponse, Failure> {
    let received = async move {
        dispatch.receive(&event.order).await?;
        let exclusive = dispatch.exclusive().await?;
        // Reports again a status that the order service refused because it came too early.
        let ahead = dispatch.read().ahead_of(&event.order);
        exclusive.report(&event.order.id.into(), ahead).await
    };
    run_to_end(received).await?;
    Ok(HttpResponse::NoContent().finish())
}
