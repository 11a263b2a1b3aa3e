//! Changing a client's own fields.

use actix_web::{HttpRequest, HttpResponse, web};
use service_kit::client_address::ClientAddress;
use service_kit::failure::Failure;
use service_kit::input::{IfMatch, Json, tagged};
use shared_types::account::ClientChange;

use super::clients::parse;
use super::password::prove;
use crate::Accounts;
use crate::access::{Action, Caller, admit_known};
use crate::failure::Error;
use crate::store::EmailChange;

pub(super) async fn change(
    accounts: web::Data<Accounts>,
    request: HttpRequest,
    seen: Result<IfMatch, Failure>,
    id: web::Path<String>,
    Json(change): Json<ClientChange>,
) -> Result<HttpResponse, Failure> {
    let id = parse(&id)?;
    let caller = admit_known(&accounts, request.headers(), Action::Change(id)).await?;
    let seen = seen?;
    let email_change = if caller.identity.client == id {
        let address = ClientAddress::of(request.headers());
        check_own(&accounts, &caller, &change, address).await?
    } else {
        EmailChange::Allowed
    };
    let changed = accounts
        .store
        .change_client(id, &change, email_change, &seen);
    tagged(&changed.await?)
}

/// Whoever has the e-mail address can set a new password. So a client changes its own only with the
/// current password: a stolen session must not become a stolen account.
async fn check_own(
    accounts: &Accounts,
    caller: &Caller,
    change: &ClientChange,
    address: Option<ClientAddress>,
) -> Result<EmailChange, Error> {
    let (Some(_), Some(current)) = (change.email.as_ref(), change.current_password.as_ref()) else {
        return Ok(EmailChange::NeedsPassword);
    };
    prove(accounts, caller.identity.client, current, address).await?;
    Ok(EmailChange::Allowed)
}
