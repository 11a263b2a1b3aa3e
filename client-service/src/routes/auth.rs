//! Logging in and out, the list of sessions, and the end of one.

use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use service_kit::client_address::ClientAddress;
use service_kit::failure::Failure;
use service_kit::input::Json;
use shared_types::account::{Client, LoggedIn, Login};
use shared_types::field::FromText as _;
use shared_types::id::SessionId;
use shared_types::text::Text;
use shared_types::value::Timestamp;

use super::confirm;
use crate::Accounts;
use crate::access::Caller;
use crate::failure::Error;
use crate::origin::Origin;
use crate::store::{Credentials, NewSession};
use service_kit::access::Claims;

pub(super) async fn login(
    accounts: web::Data<Accounts>,
    request: HttpRequest,
    Json(login): Json<Login>,
) -> Result<HttpResponse, Failure> {
    let address = ClientAddress::of(request.headers());
    let client = verify(&accounts, &login, address).await?;
    let peer = request.peer_addr().map(|peer| peer.ip());
    let begins = Timestamp::now();
    let session = NewSession {
        id: SessionId::generate(),
        client: client.id,
        role: client.role,
        begins,
        ends: begins.after(accounts.session_length),
        origin: Origin::of(request.headers(), peer),
    };
    let claims = Claims::new(client.id, session.id, client.role, (begins, session.ends));
    let access_token = accounts.tokens.sign(&claims).map_err(Error::from)?;
    accounts.store.add_session(&session).await?;
    Ok(HttpResponse::Ok()
        // RFC 6749 §5.1.
        .insert_header((CACHE_CONTROL, HeaderValue::from_static("no-store")))
        .json(LoggedIn {
            access_token,
            token_type: "Bearer".to_owned(),
            expires_in: accounts.session_length.as_secs(),
            client,
        }))
}

/// The client with these credentials. Every failure takes the same work, so neither the text nor
/// the time reveals which addresses have an account.
async fn verify(
    accounts: &Accounts,
    login: &Login,
    address: Option<ClientAddress>,
) -> Result<Client, Error> {
    let found = accounts.store.credentials(login.email.as_str()).await?;
    let live = found.filter(|found| found.client.is_active);
    let hash = live.as_ref().map(|live| live.password_hash.as_str());
    let matches = accounts
        .passwords
        .check(login.email.as_str(), &login.password, hash, address)
        .await?;
    match live {
        Some(Credentials { client, .. }) if matches => Ok(client),
        _ => Err(Error::InvalidCredentials),
    }
}

pub(super) async fn logout(
    accounts: web::Data<Accounts>,
    request: HttpRequest,
) -> Result<HttpResponse, Failure> {
    let caller = Caller::identify(&accounts, request.headers()).await?;
    accounts.store.end_session(caller.session).await?;
    let done = Text::fixed(|say| say.accounts.logged_out);
    Ok(confirm(&request, &done))
}

pub(super) async fn logout_all(
    accounts: web::Data<Accounts>,
    request: HttpRequest,
) -> Result<HttpResponse, Failure> {
    let caller = Caller::identify(&accounts, request.headers()).await?;
    let client = caller.identity.client;
    accounts.store.end_sessions_of(client).await?;
    let done = Text::fixed(|say| say.accounts.logged_out_everywhere);
    Ok(confirm(&request, &done))
}

pub(super) async fn sessions(
    accounts: web::Data<Accounts>,
    request: HttpRequest,
) -> Result<HttpResponse, Failure> {
    let caller = Caller::identify(&accounts, request.headers()).await?;
    let (client, now) = (caller.identity.client, Timestamp::now());
    let sessions = accounts.store.sessions(client, caller.session, now);
    Ok(HttpResponse::Ok().json(sessions.await?))
}

pub(super) async fn end_session(
    accounts: web::Data<Accounts>,
    request: HttpRequest,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let caller = Caller::identify(&accounts, request.headers()).await?;
    let (client, now) = (caller.identity.client, Timestamp::now());
    // An invalid id is the id of no session.
    let id = SessionId::from_text(&id).map_err(|_no_uuid| Error::SessionNotFound)?;
    accounts.store.end_own_session(id, client, now).await?;
    let done = Text::fixed(|say| say.accounts.session_ended);
    Ok(confirm(&request, &done))
}
