//! The routes of `/livraisons`.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use deserr::Deserr;
use order_feed::change_lock::run_to_end;
use service_kit::access::Caller;
use service_kit::failure::Failure;
use service_kit::idempotency::Submission;
use service_kit::input::{IfMatch, Parameters, Patch, Query, Several, read, tagged};
use shared_types::delivery::{CourierChoice, Delivery, DeliveryPatch, DeliveryStatus, NewDelivery};
use shared_types::field::{FieldErrors, Optional};
use shared_types::id::{CourierId, DeliveryId, OrderRef};
use shared_types::problem::Code;
use shared_types::value::Timestamp;

use super::shared::Asked;
use super::{SharedDispatch, failure, id_of};
use crate::dispatch::{Refusal, check};

/// `?livreurId=`, `?commandeId=` and `?statut=`. An unknown courier is no error: the unassigned deliveries
/// remain. Neither is an unknown order: it has no delivery.
#[derive(Deserr)]
#[deserr(error = FieldErrors)]
pub(super) struct Filter {
    #[deserr(default, rename = "livreurId")]
    courier_id: Optional<CourierId>,
    #[deserr(default, rename = "commandeId")]
    order_id: Optional<OrderRef>,
    #[deserr(default, rename = "statut")]
    status: Several<DeliveryStatus>,
}

impl Parameters for Filter {
    const SINGLE: &'static [&'static str] = &["livreurId", "commandeId"];
    const SEVERAL: &'static [&'static str] = &["statut"];
    const OTHER_WORDS: &'static [(&'static str, &'static str)] = &[
        ("livreur", "livreurId"),
        ("courier", "livreurId"),
        ("courierId", "livreurId"),
        ("commande", "commandeId"),
        ("order", "commandeId"),
        ("orderId", "commandeId"),
        ("status", "statut"),
        ("etat", "statut"),
        ("état", "statut"),
        ("state", "statut"),
    ];
}

pub(super) async fn list(
    dispatch: web::Data<SharedDispatch>,
    caller: Caller,
    Query(filter): Query<Filter>,
) -> HttpResponse {
    let courier = filter.courier_id.into_option();
    let order = filter.order_id.into_option();
    let statuses = filter.status.values();
    let dispatch = dispatch.read();
    let found = dispatch.deliveries(courier, order.as_ref(), caller.own(), statuses);
    HttpResponse::Ok().json(found)
}

pub(super) async fn open(
    dispatch: web::Data<SharedDispatch>,
    request: HttpRequest,
    caller: Caller,
    submission: Submission<NewDelivery>,
) -> Result<HttpResponse, Failure> {
    let asked = Asked::of(&request, submission.key);
    if caller.own().is_some() && submission.body.courier_id.as_ref().is_some() {
        return Err(Failure::new(Code::Forbidden)); // couriers are chosen by those who work here
    }
    let exclusive = dispatch.exclusive().await?;
    let order = &submission.body.order_id;
    let checked = dispatch.read().check_order(order, caller.own());
    checked.map_err(failure)?;
    let opened = exclusive.once(&asked, made, |dispatch| {
        dispatch.open(submission.body, asked.client, Timestamp::now())
    });
    Ok(opened?.created(&request))
}

pub(super) async fn show(
    dispatch: web::Data<SharedDispatch>,
    request: HttpRequest,
    caller: Caller,
    path: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let delivery = dispatch.read().delivery_of(id(&path)?, caller.own());
    let delivery = delivery.map_err(failure)?;
    read(&request, &delivery)
}

pub(super) async fn change(
    dispatch: web::Data<SharedDispatch>,
    seen: IfMatch,
    path: web::Path<String>,
    Patch(change): Patch<DeliveryPatch>,
) -> Result<HttpResponse, Failure> {
    let id = id(&path)?;
    let changed = async move {
        let exclusive = dispatch.exclusive().await?;
        let changed = dispatch.read().changed(id, change, &seen);
        let changed = changed.map_err(failure)?;
        // The courier and the comment do not change the order.
        exclusive.report(changed.order(), changed.news()).await?;
        exclusive.change(|dispatch| Ok(dispatch.make(changed, Timestamp::now())))
    };
    tagged(&run_to_end(changed).await?)
}

pub(super) async fn assign(
    dispatch: web::Data<SharedDispatch>,
    seen: IfMatch,
    path: web::Path<String>,
    request: HttpRequest,
    submission: Submission<CourierChoice>,
) -> Result<HttpResponse, Failure> {
    let (id, courier) = (id(&path)?, submission.body.courier_id.into_option());
    let asked = Asked::of(&request, submission.key);
    let exclusive = dispatch.exclusive().await?;
    let assigned = exclusive.once(&asked, made, |dispatch| {
        check(&seen, &dispatch.delivery(id)?)?;
        dispatch.assign(id, courier, Timestamp::now())
    });
    Ok(assigned?.answered(StatusCode::OK))
}

fn made(delivery: &Delivery) -> String {
    delivery.id.to_string()
}

fn id(path: &str) -> Result<DeliveryId, Failure> {
    id_of(path, Refusal::UnknownDelivery)
}
