//! A new password by mail, for a client that has lost its own.

use actix_web::{HttpRequest, HttpResponse, web};
use service_kit::client_address::ClientAddress;
use service_kit::failure::Failure;
use service_kit::input::Json;
use service_kit::observe::lang_of;
use shared_types::Confirmation;
use shared_types::account::{NewPassword, PasswordReset};
use shared_types::text::Text;
use shared_types::value::Timestamp;

use super::confirm;
use crate::Accounts;
use crate::failure::Error;
use crate::reset::token;

/// Says the same after the same time whether there is such an account or not: the request is only
/// written down.
pub(super) async fn request(
    accounts: web::Data<Accounts>,
    request: HttpRequest,
    Json(reset): Json<PasswordReset>,
) -> Result<HttpResponse, Failure> {
    let outbox = accounts.outbox.as_ref().ok_or(Error::PasswordResetOff)?;
    let lang = lang_of(&request);
    let now = Timestamp::now();
    accounts
        .store
        .request_reset(&reset.email, lang, now)
        .await?;
    outbox.wake();
    let done = Text::fixed(|say| say.accounts.reset_requested);
    let message = done.to(lang).to_owned();
    Ok(HttpResponse::Accepted().json(Confirmation { message }))
}

pub(super) async fn set(
    accounts: web::Data<Accounts>,
    request: HttpRequest,
    Json(body): Json<NewPassword>,
) -> Result<HttpResponse, Failure> {
    let token = token::hash(body.token.expose());
    // Nothing is hashed for a token that is none.
    let owner = accounts.store.reset_owner(&token, Timestamp::now()).await?;
    let address = ClientAddress::of(request.headers());
    let hash = accounts.passwords.hash(&body.new, address).await?;
    let used = accounts
        .store
        .use_reset(owner, &token, &hash, Timestamp::now());
    used.await?;
    let done = Text::fixed(|say| say.accounts.password_reset);
    Ok(confirm(&request, &done))
}
