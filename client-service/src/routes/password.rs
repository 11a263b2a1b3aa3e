//! Changing one's own password.

use actix_web::{HttpRequest, HttpResponse, web};
use service_kit::client_address::ClientAddress;
use service_kit::failure::Failure;
use service_kit::input::Json;
use shared_types::account::PasswordChange;
use shared_types::text::Text;

use super::clients::parse;
use super::confirm;
use crate::Accounts;
use crate::access::Action;
use crate::caller::admit_known;
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
    let own = accounts.store.credentials_of(id).await?;
    let (email, hash) = (&own.client.email, Some(own.password_hash.as_str()));
    let passwords = &accounts.passwords;
    let checked = passwords.check(email, &change.current, hash, address);
    if !checked.await? {
        return Err(Error::WrongPassword.into());
    }
    let new = NewHash {
        old: own.password_hash,
        new: passwords.hash(&change.new, address).await?,
    };
    accounts
        .store
        .change_password(id, &new, caller.session)
        .await?;
    let done = Text::fixed(|say| say.accounts.password_changed);
    Ok(confirm(&request, &done))
}
