//! The counter service: it keeps requests while their own service cannot answer, and delivers them
//! once that is back (`outage = "defer"` of the gateway).
//!
//! 1. `routes::take` reads a request, `vault` encrypts it, and `store::take` commits it. Only then
//!    is it answered 202.
//! 2. `delivery` asks the upstream whether it is back, claims the entries of each client in their
//!    order (`store::claim`), sends them, and settles the answers (`store::settle`).
//! 3. An entry ends as accepted, refused, withdrawn or expired. Its request is forgotten at once, its
//!    answer and the entry itself a day later.
//!
//! The outbox of `service-kit` was rejected for this: its messages have no end but their delivery,
//! nobody reads their answers, and it sends the newest beside the oldest.

pub mod access;
mod config;
mod delivery;
pub mod description;
mod failure;
mod request;
mod routes;
mod store;
mod vault;

use std::sync::Arc;

use actix_web::web;
use service_kit::access::Guard;
use service_kit::database::DatabaseUrl;
use service_kit::env::Secret;
use service_kit::housekeeping::sweep_hourly;
use service_kit::program::RunError;
use service_kit::serve::{Application, Service};

use crate::delivery::Delivery;
use crate::routes::Counter;
use crate::store::Store;
use crate::vault::Vault;

pub use config::{Bounds, Config, Upstream};

/// Opens the database, brings its schema up to date, and binds.
///
/// # Errors
/// The database cannot be opened or migrated, the key cannot be stored, or the address cannot be
/// bound.
pub async fn build(config: Config) -> Result<Application, RunError> {
    let store = Store::open(&config.database_url, config.bounds).await?;
    let vault = Arc::new(Vault::new(&key(&config)?)?);
    if config.upstreams.is_empty() {
        log::warn!("ORDERS_URL is not set: no request is kept");
    }
    let service = Service {
        name: "counter",
        bind: config.bind,
        workers: 2, // they only wait for the database
        readiness: store.readiness(),
        gives_memory_back: false,
    };
    let guard = Guard::new(&config.access, access::RULES);
    let protection = guard.clone();
    let (tidied, watched) = (store.clone(), store.clone());
    let counter = web::Data::new(Counter {
        store: store.clone(),
        vault: Arc::clone(&vault),
        upstreams: config.upstreams.iter().map(|known| known.name).collect(),
    });
    let application = Application::bind(service, move |routes| {
        routes
            .app_data(counter.clone())
            .configure(|routes| protection.protect(routes, routes::configure));
    })?;
    let delivery = Delivery {
        store,
        vault,
        upstreams: config.upstreams,
        voucher: config.access.peer_secret,
    };
    Ok(application
        .beside(|draining| delivery.run(draining))
        .beside(|draining| guard.watch(draining))
        .beside(|draining| watched.watch_writes(draining))
        .beside(|draining| sweep_hourly(draining, async move || tidied.sweep().await)))
}

fn key(config: &Config) -> Result<Secret, RunError> {
    match (&config.key, &config.database_url) {
        (Some(key), _) => Ok(key.clone()),
        (None, DatabaseUrl::File(path)) => {
            let path = path.with_file_name("counter-secret");
            let shown = path.display();
            log::warn!("COUNTER_SECRET is not set: requests are encrypted with the key in {shown}");
            Ok(Secret::stored_in(&path)?)
        }
        (None, DatabaseUrl::Postgres(_)) => Err("COUNTER_SECRET is needed with PostgreSQL".into()),
    }
}
