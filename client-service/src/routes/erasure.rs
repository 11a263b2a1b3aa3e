//! Erasing a client from every service, and the report on it.

use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, web};
use service_kit::failure::Failure;
use shared_types::field::FromText as _;
use shared_types::id::ErasureId;
use shared_types::value::Timestamp;

use super::clients::parse;
use crate::Accounts;
use crate::access::{Action, admit_known};
use crate::failure::Error;

/// The account is gone with this answer, and its token with it: the report needs none.
pub(super) async fn request(
    accounts: web::Data<Accounts>,
    request: HttpRequest,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let id = parse(&id)?;
    let erasures = accounts.erasures.as_ref().ok_or(Error::ErasureOff)?;
    admit_known(&accounts, request.headers(), Action::Erase(id)).await?;
    let erasure = accounts.store.erase_client(id, Timestamp::now()).await?;
    erasures.wake();
    // Relative to `/clients/{id}/erasure`, which the gateway has below another path.
    let report = format!("../../erasures/{}", erasure.id);
    Ok(HttpResponse::Accepted()
        .insert_header((LOCATION, report))
        .json(erasure))
}

pub(super) async fn report(
    accounts: web::Data<Accounts>,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let id = ErasureId::from_text(&id).map_err(|_no_uuid| Error::ErasureNotFound)?;
    let erasure = accounts.store.erasure(id).await?;
    let erasure = erasure.ok_or(Error::ErasureNotFound)?;
    Ok(HttpResponse::Ok().json(erasure))
}
