//! The HTTP routes of the counter service.

mod entries;
mod take;

use std::sync::Arc;

use actix_web::http::header::CONTENT_LANGUAGE;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};
use service_kit::access::Access;
use service_kit::failure::Failure;
use service_kit::observe::lang_of;
use service_kit::serve::{document, resource};

use crate::access::TAKING;
use crate::description::SERVICE;
use crate::store::{Entry, Store};
use crate::vault::Vault;

/// The state that the handlers share, across workers.
pub(crate) struct Counter {
    pub(crate) store: Store,
    pub(crate) vault: Arc<Vault>,
    /// The names of the upstreams whose requests are kept.
    pub(crate) upstreams: Vec<&'static str>,
}

pub(crate) fn configure(config: &mut web::ServiceConfig) {
    document(config, |access| match access {
        Access::Open => SERVICE.document(),
        Access::Strict => SERVICE.strict_document(),
    });
    config
        .service(resource("/deferred", "GET").route(web::get().to(entries::queue)))
        .service(
            resource(TAKING, "POST, PUT, PATCH, DELETE")
                .route(web::post().to(take::take))
                .route(web::put().to(take::take))
                .route(web::patch().to(take::take))
                .route(web::delete().to(take::take)),
        )
        .service(
            resource("/differe/{id}", "GET, DELETE")
                .route(web::get().to(entries::find))
                .route(web::delete().to(entries::withdraw)),
        );
}

/// The entry in the caller's language.
fn shown(
    mut answer: HttpResponseBuilder,
    request: &HttpRequest,
    entry: Entry,
) -> Result<HttpResponse, Failure> {
    let lang = lang_of(request);
    Ok(answer
        .insert_header((CONTENT_LANGUAGE, lang.tag()))
        .json(entry.shown(lang)?))
}
