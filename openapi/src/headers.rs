//! The header fields of answers that clients can use.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use shared_types::gateway::DrillMode;

pub const REQUEST_ID: &str = "X-Request-Id";
pub(crate) const RETRY_AFTER: &str = "Retry-After";
pub const DEGRADED: &str = "X-Degraded";
pub const DRILL: &str = "X-Drill";
pub const AGE: &str = "Age";
pub const CACHE_STATUS: &str = "Cache-Status";
pub const RATE_LIMIT: &str = "RateLimit";
pub const RATE_LIMIT_POLICY: &str = "RateLimit-Policy";
pub(crate) const AUTHENTICATE: &str = "WWW-Authenticate";
pub const LINK: &str = "Link";
pub const NEXT_CURSOR: &str = "X-Next-Cursor";
pub const ETAG: &str = "ETag";
pub const LOCATION: &str = "Location";
pub const TOTAL_COUNT: &str = "X-Total-Count";
pub const PREFERENCE_APPLIED: &str = "Preference-Applied";
pub(crate) const ALLOW: &str = "Allow";

/// Those of them that `names` holds, as components.
pub(crate) fn components(names: &BTreeSet<String>) -> Map<String, Value> {
    let text = json!({ "type": "string" });
    let seconds = json!({ "type": "integer", "minimum": 0 });
    let fields = [
        (
            REQUEST_ID,
            json!({ "type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$" }),
            "The request's own where it is fit to be one, else a new one. It is in every log line about the request.",
        ),
        (
            RETRY_AFTER,
            json!({ "type": "string", "pattern": "^([1-9][0-9]*|.+ GMT)$" }),
            "Seconds until it is worth asking again. For `closed`, the date of the end.",
        ),
        (
            DEGRADED,
            json!({ "type": "string", "enum": ["stale", "fallback", "partial", "deferred"] }),
            "What stands in for an answer of the service, where it gave none.",
        ),
        (
            DRILL,
            json!({ "type": "string", "enum": DrillMode::ALL.map(DrillMode::as_str) }),
            "The failure drill that the answer comes of.",
        ),
        (AGE, seconds, "How old a kept answer is, in seconds."),
        (
            CACHE_STATUS,
            text.clone(),
            "Where the answer comes from (RFC 9211).",
        ),
        (
            RATE_LIMIT,
            text.clone(),
            "What is left of the client's quota, on whatever a route with a quota of its own answers (draft-ietf-httpapi-ratelimit-headers).",
        ),
        (
            RATE_LIMIT_POLICY,
            text.clone(),
            "That quota (draft-ietf-httpapi-ratelimit-headers).",
        ),
        (AUTHENTICATE, text.clone(), "RFC 6750 §3."),
        (
            LINK,
            text.clone(),
            "The next page (RFC 8288), where there is one.",
        ),
        (
            NEXT_CURSOR,
            text.clone(),
            "What `cursor` takes for the next page, where there is one.",
        ),
        (
            TOTAL_COUNT,
            json!({ "type": "integer", "minimum": 0 }),
            "How many there are on all pages, where the request prefers `count=exact`.",
        ),
        (
            PREFERENCE_APPLIED,
            text.clone(),
            "The preference that was followed (RFC 7240 §3), if any.",
        ),
        (
            ETAG,
            json!({ "type": "string", "pattern": "^(W/)?\"[^\"]*\"$" }),
            "The version of what is answered, for `If-Match` (RFC 9110 §8.8.3).",
        ),
        (
            LOCATION,
            text.clone(),
            "Where the new thing is, from the address of the request (RFC 3986 §5.2).",
        ),
        (ALLOW, text, "The methods that the path has."),
    ];
    let fields = fields
        .into_iter()
        .filter(|(name, ..)| names.contains(*name));
    let named = fields.map(|(name, schema, description)| {
        let header = json!({
            "description": description,
            "required": name == REQUEST_ID,
            "schema": schema,
        });
        (name.to_owned(), header)
    });
    named.collect()
}

/// References to some of them.
pub(crate) fn references<'n>(names: impl IntoIterator<Item = &'n str>) -> Map<String, Value> {
    let names = names.into_iter().map(|name| {
        let reference = json!({ "$ref": format!("#/components/headers/{name}") });
        (name.to_owned(), reference)
    });
    names.collect()
}
