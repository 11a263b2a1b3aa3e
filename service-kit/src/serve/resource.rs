//! Makes a path of a service that answers 405 to a method it does not have.

use actix_web::http::header::ALLOW;
use actix_web::{HttpResponse, Resource, web};

/// A path of a service. Whatever method has no route of its own gets a 405 that names `methods`, as RFC 9110
/// §15.5.6 wants and actix-web leaves out.
#[must_use]
pub fn resource(path: &str, methods: &'static str) -> Resource {
    // HEAD is taken wherever GET is: `observe` turns it into one.
    let allow = methods.replace("GET", "GET, HEAD");
    web::resource(path).default_service(web::to(move || {
        let allow = allow.clone();
        async move {
            HttpResponse::MethodNotAllowed()
                .insert_header((ALLOW, allow))
                .finish()
        }
    }))
}
