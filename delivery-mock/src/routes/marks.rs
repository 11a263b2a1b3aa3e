//! `/assigned` and `/update`: the small family that only knows orders.

use actix_web::{HttpResponse, web};
use service_kit::failure::Failure;
use service_kit::input::Json;
use service_kit::turns::to_its_end;
use shared_types::delivery::{DeliveryStatus, NewDeliveryMark};
use shared_types::kitchen::Marked;
use shared_types::value::Timestamp;

use super::{SharedDispatch, failure};

pub(super) async fn assigned(dispatch: web::Data<SharedDispatch>) -> HttpResponse {
    HttpResponse::Ok().json(dispatch.read().assigned())
}

pub(super) async fn update(
    dispatch: web::Data<SharedDispatch>,
    Json(mark): Json<NewDeliveryMark>,
) -> Result<HttpResponse, Failure> {
    let to = mark.status.unwrap_or(DeliveryStatus::Delivered);
    let order_id = mark.order_id;
    let marked = async move {
        let turn = dispatch.turn().await?;
        let marked = dispatch.read().marked(&order_id, to).map_err(failure)?;
        turn.report(&order_id, marked.news()).await?;
        let made = turn.change(|dispatch| Ok(dispatch.make(marked, Timestamp::now())))?;
        let status = made.status;
        Ok(Marked { order_id, status })
    };
    Ok(HttpResponse::Ok().json(to_its_end(marked).await?))
}
