//! The codes of the problems that a route can answer, beside those of its service.

use shared_types::problem::Code;

use crate::routing::route::{Outage, Route, To};

/// The codes that any request may get.
const ALWAYS: &[Code] = &[
    Code::BadRequest,
    Code::RequestTimeout,
    Code::PayloadTooLarge,
    Code::UriTooLong,
    Code::ExpectationFailed,
    Code::HeadersTooLarge,
    Code::InternalError,
    Code::UpgradeNotSupported,
    Code::HttpVersionNotSupported,
];

/// The codes that come from asking a service.
const OF_UPSTREAMS: &[Code] = &[
    Code::UpstreamUnreachable,
    Code::UpstreamInvalidResponse,
    Code::UpstreamUnavailable,
    Code::UpstreamOverloaded,
    Code::UpstreamTimeout,
    Code::Closed,
    Code::LoopDetected,
];

pub(super) fn codes(route: &Route, has_quotas: bool) -> Vec<Code> {
    let mut codes = ALWAYS.to_vec();
    let is_own = matches!(route.to, To::Own(_));
    // This holds without quotas, too: a client has a share of each upstream's requests.
    if !is_own || has_quotas && !route.is_probe {
        codes.push(Code::RateLimited);
    }
    if !is_own {
        codes.extend(OF_UPSTREAMS);
    }
    if matches!(&route.to, To::Upstream(to) if matches!(to.outage, Outage::Stale(_))) {
        codes.push(Code::NotStored);
    }
    codes
}
