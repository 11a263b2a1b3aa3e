//! The mails that `DEV_OUTBOX=on` shows: a page for a browser, JSON for a program. No route of the
//! gateway leads here.

use actix_web::http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, ContentType, HeaderMap, REFERRER_POLICY, VARY,
};
use actix_web::{HttpRequest, HttpResponse, web};
use service_kit::failure::Failure;

use crate::Accounts;
use crate::reset::page;

pub(super) async fn show(
    accounts: web::Data<Accounts>,
    request: HttpRequest,
) -> Result<HttpResponse, Failure> {
    let mails = accounts.store.shown_mails().await?;
    let mut answer = HttpResponse::Ok();
    answer
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .insert_header((VARY, "Accept"));
    if !wants_html(request.headers()) {
        return Ok(answer.json(mails));
    }
    Ok(answer
        .insert_header((CONTENT_SECURITY_POLICY, "default-src 'none'"))
        .content_type(ContentType::html())
        .body(page(&mails)))
}

fn wants_html(headers: &HeaderMap) -> bool {
    let accepted = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
    accepted.is_some_and(|accepted| accepted.contains("text/html"))
}
