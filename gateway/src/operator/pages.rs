//! The gateway's own pages.

pub(crate) mod docs;
mod problems;

use actix_web::http::header::ContentType;
use actix_web::{HttpRequest, HttpResponse};
use matchit::Params;
use service_kit::health;
use shared_types::gateway::Welcome;

use crate::answer::dispatch::Worker;
use crate::http::protection::protect;
use crate::routing::route::Page;

/// Prepares the pages that are made only once, so that no request waits for them.
pub(crate) fn prepare() {
    problems::prepare();
}

/// `None` if there is no such page.
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
        // Ready means that the gateway itself can serve: with every upstream down, it still gives
        // clear answers.
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
