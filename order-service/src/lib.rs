//! The order service: the menu, the orders and their statuses.
//!
//! Orders are stored in a database and survive the process. The decisions (`basket`, `status`, `wish`,
//! `opening`) do no I/O. Each change is one transaction (`store::place`, `store::progress`), which includes the
//! event for the `subscribers`.

pub mod access;
mod basket;
mod config;
mod demo;
pub mod description;
mod failure;
mod menu;
mod opening;
mod page;
mod routes;
mod status;
mod store;
mod subscribers;
mod wish;

use actix_web::web;
use service_kit::access::Guard;
use service_kit::housekeeping::sweep_hourly;
use service_kit::program::RunError;
use service_kit::serve::{Application, Service};

use crate::menu::seed;
use crate::routes::SharedDemoOrders;
use crate::store::Store;

pub use config::{Config, OpenPerAddress};
pub use menu::command::{import, import_arguments};
pub use opening::{Hours, Opening};
pub use service_kit::database::DatabaseUrl;

/// Opens the database, brings its schema up to date, and binds.
///
/// # Errors
/// The database cannot be opened or migrated, or the address cannot be bound.
pub async fn build(config: Config) -> Result<Application, RunError> {
    let recipients = subscribers::recipients(&config);
    let store = Store::open(&config.database_url, recipients, config.open_per_address)
        .await?
        .with_opening(config.opening.clone());
    if config.seed_demo {
        seed::fill_empty_menu(&store).await?;
    }
    let service = Service {
        name: "orders",
        bind: config.bind,
        // The database does the work; the second worker answers while the first writes a long list.
        workers: 2,
        readiness: store.readiness(),
        gives_memory_back: false,
    };
    let (outbox, exposed) = (store.outbox().clone(), store.outbox().clone());
    let (tidied, watched) = (store.clone(), store.clone());
    let guard = Guard::new(&config.access, access::RULES);
    let protection = guard.clone();
    let store = web::Data::new(store);
    let opening = web::Data::new(config.opening);
    let demo = web::Data::new(SharedDemoOrders::new(config.seed_demo));
    let application = Application::bind(service, move |routes| {
        routes
            .app_data(store.clone())
            .app_data(opening.clone())
            .app_data(demo.clone())
            .configure(|routes| exposed.expose(routes))
            .configure(|routes| protection.protect(routes, routes::configure));
    })?;
    Ok(application
        .beside(|draining| outbox.run(draining))
        .beside(|draining| guard.watch(draining))
        .beside(|draining| watched.watch_writes(draining))
        .beside(|draining| {
            sweep_hourly(draining, async move || tidied.sweep(config.retention).await)
        }))
}
