//! The security fields of the gateway's own answers.

use actix_web::HttpResponse;
use actix_web::body::MessageBody;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};

/// OWASP's advice for an API: its answers are data, which a browser must not guess at, frame, run
/// or keep. An upstream's answer has its own fields.
const FIELDS: [(HeaderName, HeaderValue); 4] = [
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    ),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
];

/// The policy of a page that is built from files beside it: no other origin, no inline script or
/// style. Icons may be `data:` images.
pub(crate) const OWN_FILES: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// Adds [`FIELDS`].
pub(crate) fn protect(headers: &mut HeaderMap) {
    for (name, value) in FIELDS {
        headers.insert(name, value);
    }
}

/// Adds those of [`FIELDS`] that are not there.
pub(crate) fn protect_rest(headers: &mut HeaderMap) {
    for (name, value) in FIELDS {
        if !headers.contains_key(&name) {
            headers.insert(name, value);
        }
    }
}

/// A 200 with [`FIELDS`].
pub(crate) fn own(media_type: &'static str, body: impl MessageBody + 'static) -> HttpResponse {
    let mut response = HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, media_type))
        .body(body);
    protect(response.headers_mut());
    response
}
