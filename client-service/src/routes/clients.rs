//! Registering, listing, reading and deleting clients.

use actix_web::{HttpRequest, HttpResponse, web};
use service_kit::failure::Failure;
use service_kit::input::Json;
use shared_types::account::{NewClient, Role};
use shared_types::field::FromText as _;
use shared_types::id::ClientId;
use shared_types::text::Text;

use super::confirm;
use crate::Accounts;
use crate::access::Action;
use crate::caller::admit;
use crate::failure::Error;

pub(super) async fn register(
    accounts: web::Data<Accounts>,
    request: HttpRequest,
    Json(new): Json<NewClient>,
) -> Result<HttpResponse, Failure> {
    let role = new.role.as_ref().copied().unwrap_or(Role::Client);
    admit(&accounts, request.headers(), Action::Register(role)).await?;
    let hash = accounts.passwords.hash(&new.password).await?;
    let client = accounts.store.add_client(&new, role, &hash).await?;
    Ok(HttpResponse::Created().json(client))
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
    Ok(HttpResponse::Ok().json(accounts.store.client(id).await?))
}

pub(super) async fn delete(
    accounts: web::Data<Accounts>,
    request: HttpRequest,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let id = parse(&id)?;
    admit(&accounts, request.headers(), Action::Delete(id)).await?;
    accounts.store.delete_client(id).await?;
    let done = Text::new("Client supprimé.", "Client deleted.");
    Ok(confirm(&request, &done))
}

/// What is no id is the id of no client.
fn parse(id: &str) -> Result<ClientId, Error> {
    ClientId::from_text(id).map_err(|_no_uuid| Error::ClientNotFound)
}
