//! An answer made of a copy, which says what it is: `Age` (RFC 9111 §5.1), `Cache-Status` (RFC 9211), and `X-Degraded`
//! where it is one that only stands in.

use std::time::Instant;

use actix_web::body::BoxBody;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};

use super::condition::has_it_already;
use super::{Copy, Missed};
use crate::fault::degraded::Degraded;
use crate::upstream::withhold;

const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");

/// How a copy came to be served.
pub(super) enum Served<'c> {
    /// It was there, and fresh.
    Hit(&'c Copy),
    /// It was asked for just now.
    Fetched(&'c Copy),
    /// Somebody else had asked for it already.
    Shared(&'c Copy),
    /// There is no better.
    Stale(&'c Copy, &'c Missed),
}

impl Served<'_> {
    pub(super) fn to(&self, request: &HttpRequest) -> HttpResponse {
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
            // What is on the way to the client comes last (RFC 9211 §2).
            fields.append(CACHE_STATUS, status);
        }
        // An answer that was asked for just now is as old as the upstream says.
        if !matches!(self, Self::Fetched(_)) || copy.has_age {
            fields.insert(header::AGE, copy.age(now).as_secs().into());
        }
        if has_it_already(request.headers(), copy) {
            fields.remove(header::CONTENT_TYPE);
            *response.status_mut() = actix_web::http::StatusCode::NOT_MODIFIED;
            return response;
        }
        if *request.method() == Method::HEAD {
            let length = copy.body.len().into();
            response
                .headers_mut()
                .insert(header::CONTENT_LENGTH, length);
            return withhold(response);
        }
        response.set_body(BoxBody::new(copy.body.clone()))
    }
}

impl Missed {
    /// Whether the upstream was asked, and what became of it (RFC 9211 §2.2 and §2.3).
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
