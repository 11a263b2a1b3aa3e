//! Builds the gateway's own error answers.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT_LANGUAGE, CONTENT_LANGUAGE, CONTENT_TYPE, VARY};
use shared_types::problem::{Code, MEDIA_TYPE, Occurrence, Problem, ReachedLimit};

use crate::http::protection::protect;

/// What is known beside the code.
#[derive(Default)]
pub(crate) struct Facts<'a> {
    /// Without it, the code's own sentence is used.
    pub(crate) detail: Option<String>,
    /// The upstream at fault.
    pub(crate) service: Option<&'a str>,
    /// The limit that was reached.
    pub(crate) limit: Option<ReachedLimit>,
}

pub(crate) fn answer(code: Code, facts: Facts<'_>, occurrence: Occurrence<'_>) -> HttpResponse {
    let lang = occurrence.lang;
    let mut problem = Problem::new(code, facts.detail, occurrence);
    problem.service = facts.service.map(str::to_owned);
    problem.limit = facts.limit;
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

#[cfg(test)]
mod tests {
    use actix_web::http::header::CACHE_CONTROL;
    use shared_types::problem::{Code, Occurrence};
    use shared_types::text::Lang;

    use super::{Facts, answer};

    #[test]
    fn no_problem_may_be_stored_whatever_its_code() {
        for code in Code::ALL {
            let occurrence = Occurrence {
                lang: Lang::En,
                instance: "/",
                request_id: "1",
            };
            let answer = answer(*code, Facts::default(), occurrence);
            let told = answer.headers().get(CACHE_CONTROL).unwrap();
            assert_eq!(told, "no-store", "{code:?}");
        }
    }
}
