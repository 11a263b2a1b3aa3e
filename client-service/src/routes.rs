//! The HTTP routes of the client service.

use actix_web::{HttpRequest, HttpResponse, web};
use service_kit::access::{Access, revocations};
use service_kit::observe::lang_of;
use service_kit::serve::{document, resource};
use shared_types::Confirmation;
use shared_types::text::Text;

use crate::description::SERVICE;

mod auth;
mod clients;
mod demo;
mod erasure;
mod keys;
mod outbox;
mod password;
mod profile;
mod reset;

pub(crate) fn configure(config: &mut web::ServiceConfig) {
    document(config, |access| match access {
        Access::Open => SERVICE.document(),
        Access::Strict => SERVICE.strict_document(),
    });
    config
        .service(
            resource("/clients", "GET, POST")
                .route(web::get().to(clients::list))
                .route(web::post().to(clients::register)),
        )
        .service(
            resource("/clients/{id}", "GET, PATCH, DELETE")
                .route(web::get().to(clients::get))
                .route(web::patch().to(profile::change))
                .route(web::delete().to(clients::delete)),
        )
        .service(resource("/clients/{id}/password", "POST").route(web::post().to(password::change)))
        .service(resource("/clients/{id}/export", "GET").route(web::get().to(clients::export)))
        .service(resource("/clients/{id}/erasure", "POST").route(web::post().to(erasure::request)))
        .service(resource("/erasures/{id}", "GET").route(web::get().to(erasure::report)))
        .service(resource("/auth/login", "POST").route(web::post().to(auth::login)))
        .service(resource("/auth/logout", "POST").route(web::post().to(auth::logout)))
        .service(resource("/auth/logout-all", "POST").route(web::post().to(auth::logout_all)))
        .service(resource("/auth/sessions", "GET").route(web::get().to(auth::sessions)))
        .service(
            resource("/auth/sessions/{id}", "DELETE").route(web::delete().to(auth::end_session)),
        )
        .service(resource("/.well-known/jwks.json", "GET").route(web::get().to(keys::published)))
        .service(
            resource(&format!("{}/{{cursor}}", revocations::PATH), "GET")
                .route(web::get().to(keys::revocations)),
        )
        .service(resource("/password-reset", "POST").route(web::post().to(reset::request)))
        .service(resource("/password-reset/confirm", "POST").route(web::post().to(reset::set)))
        .service(resource("/demo/login", "POST").route(web::post().to(demo::login)));
}

/// Only with `DEV_OUTBOX=on`.
pub(crate) fn show_outbox(config: &mut web::ServiceConfig) {
    config.service(resource("/dev/outbox", "GET").route(web::get().to(outbox::show)));
}

/// Confirms an action in the client's language.
fn confirm(request: &HttpRequest, done: &Text) -> HttpResponse {
    let message = done.to(lang_of(request)).to_owned();
    HttpResponse::Ok().json(Confirmation { message })
}
