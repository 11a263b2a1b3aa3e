//! What others need to check tokens by themselves: the public keys, for everyone, and for the other
//! services the sessions that ended early.

use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use service_kit::access::revocations::Revocations;
use service_kit::failure::Failure;
use service_kit::input::bearer_token;

use crate::Accounts;
use crate::failure::Error;

/// A verifier that knows a new key late refuses its tokens meanwhile.
const SHORT: HeaderValue = HeaderValue::from_static("public, max-age=60");

/// RFC 7517 §5.
pub(super) async fn published(accounts: web::Data<Accounts>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, SHORT))
        .json(accounts.tokens.published())
}

/// The sessions that ended after the one of the cursor in the path.
pub(super) async fn revocations(
    accounts: web::Data<Accounts>,
    request: HttpRequest,
    cursor: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let sent = bearer_token(request.headers()).ok_or(Error::TokenMissing)?;
    let secret = accounts.peer_secret.as_ref();
    if !secret.is_some_and(|secret| secret.is(sent)) {
        return Err(Error::Forbidden.into());
    }
    let ended = accounts.store.ended_sessions(&cursor).await?;
    Ok(HttpResponse::Ok().json(Revocations {
        keys: accounts.tokens.published().clone(),
        ended,
    }))
}
