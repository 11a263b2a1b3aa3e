//! Cross-origin resource sharing (the Fetch standard, "CORS protocol"): which pages of other
//! origins may call.
//!
//! The gateway alone decides. An upstream's CORS fields are dropped, because two answers in one
//! response make a browser refuse it. The ready-made middleware was rejected: it answers a refused
//! preflight in plain text and keeps only one of an upstream's `Vary` lines.

use std::collections::HashSet;
use std::str::FromStr;

use actix_web::HttpResponse;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::http::{Method, Uri};

use crate::http::protection::protect;

/// The fields that a script may read in an answer, beside the few that Fetch always shows.
const EXPOSED: &str = "X-Request-Id, Retry-After, RateLimit, RateLimit-Policy, Location, Link, X-Next-Cursor, \
     X-Total-Count, Preference-Applied, ETag, WWW-Authenticate, Age, Cache-Status, X-Degraded, X-Drill";

/// How long a browser may remember a preflight's answer: 10 minutes, so that a changed policy soon
/// takes effect.
const MAX_AGE: &str = "600";

const METHODS: &str = "GET, POST, PUT, PATCH, DELETE";

/// The allowed origins: a list of `scheme://host[:port]`, `localhost` (any scheme and port of this
/// machine, `app.localhost` included) and `*` (any origin, without credentials); or `none`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins {
    any: bool,
    localhost: bool,
    listed: HashSet<String>,
}

/// The CORS decision for one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Grant {
    /// No origin is ever allowed, so no answer depends on the origin.
    Never,
    /// The request has no `Origin`, or one that is not allowed.
    None,
    /// Any origin may read the answer, and no credentials are asked for.
    Anyone,
    /// This origin may read the answer, with credentials.
    Origin(HeaderValue),
}

impl Origins {
    #[must_use]
    pub fn localhost() -> Self {
        Self {
            localhost: true,
            ..Self::default()
        }
    }

    pub(crate) fn grant(&self, request: &HeaderMap) -> Grant {
        if !self.any && !self.localhost && self.listed.is_empty() {
            return Grant::Never;
        }
        let Some(origin) = request.get(header::ORIGIN) else {
            return Grant::None;
        };
        let Ok(text) = origin.to_str() else {
            return Grant::None;
        };
        if self.listed.contains(text) || (self.localhost && is_localhost(text)) {
            Grant::Origin(origin.clone())
        } else if self.any {
            Grant::Anyone
        } else {
            Grant::None
        }
    }
}

impl FromStr for Origins {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut origins = Self::default();
        if text == "none" {
            return Ok(origins);
        }
        for item in text
            .split(',')
            .map(str::trim)
            .filter(|item| !item.is_empty())
        {
            match item {
                "*" => origins.any = true,
                "localhost" => origins.localhost = true,
                origin if is_origin(origin) => {
                    origins.listed.insert(origin.to_owned());
                }
                _ => {
                    return Err(
                        "expected origins such as https://app.example.com, localhost, * or none"
                            .to_owned(),
                    );
                }
            }
        }
        Ok(origins)
    }
}

/// Whether this is `scheme://host[:port]` as a browser sends it: lower case, without a path.
fn is_origin(text: &str) -> bool {
    let bare = text
        .split_once("://")
        .is_some_and(|(_, rest)| !rest.contains(['/', '?', '#', '@']));
    let lower = !text.chars().any(|c| c.is_ascii_uppercase());
    bare && lower
        && text
            .parse::<Uri>()
            .is_ok_and(|uri| uri.host().is_some_and(|host| !host.is_empty()))
}

/// Whether the origin is this machine, by an address or by a name of RFC 6761 §6.3: `localhost`, or
/// one that ends in `.localhost`. Parsed strictly: only a host and a port may follow the scheme.
fn is_localhost(origin: &str) -> bool {
    let rest = origin
        .strip_prefix("http://")
        .or(origin.strip_prefix("https://"));
    let Some(rest) = rest else {
        return false;
    };
    let end = rest
        .rfind(':')
        .filter(|end| !rest.ends_with(']') && *end > 0);
    let (host, port) = rest.split_at(end.unwrap_or(rest.len()));
    let is_local = match host.strip_suffix(".localhost") {
        Some(name) => name.split('.').all(is_label),
        None => matches!(host, "localhost" | "127.0.0.1" | "[::1]"),
    };
    is_local && is_port(port)
}

/// One label of a host name, in lower case as browsers send it.
fn is_label(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !text.is_empty() && text.bytes().all(is_plain)
}

/// Nothing, or `:` and a port.
fn is_port(text: &str) -> bool {
    let digits = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    match text.strip_prefix(':') {
        Some(port) => digits(port) && port.parse::<u16>().is_ok(),
        None => text.is_empty(),
    }
}

pub(crate) fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
    *method == Method::OPTIONS
        && headers.contains_key(header::ORIGIN)
        && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// The answer to a preflight. It allows every method and requested header, so that the request
/// itself is sent and gets its own clear 404 or 405. An origin that is not allowed gets no grant.
pub(crate) fn preflight_answer(grant: &Grant, request: &HeaderMap) -> HttpResponse {
    let mut response = HttpResponse::NoContent().finish();
    let headers = response.headers_mut();
    protect(headers);
    if matches!(grant, Grant::Anyone | Grant::Origin(_)) {
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_METHODS,
            HeaderValue::from_static(METHODS),
        );
        headers.insert(
            header::ACCESS_CONTROL_MAX_AGE,
            HeaderValue::from_static(MAX_AGE),
        );
        for asked in request.get_all(header::ACCESS_CONTROL_REQUEST_HEADERS) {
            headers.append(header::ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
        }
    }
    if *grant == Grant::Never {
        return response;
    }
    for varying in [
        "Access-Control-Request-Method",
        "Access-Control-Request-Headers",
    ] {
        headers.append(header::VARY, HeaderValue::from_static(varying));
    }
    response
}

/// Writes the grant into an answer, over an upstream's own fields.
pub(crate) fn apply(grant: &Grant, headers: &mut HeaderMap) {
    if *grant == Grant::Never {
        return;
    }
    // The upstream may have named it already.
    if !varies_by_origin(headers) {
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
    }
    let origin = match grant {
        Grant::Never | Grant::None => return,
        Grant::Anyone => HeaderValue::from_static("*"),
        Grant::Origin(origin) => {
            headers.insert(
                header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
                HeaderValue::from_static("true"),
            );
            origin.clone()
        }
    };
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static(EXPOSED),
    );
}

fn varies_by_origin(headers: &HeaderMap) -> bool {
    let names = headers.get_all(header::VARY);
    let mut names = names.flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    names.any(|name| {
        matches!(name.trim_ascii(), b"*") || name.trim_ascii().eq_ignore_ascii_case(b"origin")
    })
}

/// Whether a field of an upstream's answer is about CORS only.
pub(crate) fn is_cors_field(name: &str) -> bool {
    name.starts_with("access-control-")
}

#[cfg(test)]
mod tests;
