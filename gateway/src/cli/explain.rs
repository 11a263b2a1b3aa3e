//! Explains one request, outage included: everything that the configuration says of it, in one
//! place.

mod aggregate;

use std::io::Write;
use std::time::Duration;

use actix_web::http::header::HeaderName;
use actix_web::http::{Method, Uri};
use bytesize::ByteSize;
use humantime::format_duration;
use service_kit::program::RunError;

use super::terminal::plain;
use crate::answer::cache;
use crate::config::Config;
use crate::resilience::priority::Priority;
use crate::routing::route::{CachePolicy, Found, Outage, Route, To, ToUpstream};
use crate::settings::UpstreamSettings;

pub(super) fn print(
    config: &Config,
    method: &str,
    path: &str,
    out: &mut impl Write,
) -> Result<(), RunError> {
    let method: Method = method.parse().map_err(|_invalid| "not a valid method")?;
    let uri: Uri = path.parse().map_err(|_invalid| "not a valid path")?;
    writeln!(out, "{method} {uri}")?;
    let (route, parameters) = match config.routes.find(&method, uri.path()) {
        Found::Route { route, parameters } => (route, parameters),
        Found::OtherMethods(allow) => {
            let allow = allow.to_str()?;
            return Err(format!("405: this path has {allow}").into());
        }
        Found::Nothing => return Err("404: no route has this path".into()),
    };
    line(out, "route", &format!("{} {}", route.method, route.path))?;
    let to = match &route.to {
        To::Upstream(to) => to,
        To::Own(_) => {
            line(out, "answer", "the gateway's own: no outage touches it")?;
            return Ok(());
        }
        To::Aggregate(index, _) => return aggregate::print(config, *index, out),
    };
    let upstream = config.upstreams.get(to.upstream).ok_or("no upstream")?;
    let target = to
        .target
        .fill(&upstream.url.prefix, &parameters, uri.query());
    let target = target
        .map_err(|_unfit| "400: a parameter is empty, a dot segment, or holds an escaped slash")?;
    let target = match &to.outage {
        Outage::Stale(policy) => cache::target(policy, &target).ok_or("no target")?,
        Outage::Error | Outage::Fallback(_) | Outage::Defer(_) => target,
    };
    let origins = upstream.url.origins();
    let at = match upstream.url.endpoints.len() {
        1 => format!("{}, at {origins}{target}", upstream.name),
        _ => format!("{}, one of {origins}, at {target}", upstream.name),
    };
    line(out, "upstream", &at)?;
    limits(config, route, to, out)?;
    let deadline = format!(
        "{} in which the upstream is waited for, {} of it to connect",
        format_duration(to.settings.timeout),
        format_duration(upstream.connect_timeout)
    );
    line(out, "deadline", &deadline)?;
    if to.settings.compress {
        line(out, "compression", COMPRESSION)?;
    }
    if let Some(timeout) = to.settings.tunnel_timeout {
        let websocket = format!(
            "opened for clients that ask, until both sides have been silent for {}",
            format_duration(timeout)
        );
        line(out, "websocket", &websocket)?;
    }
    line(out, "priority", priority(to.settings.priority))?;
    line(out, "retry", &retry(&method, to, upstream))?;
    line(out, "circuit", &circuit(upstream))?;
    line(out, "circuit of the route", ROUTE_CIRCUIT)?;
    if let Outage::Stale(policy) = &to.outage {
        line(out, "cache", &cache(policy))?;
        line(out, "not stored", &not_stored(policy))?;
        if policy.is_warm {
            let warm = "the gateway asks for it by itself, so that there is an answer in an outage";
            line(out, "warm", warm)?;
        }
    }
    let name = &upstream.name;
    line(
        out,
        &format!("if {name} is down"),
        &outage(&to.outage, &upstream.name),
    )?;
    Ok(())
}

fn line(out: &mut impl Write, name: &str, text: &str) -> std::io::Result<()> {
    writeln!(out, "{}", plain(&format!("  {name:<20} {text}")))
}

fn limits(
    config: &Config,
    route: &Route,
    to: &ToUpstream,
    out: &mut impl Write,
) -> std::io::Result<()> {
    line(
        out,
        "body",
        &format!("{} at most", ByteSize::b(to.settings.request_body)),
    )?;
    let general = config.rate_limit.as_ref().map(ToString::to_string);
    let own = route.rate_limit.as_ref().map(ToString::to_string);
    let rate = match (general, own) {
        (None, _) => "unlimited".to_owned(),
        (Some(general), None) => format!("{general} from one address, for all routes together"),
        (Some(general), Some(own)) => {
            format!("{own} from one address, and {general} for all routes together")
        }
    };
    line(out, "rate", &rate)
}

/// The share of the permits.
fn priority(priority: Priority) -> &'static str {
    match priority {
        Priority::Critical => "critical: may use every permit but the tenth of normal requests",
        Priority::Normal => "normal: may use every permit but a tenth, where a route is critical",
        Priority::Sheddable => {
            "sheddable: refused at once while half of the permits are in use, or answered as in an outage"
        }
    }
}

fn retry(method: &Method, to: &ToUpstream, upstream: &UpstreamSettings) -> String {
    let times = match upstream.retries {
        0 => return "never".to_owned(),
        1 => "once".to_owned(),
        times => format!("{times} times"),
    };
    let when = "if the upstream was unavailable, for at most one request in five";
    if method.is_safe() {
        format!("{times}, {when}")
    } else if to.settings.idempotent {
        format!("{times}, {when}; once a byte was sent, only with an Idempotency-Key")
    } else {
        format!("{times}, {when} and nothing was sent")
    }
}

const COMPRESSION: &str = "long texts, with Brotli or gzip, for clients that accept it";

/// The route's own circuit has the numbers of its upstream's.
const ROUTE_CIRCUIT: &str = "opens likewise if only this route fails, or refuses with 503 and Retry-After: \
    then for that time, 60s at most";

fn circuit(upstream: &UpstreamSettings) -> String {
    let breaker = &upstream.breaker;
    let back = match &upstream.probe {
        Some(probe) => format!("the gateway asks {probe}"),
        None => "one request a second tries".to_owned(),
    };
    format!(
        "opens after {} failures in a row, or {} % of at least {} requests within {}; {} later {back}",
        breaker.failures,
        breaker.percent,
        breaker.minimum,
        format_duration(breaker.window),
        format_duration(breaker.open),
    )
}

fn cache(policy: &CachePolicy) -> String {
    let fresh = match policy.fresh {
        Some(fresh) => format!("fresh for {}", format_duration(fresh)),
        None => "fresh for as long as the upstream says".to_owned(),
    };
    let whose = if policy.is_shared {
        "the same for everyone, and asked for without anybody's token or cookie"
    } else {
        "not for a request with a token or cookie"
    };
    let query = match policy.query.as_deref() {
        None => "the whole query counts".to_owned(),
        Some([]) => "the query does not count".to_owned(),
        Some(names) => format!("only {} of the query counts", names.join(", ")),
    };
    format!("{fresh}, {whose}; {query}")
}

/// The reasons for not storing an answer. Whether one applied is in `/status` on the operator's
/// port.
fn not_stored(policy: &CachePolicy) -> String {
    let vary = match &policy.vary[..] {
        [] => String::new(),
        names => {
            let names: Vec<_> = names.iter().map(HeaderName::as_str).collect();
            format!("{}, ", names.join(", "))
        }
    };
    format!(
        "an answer with no-store, private, no-cache, Set-Cookie, Content-Encoding, or a Vary by more than {vary}Origin \
         and Accept-Encoding; GET /status on the operator's port says what was not stored, and why"
    )
}

fn outage(outage: &Outage, upstream: &str) -> String {
    let error = format!(
        "502 or 504 at first, then 503 upstream_unavailable with Retry-After, at once; service: {upstream}"
    );
    match outage {
        Outage::Error => error,
        Outage::Stale(policy) => {
            let wait = match policy.stale_after {
                Duration::MAX => String::new(),
                wait => format!(", after waiting {} at most", format_duration(wait)),
            };
            format!(
                "the last good answer for {}{wait}, with X-Degraded: stale; without one, {error}",
                format_duration(policy.stale_if_error)
            )
        }
        Outage::Fallback(fallback) => {
            format!("{} as it is, with X-Degraded: fallback", fallback.file)
        }
        Outage::Defer(_) => format!(
            "202 with X-Degraded: deferred: kept, and delivered later; if it cannot be kept, {error}"
        ),
    }
}
