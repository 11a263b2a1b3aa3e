//! Keeps other sites' pages off the operator's port: a browser of the operator's could be made to ask for what changes
//! something there, and nobody has to log in.

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HOST, ORIGIN};
use actix_web::middleware::Next;
use service_kit::failure::Failure;
use shared_types::problem::Code;
use shared_types::text::Text;

/// Refuses what changes something, where a browser says that another origin's page asks for it (RFC 6454 §7.3).
pub(super) async fn own_pages_only(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    if !request.method().is_safe() && is_foreign(&request) {
        let failure = Failure::new(Code::Forbidden).with_detail(Text::new(
            "Une page d'un autre site ne peut rien changer ici.",
            "A page of another site cannot change anything here.",
        ));
        return Ok(request.error_response(failure).map_into_right_body());
    }
    Ok(next.call(request).await?.map_into_left_body())
}

/// Where there is no `Origin`, it is no browser, or one that asks for its own page.
fn is_foreign(request: &ServiceRequest) -> bool {
    let text = |name| {
        request
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    let Some(origin) = text(ORIGIN) else {
        return request.headers().contains_key(ORIGIN);
    };
    let authority = origin
        .strip_prefix("http://")
        .or(origin.strip_prefix("https://"));
    authority != text(HOST)
}
