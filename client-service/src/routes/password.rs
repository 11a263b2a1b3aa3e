//! Changing one's own password.

use actix_web::{HttpRequest, HttpResponse, web};
use service_kit::client_address::ClientAddress;
use service_kit::failure::Failure;
use service_kit::input::Json;
use shared_types::account::{PasswordAttempt, PasswordChange};
use shared_types::id::ClientId;
use shared_types::text::Text;

use super::clients::parse;
use super::confirm;
use crate::Accounts;
use crate::access::{Action, admit_known};
use crate::failure::Error;
use crate::store::NewHash;

pub(super) async fn change(
    accounts: web::Data<Accounts>,
    request: HttpRequest,
    id: web::Path<String>,
    Json(change): Json<PasswordChange>,
) -> Result<HttpResponse, Failure> {
    let id = parse(&id)?;
    let caller = admit_known(&accounts, request.headers(), Action::ChangePassword(id)).await?;
    let address = ClientAddress::of(request.headers());
    let old = prove(&accounts, id, &change.current, address).await?;
    let new = accounts.passwords.hash(&change.new, address).await?;
    let new = NewHash { old, new };
    accounts
        .store
        .change_password(id, &new, caller.session)
        .await?;
    let done = Text::fixed(|say| say.accounts.password_changed);
    Ok(confirm(&request, &done))
}

/// The hash of the client's password, of which `attempt` is the right one.
///
/// # Errors
/// It is not, or too many wrong ones were tried.
pub(super) async fn prove(
    accounts: &Accounts,
    id: ClientId,
    attempt: &PasswordAttempt,
    address: Option<ClientAddress>,
) -> Result<String, Error> {
    let own = accounts.store.credentials_of(id).await?;
    let (email, hash) = (&own.client.email, Some(own.password_hash.as_str()));
    if accounts
        .passwords
        .check(email, attempt, hash, address)
        .await?
    {
        Ok(own.password_hash)
    } else {
        Err(Error::WrongPassword)
    }
}
