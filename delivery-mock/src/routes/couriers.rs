//! The routes of `/livreurs`.

use actix_web::http::header::CONTENT_LANGUAGE;
use actix_web::{HttpRequest, HttpResponse, web};
use service_kit::failure::Failure;
use service_kit::idempotency::Submission;
use service_kit::input::{IfMatch, Patch, read, tagged};
use service_kit::observe::lang_of;
use shared_types::Confirmation;
use shared_types::delivery::{Courier, CourierPatch, NewCourier};
use shared_types::id::CourierId;
use shared_types::text::Text;
use shared_types::value::Timestamp;

use super::shared::Asked;
use super::{SharedDispatch, failure, id_of};
use crate::dispatch::{Refusal, check};

const REMOVED: Text = Text::fixed(|say| say.deliveries.courier_removed);

pub(super) async fn list(dispatch: web::Data<SharedDispatch>) -> HttpResponse {
    HttpResponse::Ok().json(dispatch.read().couriers())
}

pub(super) async fn register(
    dispatch: web::Data<SharedDispatch>,
    request: HttpRequest,
    submission: Submission<NewCourier>,
) -> Result<HttpResponse, Failure> {
    let asked = Asked::of(&request, submission.key);
    let id = |courier: &Courier| courier.id.to_string();
    let exclusive = dispatch.exclusive().await?;
    let registered = exclusive.once(&asked, id, |dispatch| {
        dispatch.register(submission.body, asked.client, Timestamp::now())
    });
    Ok(registered?.created(&request))
}

pub(super) async fn show(
    dispatch: web::Data<SharedDispatch>,
    request: HttpRequest,
    path: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let courier = dispatch.read().courier(id(&path)?).map_err(failure)?;
    read(&request, &courier)
}

pub(super) async fn change(
    dispatch: web::Data<SharedDispatch>,
    seen: IfMatch,
    path: web::Path<String>,
    Patch(change): Patch<CourierPatch>,
) -> Result<HttpResponse, Failure> {
    let id = id(&path)?;
    let exclusive = dispatch.exclusive().await?;
    let changed = exclusive.change(|dispatch| {
        check(&seen, &dispatch.courier(id)?)?;
        dispatch.change_courier(id, change, Timestamp::now())
    });
    tagged(&changed?)
}

pub(super) async fn remove(
    dispatch: web::Data<SharedDispatch>,
    seen: IfMatch,
    path: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Failure> {
    let id = id(&path)?;
    let exclusive = dispatch.exclusive().await?;
    exclusive.change(|dispatch| {
        check(&seen, &dispatch.courier(id)?)?;
        dispatch.remove_courier(id, Timestamp::now())
    })?;
    exclusive.forget(&id.to_string());
    let lang = lang_of(&request);
    let message = REMOVED.to(lang).to_owned();
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_LANGUAGE, lang.tag()))
        .json(Confirmation { message }))
}

fn id(path: &str) -> Result<CourierId, Failure> {
    id_of(path, Refusal::UnknownCourier)
}
