//! Makes a path of a service that answers 405 to a method it does not have.

use actix_web::http::header::{ALLOW, CACHE_CONTROL};
use actix_web::{HttpResponse, Resource, web};

/// A path of a service. A method without a route gets a 405 that names `methods`, as RFC 9110
/// §15.5.6 requires and actix-web omits.
#[must_use]
pub fn resource(path: &str, methods: &'static str) -> Resource {
    // HEAD is accepted with GET: `observe` converts it.
    let allow = methods.replace("GET", "GET, HEAD");
    web::resource(path).default_service(web::to(move || {
        let allow = allow.clone();
        async move {
            HttpResponse::MethodNotAllowed()
                .insert_header((ALLOW, allow))
                .insert_header((CACHE_CONTROL, "no-store"))
                .finish()
        }
    }))
}
