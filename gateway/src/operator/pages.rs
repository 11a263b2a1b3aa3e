//! What the gateway answers itself.

pub(crate) mod docs;
mod problems;

use actix_web::body::MessageBody;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ContentType, HeaderMap, HeaderName,
    HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::{HttpRequest, HttpResponse};
use matchit::Params;
use service_kit::health;
use shared_types::gateway::Welcome;

use crate::answer::dispatch::Worker;
use crate::routing::route::Page;

/// What OWASP advises for an API: its answers are data, which no browser is to guess at, frame, run or keep. What an
/// upstream answers is its own.
const PROTECTION: [(HeaderName, HeaderValue); 4] = [
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    ),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
];

/// Of a page that is made of files beside it: these and nothing else, no other origin, no script or style that stands in the
/// page. Icons may be `data:` images.
pub(crate) const OWN_FILES: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// Makes what is made once, so that no request waits for it.
pub(crate) fn prepare() {
    problems::prepare();
}

/// None where there is no such page.
pub(crate) fn answer(
    page: Page,
    request: &HttpRequest,
    parameters: &Params<'_, '_>,
    worker: &Worker,
) -> Option<HttpResponse> {
    let mut response = match page {
        Page::Welcome => HttpResponse::Ok().json(Welcome::default()),
        Page::Status => HttpResponse::Ok().json(worker.state.status()),
        Page::Live => health::live_answer(),
        // Ready means that the gateway itself can serve: with every upstream down it still gives clear answers.
        Page::Ready => health::ready_answer(!worker.draining.is_on()),
        Page::Problem => return problems::answer(request, parameters.get("code")?),
        Page::OpenApi => HttpResponse::Ok()
            .content_type(ContentType::json())
            .body(worker.state.openapi()),
        Page::Docs => return Some(docs::page()),
        Page::DocsFile => return docs::file(parameters.get("file")?),
    };
    protect(response.headers_mut());
    Some(response)
}

/// An answer of the gateway's own, with its security fields.
pub(crate) fn own(media_type: &'static str, body: impl MessageBody + 'static) -> HttpResponse {
    let mut response = HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, media_type))
        .body(body);
    protect(response.headers_mut());
    response
}

/// Adds the security fields of the gateway's own answers.
pub(crate) fn protect(headers: &mut HeaderMap) {
    for (name, value) in PROTECTION {
        headers.insert(name, value);
    }
}
