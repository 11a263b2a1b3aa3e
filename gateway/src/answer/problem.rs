//! Builds the gateway's own error answers.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT_LANGUAGE, CONTENT_LANGUAGE, CONTENT_TYPE, VARY};
use shared_types::problem::{Code, MEDIA_TYPE, Occurrence, Problem};

use crate::http::protection::protect;

/// Without a `detail`, the code's own sentence is used; `service` is the upstream at fault.
pub(crate) fn answer(
    code: Code,
    detail: Option<String>,
    service: Option<&str>,
    occurrence: Occurrence<'_>,
) -> HttpResponse {
    let lang = occurrence.lang;
    let mut problem = Problem::new(code, detail, occurrence);
    problem.service = service.map(str::to_owned);
    let status = StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status)
        .insert_header((CONTENT_TYPE, MEDIA_TYPE))
        .insert_header((CONTENT_LANGUAGE, lang.tag()))
        .append_header((VARY, ACCEPT_LANGUAGE.as_str()))
        .json(problem);
    protect(response.headers_mut());
    response.extensions_mut().insert(OfGateway(code));
    response
}

/// Marks a problem as the gateway's own. An upstream's problem looks the same.
struct OfGateway(Code);

pub(crate) fn is_of_gateway<B>(response: &HttpResponse<B>) -> bool {
    response.extensions().contains::<OfGateway>()
}

/// The code of a problem that is the gateway's own.
pub(crate) fn code_of<B>(response: &HttpResponse<B>) -> Option<Code> {
    response.extensions().get::<OfGateway>().map(|own| own.0)
}
