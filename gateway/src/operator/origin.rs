//! Keeps other sites' pages off the operator's port. Such a page could make the operator's browser
//! change something there: without a token nobody has to log in, and with one the browser has.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HOST, ORIGIN};
use actix_web::middleware::Next;
use actix_web::{Error, web};
use service_kit::failure::Failure;
use shared_types::problem::Code;
use shared_types::text::Text;

use super::Operator;

/// Refuses every request by a name that is not this port's, and every change that a browser makes
/// for a page of another origin (RFC 6454 §7.3).
pub(super) async fn own_pages_only(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let refusal = if !is_ours(&request) {
        FOREIGN_NAME
    } else if !request.method().is_safe() && is_foreign(&request) {
        FOREIGN_PAGE
    } else {
        return Ok(next.call(request).await?.map_into_left_body());
    };
    if let Some(operator) = request.app_data::<web::Data<Operator>>() {
        operator.site().metrics.operator_refused.foreign.inc();
    }
    let failure = Failure::new(Code::Forbidden).with_detail(refusal);
    Ok(request.error_response(failure).map_into_right_body())
}

const FOREIGN_NAME: Text = Text::fixed(|say| say.operator.foreign_name);

const FOREIGN_PAGE: Text = Text::fixed(|say| say.operator.foreign_page);

/// Whether the request names this port. A browser always sends the name.
fn is_ours(request: &ServiceRequest) -> bool {
    let names = request
        .app_data::<web::Data<Operator>>()
        .map(|operator| &operator.admin_hosts);
    let host = request.headers().get(HOST);
    host.is_none_or(|host| {
        let host = host.to_str().unwrap_or_default();
        names.is_some_and(|names| names.have(host))
    })
}

/// Whether another origin's page asks. Without an `Origin`, it is no browser, or the port's own
/// page.
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
