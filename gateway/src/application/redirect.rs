//! Leads clients in clear text to TLS: `GATEWAY_HTTP_REDIRECT_BIND` answers each request with a 308
//! to the same host, path and query. A 308 keeps the method (RFC 9110 §15.4.9).
//!
//! It is the public listener with another service: the same screen of bytes, timeouts and numbers
//! of connections. It passes nothing on, so it needs no upstream and no quota.

use std::io;
use std::rc::Rc;

use actix_service::{ServiceFactory, fn_service};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HOST, HeaderValue, LOCATION};
use actix_web::http::uri::{Authority, PathAndQuery};
use actix_web::{HttpRequest, HttpResponse};
use service_kit::observe::lang_of;
use service_kit::request_id::{self, RequestId};
use service_kit::serve::Application;
use shared_types::problem::{Code, Occurrence};

use crate::answer::goodbye;
use crate::answer::problem::{self, Facts};
use crate::answer::record::Record;
use crate::answer::site::Live;
use crate::downstream::{self, Listener, Serving};
use crate::http::client_connection::ClientConnection;
use crate::http::protection::protect;
use crate::http::trace::Trace;

/// The port that a URL without one means.
const HTTPS: u16 = 443;

/// Binds the listener. `port` is that of the listener with TLS.
///
/// # Errors
/// The address cannot be bound.
pub(super) fn bind(listener: Listener, port: u16, live: &Live) -> io::Result<Application> {
    let draining = listener.draining.clone();
    let live = live.clone();
    let serve = move || {
        let refusing = live.clone();
        Serving {
            http1: service(live.clone(), port),
            http2: service(live.clone(), port),
            goodbye: Rc::new(move |refusal, head: &[u8], late: &[u8]| {
                goodbye::render(refusal, head, late, &refusing.site(), None)
            }),
        }
    };
    let (server, addr) = downstream::bind(listener, None, serve)?;
    Ok(Application::new(server, addr, draining))
}

fn service(
    live: Live,
    port: u16,
) -> impl ServiceFactory<
    ServiceRequest,
    Config = (),
    Response = ServiceResponse,
    Error = actix_web::Error,
    InitError = (),
> {
    fn_service(move |request: ServiceRequest| {
        let live = live.clone();
        async move {
            let request = request.into_parts().0;
            let response = answer(&request, &live, port);
            Ok(ServiceResponse::new(request, response))
        }
    })
}

fn answer(request: &HttpRequest, live: &Live, port: u16) -> HttpResponse {
    let id = RequestId::take_over_or_make(request.headers());
    let trace = Trace::go_on_or_begin(request.headers(), rand::random());
    let connection = request.conn_data::<Rc<ClientConnection>>().cloned();
    let method = request.method().clone();
    let record = Record::begin(method, id.clone(), trace, connection, &live.site());
    let mut response = match location(request, port) {
        Some(location) => {
            let mut response = HttpResponse::PermanentRedirect()
                .insert_header((LOCATION, location))
                .finish();
            protect(response.headers_mut());
            response
        }
        None => {
            let occurrence = Occurrence {
                lang: lang_of(request),
                instance: request.uri().path(),
                request_id: id.as_str(),
            };
            problem::answer(Code::BadRequest, Facts::default(), occurrence)
        }
    };
    response
        .headers_mut()
        .insert(request_id::HEADER, id.header_value());
    if let Some(connection) = &record.connection {
        connection.answer_begins();
    }
    record.follow(response)
}

/// The same target over TLS; `None` if the request has no host or no path.
fn location(request: &HttpRequest, port: u16) -> Option<HeaderValue> {
    let uri = request.uri();
    // A target that names the host wins over the field (RFC 9112 §3.2.2).
    let authority = match uri.authority() {
        Some(authority) => authority.clone(),
        None => {
            let host = request.headers().get(HOST)?;
            Authority::try_from(host.as_bytes()).ok()?
        }
    };
    let authority = over_tls(&authority, port)?;
    let target = uri.path_and_query().map(PathAndQuery::as_str)?;
    let target = Some(target).filter(|target| target.starts_with('/'))?;
    HeaderValue::try_from(format!("https://{authority}{target}")).ok()
}

/// The authority for TLS. A client that came without a port came to 80, so it is sent to 443, even
/// where a container or a balancer maps both to other ports. Any other has chosen a port, so it gets
/// that of the listener.
fn over_tls(asked: &Authority, port: u16) -> Option<String> {
    let host = asked.host();
    // No part for a user, which browsers show and people take for the host.
    if host.is_empty() || asked.as_str().contains('@') {
        return None;
    }
    let after = asked.as_str().strip_prefix(host)?;
    match (after, asked.port_u16()) {
        ("" | ":", _) | (_, Some(80)) => Some(host.to_owned()),
        (_, Some(_)) if port == HTTPS => Some(host.to_owned()),
        (_, Some(_)) => Some(format!("{host}:{port}")),
        (_, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::location;

    fn led(host: &str, target: &str) -> Option<String> {
        let request = TestRequest::with_uri(target);
        let request = request.insert_header(("host", host)).to_http_request();
        let location = location(&request, 8443)?;
        Some(location.to_str().unwrap().to_owned())
    }

    #[test]
    fn a_client_is_led_to_the_same_host_path_and_query() {
        for (host, target, expected) in [
            (
                "a.example",
                "/menu?x=%2F&y",
                "https://a.example/menu?x=%2F&y",
            ),
            ("a.example:80", "/", "https://a.example/"),
            ("localhost:8080", "/menu", "https://localhost:8443/menu"),
            ("[::1]:8080", "/", "https://[::1]:8443/"),
            (
                "a.example",
                "//evil.example/",
                "https://a.example//evil.example/",
            ),
            (
                "a.example",
                "/\\evil.example",
                "https://a.example/\\evil.example",
            ),
            ("a.example", "http://b.example/x", "https://b.example/x"),
        ] {
            assert_eq!(
                led(host, target).as_deref(),
                Some(expected),
                "{host} {target}"
            );
        }
    }

    #[test]
    fn a_host_that_is_none_leads_nowhere() {
        for host in [
            "",
            "user@a.example",
            "a.example@evil.example",
            "a b",
            "a.example:x",
        ] {
            assert_eq!(led(host, "/"), None, "{host}");
        }
        assert_eq!(led("a.example", "*"), None);
    }
}
