//! The client service: accounts, roles and sessions.
//!
//! A request enters in `routes`, `access` identifies its client and decides whether it may go on, and
//! `store` holds the rows. A token is a JWT, but it is only valid while its session's
//! row exists: that is how a logout ends it at once.

mod access;
mod config;
pub mod description;
mod erasure;
mod failure;
mod origin;
mod password;
mod reset;
mod role;
mod routes;
mod seed;
mod store;
mod telephone;
mod token;

use std::time::Duration;

use actix_web::web;
use service_kit::housekeeping::sweep_hourly;
use service_kit::peer::PeerSecret;
use service_kit::program::RunError;
use service_kit::serve::{Application, Service};

use crate::erasure::Erasures;
use crate::password::Passwords;
use crate::reset::Outbox;
use crate::store::Store;
use crate::token::Tokens;

pub use config::Config;
pub use reset::{Mail, ResetLink, SmtpServer};
pub use role::{give_role, role_arguments};
pub use seed::{DEMO_ACCOUNTS, DemoAccount, DemoContact};
pub use service_kit::access::Access;
pub use service_kit::database::DatabaseUrl;
pub use telephone::Region;
pub use token::Secret;

/// The state that the handlers share, across workers.
pub(crate) struct Accounts {
    pub(crate) store: Store,
    pub(crate) passwords: Passwords,
    pub(crate) tokens: Tokens,
    pub(crate) secret: Secret,
    pub(crate) session_length: Duration,
    pub(crate) access: Access,
    pub(crate) peer_secret: Option<PeerSecret>,
    /// `None` without an order service.
    pub(crate) erasures: Option<Erasures>,
    /// `None` if no mail is sent.
    pub(crate) outbox: Option<Outbox>,
}

/// # Errors
/// The database cannot be opened, the secret cannot be stored, or the address cannot be bound.
pub async fn build(config: Config) -> Result<Application, RunError> {
    let store = Store::open(&config.database_url, config.phone_region).await?;
    let secret = match (config.jwt_secret, &config.database_url) {
        (Some(secret), _) => secret,
        (None, DatabaseUrl::File(path)) => {
            let path = path.with_file_name("jwt-secret");
            let shown = path.display();
            log::warn!("JWT_SECRET is not set: tokens are signed with the secret in {shown}");
            Secret::stored_in(&path)?
        }
        (None, DatabaseUrl::Postgres(_)) => {
            return Err("JWT_SECRET is needed with PostgreSQL".into());
        }
    };
    let passwords = Passwords::new().await?;
    if config.seed_demo {
        seed::seed(&store, &passwords).await?;
    } else {
        seed::close(&store).await?;
    }
    warn_of_open_access(config.access, config.seed_demo);
    let service = Service {
        name: "clients",
        bind: config.bind,
        workers: 2, // they only wait for the database and the hashing threads
        readiness: store.readiness(),
        gives_memory_back: false,
    };
    let tokens = Tokens::new(&secret, config.jwt_previous_secret.as_ref())?;
    let outbox = Outbox::new(store.clone(), config.mail, config.reset_link);
    note_mail(outbox.as_ref());
    let orders = config
        .orders_url
        .map(|url| url.known_by(config.peer_secret.as_ref()));
    let erasures = orders.map(|orders| Erasures::new(store.clone(), orders));
    let is_shown = outbox.as_ref().is_some_and(Outbox::is_shown);
    let (tidied, watched) = (store.clone(), store.clone());
    let accounts = web::Data::new(Accounts {
        store,
        passwords,
        tokens,
        secret,
        session_length: config.jwt_ttl,
        access: config.access,
        peer_secret: config.peer_secret,
        erasures: erasures.clone(),
        outbox: outbox.clone(),
    });
    let access = web::Data::new(config.access);
    let application = Application::bind(service, move |routes| {
        routes
            .app_data(accounts.clone())
            .app_data(access.clone())
            .configure(routes::configure);
        if is_shown {
            routes.configure(routes::show_outbox);
        }
    })?;
    let application = match outbox {
        Some(outbox) => application.beside(|draining| outbox.run(draining)),
        None => application,
    };
    let application = match erasures {
        Some(erasures) => application.beside(|draining| erasures.run(draining)),
        None => application,
    };
    Ok(application
        .beside(|draining| watched.watch_writes(draining))
        .beside(|draining| sweep_hourly(draining, async move || tidied.sweep().await)))
}

fn note_mail(outbox: Option<&Outbox>) {
    match outbox {
        None => log::info!(
            "SMTP_URL is not set: no mail is sent, and a lost password cannot be replaced"
        ),
        Some(outbox) if outbox.is_shown() => log::warn!(
            "DEV_OUTBOX=on: whoever reaches this service reads every mail at /dev/outbox, and can \
             set the password of any account"
        ),
        Some(_) => {}
    }
}

fn warn_of_open_access(access: Access, seed_demo: bool) {
    match (access, seed_demo) {
        (Access::Open, _) => log::warn!(
            "ACCESS=open: anyone may list, read and delete clients and register any role; \
             ACCESS=strict closes it"
        ),
        (Access::Strict, true) => log::warn!(
            "SEED_DEMO=true: anyone may log in as the demo ADMIN, whose password is published; \
             SEED_DEMO=false closes the demo accounts"
        ),
        (Access::Strict, false) => {}
    }
}
