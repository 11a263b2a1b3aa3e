//! Makes a response from a stored answer, with its origin in `Age` (RFC 9111 §5.1) and
//! `Cache-Status` (RFC 9211), and with `X-Degraded` if it replaces a missing answer.

use std::time::Instant;

use actix_web::body::BoxBody;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};

use super::condition::has_it_already;
use super::{Copy, Missed};
use crate::answer::compression;
use crate::fault::degraded::Degraded;
use crate::routing::route::CachePolicy;
use crate::upstream::withhold;

const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");

/// How a stored answer came to be served.
pub(super) enum Served<'c> {
    /// It was stored, and fresh.
    Hit(&'c Copy),
    /// The upstream has just sent it.
    Fetched(&'c Copy),
    /// Another request had asked for it already.
    Shared(&'c Copy),
    /// There is no better one.
    Stale(&'c Copy, &'c Missed),
}

impl Served<'_> {
    pub(super) fn to(&self, request: &HttpRequest, policy: &CachePolicy) -> HttpResponse {
        let now = Instant::now();
        let copy = match self {
            Self::Hit(copy) | Self::Fetched(copy) | Self::Shared(copy) | Self::Stale(copy, _) => {
                *copy
            }
        };
        let mut response = HttpResponse::new(copy.status);
        let fields = response.headers_mut();
        for (name, value) in &*copy.fields {
            fields.append(name.clone(), value.clone());
        }
        let status = match self {
            Self::Fetched(_) => "passe-plat; fwd=miss; stored".to_owned(),
            Self::Shared(_) => "passe-plat; fwd=miss; collapsed".to_owned(),
            Self::Hit(copy) => format!("passe-plat; hit; ttl={}", copy.ttl(now)),
            Self::Stale(copy, missed) => {
                Degraded::Stale.mark(fields);
                format!("passe-plat; {}; ttl={}", missed.forwarded(), copy.ttl(now))
            }
        };
        if let Ok(status) = HeaderValue::try_from(status) {
            // The cache closest to the client comes last (RFC 9211 §2).
            fields.append(CACHE_STATUS, status);
        }
        // The upstream alone states the age of an answer that it has just sent.
        if !matches!(self, Self::Fetched(_)) || copy.has_age {
            fields.insert(header::AGE, copy.age(now).as_secs().into());
        }
        if has_it_already(request.headers(), copy) {
            fields.remove(header::CONTENT_TYPE);
            *response.status_mut() = actix_web::http::StatusCode::NOT_MODIFIED;
            return response;
        }
        let encoded = policy.compress.then(|| copy.encoded_for(request.headers()));
        let body = match encoded.flatten() {
            Some((coding, encoded)) => {
                compression::mark(fields, coding);
                encoded
            }
            None => copy.body.clone(),
        };
        if *request.method() == Method::HEAD {
            fields.insert(header::CONTENT_LENGTH, body.len().into());
            return withhold(response);
        }
        response.set_body(BoxBody::new(body))
    }
}

impl Missed {
    /// The outcome at the upstream, if it was asked (RFC 9211 §2.2 and §2.3).
    fn forwarded(&self) -> String {
        match self {
            Self::Fault(fault) if fault.was_sent() => {
                format!("fwd=stale; detail={}", fault.code().as_str())
            }
            Self::Fault(fault) => format!("hit; detail={}", fault.code().as_str()),
            Self::Failed(status) => format!("fwd=stale; fwd-status={status}"),
            Self::Unfit(_) => "fwd=stale".to_owned(),
        }
    }
}
