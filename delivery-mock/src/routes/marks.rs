//! The routes `/assigned` and `/update`, which know orders only.

use actix_web::{HttpResponse, web};
use order_feed::change_lock::run_to_end;
use service_kit::access::Caller;
use service_kit::failure::Failure;
use service_kit::input::Json;
use shared_types::delivery::{DeliveryStatus, NewDeliveryMark};
use shared_types::kitchen::Marked;
use shared_types::value::Timestamp;

use super::{SharedDispatch, failure};

pub(super) async fn assigned(dispatch: web::Data<SharedDispatch>, caller: Caller) -> HttpResponse {
    HttpResponse::Ok().json(dispatch.read().assigned(caller.own()))
}

pub(super) async fn update(
    dispatch: web::Data<SharedDispatch>,
    Json(mark): Json<NewDeliveryMark>,
) -> Result<HttpResponse, Failure> {
    let to = mark.status.unwrap_or(DeliveryStatus::Delivered);
    let order_id = mark.order_id;
    let marked = async move {
        let exclusive = dispatch.exclusive().await?;
        let marked = dispatch.read().marked(&order_id, to).map_err(failure)?;
        exclusive.report(&order_id, marked.news()).await?;
        let made = exclusive.change(|dispatch| Ok(dispatch.make(marked, Timestamp::now())))?;
        let status = made.status;
        Ok(Marked { order_id, status })
    };
    Ok(HttpResponse::Ok().json(run_to_end(marked).await?))
}
