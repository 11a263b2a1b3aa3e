//! One line of the log for each change on the operator's port, made or refused: by what right, from
//! where, what, and how it ended. The target is `audit`.

use std::net::{IpAddr, Ipv6Addr};

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::ORIGIN;
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage as _, HttpRequest, web};
use log::kv::Value;
use service_kit::failure::Failure;
use service_kit::request_id::RequestId;

use super::{Operator, traces};

const TARGET: &str = "audit";

/// By what a request was admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    /// The port has no token.
    Anyone,
    Token,
    Session,
}

/// What a handler says of the change that it makes.
#[derive(Clone)]
struct Change {
    name: &'static str,
    details: String,
}

/// What is known before the request is handled.
struct Asked {
    from: IpAddr,
    /// The page that a browser asks for, if the request names one.
    origin: String,
    method: String,
    id: String,
}

/// Names the change that this request asks for.
pub(super) fn note(request: &HttpRequest, name: &'static str, details: String) {
    request.extensions_mut().insert(Change { name, details });
}

/// Writes a line now, for a change that takes its time.
pub(super) fn begins(request: &HttpRequest, name: &'static str) {
    let asked = Asked::of(request);
    let change = Change {
        name,
        details: String::new(),
    };
    let who = request.extensions().get::<Who>().copied();
    asked.log(who, request.match_pattern(), &change, "begun", None);
}

/// Wraps every route: a request that may change something leaves a line. Spans that are taken change
/// nothing, and come every second.
pub(super) async fn audit(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    if request.method().is_safe() {
        return next.call(request).await;
    }
    let asked = Asked::of(request.request());
    let response = next.call(request).await?;
    let (request, answer) = (response.request(), response.response());
    let failure = answer.error().and_then(|error| error.as_error::<Failure>());
    let code = failure.map(|failure| failure.code().as_str());
    let route = request.match_pattern();
    let status = answer.status();
    let outcome = if status.is_client_error() || status.is_server_error() {
        "refused"
    } else {
        "done"
    };
    if outcome == "done" && traces::is_intake(route.as_deref()) {
        return Ok(response);
    }
    let extensions = request.extensions();
    let unnamed = Change {
        name: "-",
        details: String::new(),
    };
    let change = extensions.get::<Change>().unwrap_or(&unnamed);
    let ended = Some((status.as_u16(), code));
    let who = extensions.get::<Who>().copied();
    asked.log(who, route, change, outcome, ended);
    drop(extensions);
    Ok(response)
}

/// The address of whoever asks, as a trusted proxy tells it. A connection that is gone has none.
pub(super) fn client(request: &HttpRequest) -> IpAddr {
    let peer = request.peer_addr().map(|peer| peer.ip().to_canonical());
    let peer = peer.unwrap_or(Ipv6Addr::UNSPECIFIED.into());
    let operator = request.app_data::<web::Data<Operator>>();
    operator.map_or(peer, |operator| {
        let proxies = &operator.site().trusted_proxies;
        proxies.client_address(peer, request.headers())
    })
}

/// Enough for any host name. The field is whatever its sender has written.
const LONGEST_ORIGIN: usize = 300;

impl Asked {
    fn of(request: &HttpRequest) -> Self {
        let extensions = request.extensions();
        let id = extensions.get::<RequestId>();
        let origin = request.headers().get(ORIGIN).map(|origin| {
            let text = String::from_utf8_lossy(origin.as_bytes());
            text.chars().take(LONGEST_ORIGIN).collect()
        });
        Self {
            from: client(request),
            origin: origin.unwrap_or_else(|| "-".to_owned()),
            method: request.method().to_string(),
            id: id.map_or("-", RequestId::as_str).to_owned(),
        }
    }

    fn log(
        &self,
        who: Option<Who>,
        route: Option<String>,
        change: &Change,
        outcome: &str,
        ended: Option<(u16, Option<&str>)>,
    ) {
        let who = match who {
            Some(Who::Token) => "token",
            Some(Who::Session) => "session",
            Some(Who::Anyone) if self.from.is_loopback() => "loopback",
            Some(Who::Anyone) => "network",
            None => "nobody",
        };
        let status = ended.map_or(Value::from("-"), |(status, _)| Value::from(status));
        let code = ended.and_then(|(_, code)| code);
        log::info!(
            target: TARGET,
            who = who,
            from = self.from.to_string().as_str(),
            origin = self.origin.as_str(),
            method = self.method.as_str(),
            route = route.as_deref().unwrap_or("-"),
            change = change.name,
            details = if change.details.is_empty() { "-" } else { &change.details },
            outcome = outcome,
            status = status,
            code = code.unwrap_or("-"),
            request_id = self.id.as_str();
            ""
        );
    }
}
