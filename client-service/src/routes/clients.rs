//! Registering, listing, reading and deleting clients.

use actix_web::{HttpRequest, HttpResponse, web};
use service_kit::client_address::ClientAddress;
use service_kit::failure::Failure;
use service_kit::idempotency::Submission;
use service_kit::input::{IfMatch, read};
use shared_types::account::{AccountData, NewClient, Role};
use shared_types::field::FromText as _;
use shared_types::id::ClientId;
use shared_types::text::Text;
use shared_types::value::Timestamp;

use super::confirm;
use crate::Accounts;
use crate::access::{Action, admit, admit_known};
use crate::failure::Error;

pub(super) async fn register(
    accounts: web::Data<Accounts>,
    request: HttpRequest,
    submission: Submission<NewClient>,
) -> Result<HttpResponse, Failure> {
    let Submission { body: new, key } = submission;
    let role = new.role.as_ref().copied().unwrap_or(Role::Client);
    admit(&accounts, request.headers(), Action::Register(role)).await?;
    let key = key.map(|key| key.sealed_with(accounts.secret.expose()));
    if let Some(key) = &key
        && let Some(before) = accounts.store.registered(key).await?
    {
        return Ok(before.created(&request));
    }
    let client = ClientAddress::of(request.headers());
    let hash = accounts.passwords.hash(&new.password, client).await?;
    let registered = accounts.store.add_client(&new, role, &hash, key.as_ref());
    Ok(registered.await?.created(&request))
}

pub(super) async fn list(
    accounts: web::Data<Accounts>,
    request: HttpRequest,
) -> Result<HttpResponse, Failure> {
    admit(&accounts, request.headers(), Action::List).await?;
    Ok(HttpResponse::Ok().json(accounts.store.clients().await?))
}

pub(super) async fn get(
    accounts: web::Data<Accounts>,
    request: HttpRequest,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let id = parse(&id)?;
    admit(&accounts, request.headers(), Action::Read(id)).await?;
    read(&request, &accounts.store.client(id).await?)
}

pub(super) async fn delete(
    accounts: web::Data<Accounts>,
    request: HttpRequest,
    seen: Result<IfMatch, Failure>,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let id = parse(&id)?;
    admit(&accounts, request.headers(), Action::Delete(id)).await?;
    accounts.store.delete_client(id, &seen?).await?;
    let done = Text::fixed(|say| say.accounts.deleted);
    Ok(confirm(&request, &done))
}

/// What this service knows of a client, for the client.
pub(super) async fn export(
    accounts: web::Data<Accounts>,
    request: HttpRequest,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let id = parse(&id)?;
    let caller = admit_known(&accounts, request.headers(), Action::Change(id)).await?;
    let (client, now) = (accounts.store.client(id).await?, Timestamp::now());
    let sessions = accounts.store.sessions(id, caller.session, now).await?;
    Ok(HttpResponse::Ok().json(AccountData { client, sessions }))
}

/// An invalid id is the id of no client.
pub(super) fn parse(id: &str) -> Result<ClientId, Error> {
    ClientId::from_text(id).map_err(|_no_uuid| Error::ClientNotFound)
}
