//! `/login`: where a browser gets a session for the token, and ends it.
//!
//! The form needs no script. A page of another site cannot send it: `origin` refuses that.

use std::time::SystemTime;

use actix_web::http::header::{
    CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, HeaderValue, ORIGIN, REFERRER_POLICY, SET_COOKIE,
    VARY,
};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse, ResponseError as _, web};
use serde::Deserialize;
use service_kit::observe::lang_of;
use service_kit::serve::resource;
use shared_types::text::Lang;

use super::session::LIFETIME;
use super::{Operator, Stopped, to};
use crate::http::protection::own;
use crate::operator::audit::{self, Who, client};
use crate::operator::pages::{STYLE, style_hash};
use crate::upstream::OWN_COOKIE;

pub(in crate::operator) const PAGE: &str = "/login";

pub(in crate::operator) fn routes(config: &mut web::ServiceConfig) {
    config
        .service(
            resource(PAGE, "GET, POST")
                .route(web::get().to(show))
                .route(web::post().to(log_in)),
        )
        .service(resource("/logout", "POST").route(web::post().to(log_out)));
}

#[derive(Deserialize)]
struct Form {
    token: String,
}

async fn show(operator: web::Data<Operator>, request: HttpRequest) -> HttpResponse {
    let Some(holders) = &operator.access.0 else {
        return to("/");
    };
    let is_in = holders
        .sessions
        .has_valid(request.headers(), SystemTime::now());
    page(
        &request,
        if is_in {
            &Shown::In
        } else {
            &Shown::Form(None)
        },
    )
}

async fn log_in(
    operator: web::Data<Operator>,
    request: HttpRequest,
    form: web::Form<Form>,
) -> HttpResponse {
    let Some(holders) = &operator.access.0 else {
        return to("/");
    };
    audit::note(&request, "login", String::new());
    match holders.try_token(form.token.trim(), client(&request)) {
        Ok(()) => {
            request.extensions_mut().insert(Who::Token);
            let value = holders.sessions.begin(SystemTime::now());
            set(&request, &value, LIFETIME.as_secs())
        }
        Err(stopped) => {
            stopped.count(&operator);
            page(&request, &Shown::Form(Some(stopped)))
        }
    }
}

async fn log_out(request: HttpRequest) -> HttpResponse {
    audit::note(&request, "logout", String::new());
    set(&request, "", 0)
}

/// Sets the cookie and leads to the console. Behind a proxy with TLS, the cookie never goes out in
/// clear text: the browser tells the scheme in `Origin`.
fn set(request: &HttpRequest, value: &str, seconds: u64) -> HttpResponse {
    let origin = request.headers().get(ORIGIN);
    let is_https = origin.is_some_and(|origin| origin.as_bytes().starts_with(b"https://"));
    let secure = if is_https { "; Secure" } else { "" };
    let cookie = format!(
        "{OWN_COOKIE}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}"
    );
    let mut answer = to("/");
    if let Ok(cookie) = HeaderValue::try_from(cookie) {
        answer.headers_mut().insert(SET_COOKIE, cookie);
    }
    answer
}

const POLICY: &str = concat!(
    "default-src 'none'; style-src ",
    style_hash!(),
    "; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
);

/// What the page shows.
enum Shown {
    /// The form, after a try that was refused if there was one.
    Form(Option<Stopped>),
    /// A button to log out.
    In,
}

fn page(request: &HttpRequest, shown: &Shown) -> HttpResponse {
    let lang = lang_of(request);
    let mut answer = own("text/html; charset=utf-8", html(lang, shown));
    if let Shown::Form(Some(stopped)) = shown {
        let failure = stopped.failure();
        *answer.status_mut() = failure.status_code();
        if let Some((name, value)) = failure.header() {
            answer.headers_mut().insert(name, value);
        }
    }
    for (name, value) in [
        (CONTENT_LANGUAGE, lang.tag()),
        (VARY, "accept-language, cookie"),
        (CONTENT_SECURITY_POLICY, POLICY),
        // With `no-referrer`, a browser sends the form with `Origin: null`, which is refused.
        (REFERRER_POLICY, "same-origin"),
    ] {
        answer
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    answer
}

fn html(lang: Lang, shown: &Shown) -> String {
    let say = &lang.sentences().operator;
    let said = match shown {
        Shown::In => say.logged_in,
        Shown::Form(None) => say.log_in_why,
        Shown::Form(Some(Stopped::Limited(_))) => say.too_many_tokens,
        Shown::Form(Some(Stopped::Wrong | Stopped::Nothing)) => say.wrong_token,
    };
    let form = match shown {
        Shown::In => format!(
            "<form method=\"post\" action=\"/logout\"><p><a href=\"/\">{}</a></p>\
             <p><button>{}</button></p></form>",
            say.to_console, say.log_out
        ),
        // The name is for password managers, which store none without it.
        Shown::Form(_) => format!(
            "<form method=\"post\" action=\"{PAGE}\">\
             <input type=\"text\" name=\"username\" value=\"passe-plat\" autocomplete=\"username\" hidden>\
             <p><label for=\"token\">{}</label></p>\
             <p><input id=\"token\" name=\"token\" type=\"password\" autocomplete=\"current-password\" \
             required autofocus aria-describedby=\"said\"></p><p><button>{}</button></p></form>",
            say.token, say.log_in
        ),
    };
    format!(
        "<!doctype html>\n<html lang=\"{lang}\">\n<head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>Passe-plat – {title}</title><style>{STYLE}</style></head>\n\
         <body><main><h1>{title}</h1><p class=\"detail\" id=\"said\" role=\"status\">{said}</p>\n\
         {form}</main></body>\n</html>\n",
        lang = lang.tag(),
        title = say.log_in,
    )
}
