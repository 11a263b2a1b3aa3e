//! Keeps other sites' pages off the operator's port. Such a page could make the operator's browser
//! change something there: without a token nobody has to log in, and with one the browser has.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HOST, ORIGIN};
use actix_web::http::uri::Authority;
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

/// Whether the request calls this port by its own names only. A browser always sends a name.
fn is_ours(request: &ServiceRequest) -> bool {
    let names = request
        .app_data::<web::Data<Operator>>()
        .map(|operator| &operator.admin_hosts);
    called(request).all(|name| names.is_some_and(|names| names.have(name)))
}

/// By what names the request calls this port: a target in absolute form has one, and takes
/// precedence over `Host` (RFC 9112 §3.2.2).
fn called(request: &ServiceRequest) -> impl Iterator<Item = &str> {
    let target = request.uri().authority().map(Authority::as_str);
    let hosts = request.headers().get_all(HOST);
    let hosts = hosts.map(|host| host.to_str().unwrap_or_default());
    target.into_iter().chain(hosts)
}

/// Whether another origin's page asks. Without an `Origin`, it is no browser, or the port's own
/// page.
fn is_foreign(request: &ServiceRequest) -> bool {
    let mut origins = request.headers().get_all(ORIGIN);
    origins.any(|origin| {
        let origin = origin.to_str().unwrap_or_default();
        let authority = origin
            .strip_prefix("http://")
            .or(origin.strip_prefix("https://"));
        let mut called = called(request).peekable();
        called.peek().is_none() || called.any(|name| authority != Some(name))
    })
}
