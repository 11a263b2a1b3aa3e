//! Makes stored answers out of date (RFC 9111 §4.4): those for the same path, after an unsafe
//! method, and those of the rows that `invalidates` names.
//!
//! Paths are compared without their query: a change behind a path may show in every answer to it.
//! An answer that is out of date does not replace a missing one either.

use std::sync::Arc;

use actix_web::http::header::{CONTENT_LOCATION, HOST, LOCATION};
use actix_web::http::{Method, Uri};
use actix_web::{HttpRequest, HttpResponse};

use super::UpstreamRow;
use crate::answer::destination::Destination;
use crate::routing::route::{CachePolicy, Found, Outage};

pub(super) fn invalidate(row: &UpstreamRow<'_>, request: &HttpRequest, response: &HttpResponse) {
    let status = response.status();
    if !status.is_success() && !status.is_redirection() {
        return;
    }
    let cache = &row.worker.site.cache;
    for policy in &row.to.invalidates {
        cache.invalidate(policy, None);
    }
    if request.method().is_safe() {
        return;
    }
    let path = request.uri().path();
    if let Some(policy) = &row.to.cache_policy {
        // Behind a prefix, a change of one path may show in any other.
        cache.invalidate(policy, Some(path).filter(|_| !policy.is_prefix));
    }
    for named in [LOCATION, CONTENT_LOCATION] {
        let named = response.headers().get(named);
        let named = named.and_then(|named| named.to_str().ok()?.parse().ok());
        if let Some(named) = named.filter(|named| is_of_this_origin(named, request))
            && let Some(policy) = stored(row, named.path())
        {
            cache.invalidate(policy, Some(named.path()));
        }
    }
}

/// Another origin has no say about this one.
fn is_of_this_origin(named: &Uri, request: &HttpRequest) -> bool {
    let host = request.headers().get(HOST);
    named.authority().is_none_or(|authority| {
        host.is_some_and(|host| {
            authority
                .as_str()
                .as_bytes()
                .eq_ignore_ascii_case(host.as_bytes())
        })
    })
}

/// The row that stores the answers to this path.
fn stored<'w>(row: &UpstreamRow<'w>, path: &str) -> Option<&'w Arc<CachePolicy>> {
    let Found::Route { route, .. } = row.worker.site.routes.find(&Method::GET, path) else {
        return None;
    };
    match &route.to {
        Destination::Upstream(relayed) => match &relayed.to.outage {
            Outage::Stale(policy) => Some(policy),
            Outage::Error | Outage::Fallback(_) | Outage::Defer(_) => None,
        },
        Destination::Own(_) => None,
    }
}
