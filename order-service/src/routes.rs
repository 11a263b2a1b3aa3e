//! The HTTP routes of the order service.

use crate::description::SERVICE;

mod demo;
mod events;
mod menu;
mod opening;
mod orders;

use actix_web::web;
use service_kit::access::Access;
use service_kit::serve::{document, resource};

pub(crate) use demo::SharedDemoOrders;

pub(crate) fn configure(config: &mut web::ServiceConfig) {
    document(config, |access| match access {
        Access::Open => SERVICE.document(),
        Access::Strict => SERVICE.strict_document(),
    });
    config
        .service(
            resource("/menu", "GET, POST")
                .route(web::get().to(menu::list))
                .route(web::post().to(menu::add)),
        )
        .service(resource("/menu/import", "POST").route(web::post().to(menu::import)))
        .service(resource("/menu/export", "GET").route(web::get().to(menu::export)))
        .service(
            resource("/menu/{id}", "GET, PATCH, DELETE")
                .route(web::get().to(menu::find))
                .route(web::patch().to(menu::change))
                .route(web::delete().to(menu::remove)),
        )
        .service(resource("/opening", "GET").route(web::get().to(opening::show)))
        .service(
            resource("/commandes", "GET, POST")
                .route(web::get().to(orders::list))
                .route(web::post().to(orders::place)),
        )
        .service(resource("/commandes/{id}", "GET").route(web::get().to(orders::find)))
        .service(
            resource("/commandes/{id}/status", "PATCH")
                .route(web::patch().to(orders::change_status)),
        )
        .service(resource("/events", "POST").route(web::post().to(events::receive)))
        .service(
            resource("/demo/orders", "GET, POST")
                .route(web::get().to(demo::list))
                .route(web::post().to(demo::add)),
        );
}
