//! What the gateway answers itself.

use actix_web::HttpResponse;
use service_kit::health;
use service_kit::serve::Draining;
use shared_types::gateway::Welcome;

use crate::route::Page;

pub(crate) fn answer(page: Page, draining: &Draining) -> HttpResponse {
    match page {
        Page::Welcome => HttpResponse::Ok().json(Welcome::default()),
        Page::Live => health::live_answer(),
        // Ready means that the gateway itself can serve: with every upstream down it still gives clear answers.
        Page::Ready => health::ready_answer(!draining.is_on()),
    }
}
