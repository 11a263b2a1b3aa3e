//! `/assigned` and `/update`: the small family that only knows orders.

use actix_web::{HttpResponse, web};
use service_kit::failure::Failure;
use service_kit::input::Json;
use shared_types::delivery::{DeliveryStatus, NewDeliveryMark};
use shared_types::kitchen::Marked;
use shared_types::value::Timestamp;

use super::{SharedDispatch, failure};
use crate::dispatch::order_status;

pub(super) async fn assigned(dispatch: web::Data<SharedDispatch>) -> HttpResponse {
    HttpResponse::Ok().json(dispatch.lock().assigned())
}

pub(super) async fn update(
    dispatch: web::Data<SharedDispatch>,
    Json(mark): Json<NewDeliveryMark>,
) -> Result<HttpResponse, Failure> {
    let to = mark.status.unwrap_or(DeliveryStatus::Delivered);
    let order_id = mark.order_id;
    let marked = dispatch.lock().marked(&order_id, to).map_err(failure)?;
    dispatch
        .report(&order_id, order_status(marked.status))
        .await?;
    let marked = dispatch.lock().mark(&order_id, to, Timestamp::now());
    let status = marked.map_err(failure)?;
    Ok(HttpResponse::Ok().json(Marked { order_id, status }))
}
