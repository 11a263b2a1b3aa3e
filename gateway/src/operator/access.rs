//! Who may use the operator's port. Without `GATEWAY_ADMIN_TOKEN` that is whoever reaches it, so it
//! listens on loopback by default. With a token, it is who has it: a program sends it as a bearer
//! token, and a browser gets a session for it.
//!
//! Only probes (`/live`, `/ready`) and the login page need nothing.

mod login;
mod session;

use std::net::IpAddr;
use std::time::{Duration, Instant, SystemTime};

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    AUTHORIZATION, CACHE_CONTROL, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER,
};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage as _, HttpResponse, web};
use service_kit::failure::Failure;
use service_kit::input::{bearer_token, token_needed, token_refused};
use shared_types::problem::Code;
use shared_types::text::Text;

use super::Operator;
use super::audit::{Who, client};
use crate::fault::whole_seconds;
use crate::resilience::guesses::Guesses;
use crate::settings::admin_token::AdminToken;
use login::PAGE;
pub(super) use login::routes;
use session::Sessions;

/// Judges what a request shows.
pub(crate) struct Access(Option<Holders>);

/// Those who have the token.
struct Holders {
    token: AdminToken,
    sessions: Sessions,
    guesses: Guesses,
}

/// Why a request was not admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stopped {
    /// It shows nothing, or a session that is over.
    Nothing,
    Wrong,
    /// Its client has sent too many wrong tokens, and has to wait.
    Limited(Duration),
}

impl Access {
    pub(crate) fn new(token: Option<&AdminToken>) -> Self {
        Self(token.map(|token| Holders {
            token: token.clone(),
            sessions: Sessions::of(token),
            guesses: Guesses::new(Instant::now()),
        }))
    }

    fn judge(&self, headers: &HeaderMap, from: IpAddr) -> Result<Who, Stopped> {
        let Some(holders) = &self.0 else {
            return Ok(Who::Anyone);
        };
        // First: the console sends a guest's token beside its session.
        if holders.sessions.has_valid(headers, SystemTime::now()) {
            return Ok(Who::Session);
        }
        let sent = bearer_token(headers).ok_or(Stopped::Nothing)?;
        holders.try_token(sent, from).map(|()| Who::Token)
    }

    /// Takes the token out of a request that goes on to the public API, whatever the request was
    /// admitted by: no upstream may have it.
    pub(super) fn withhold(&self, headers: &mut HeaderMap) {
        let Some(holders) = &self.0 else {
            return;
        };
        for field in headers.remove(AUTHORIZATION) {
            if !holders.token.is_in(field.as_bytes()) {
                headers.append(AUTHORIZATION, field);
            }
        }
    }
}

impl Holders {
    fn try_token(&self, sent: &str, from: IpAddr) -> Result<(), Stopped> {
        let now = Instant::now();
        let may_try = self.guesses.may_try(from, now);
        let is_right = self.token.is(sent);
        if is_right && (may_try.is_ok() || self.guesses.remember(from, now)) {
            self.guesses.was_right(from, now);
            return Ok(());
        }
        // A guest's token at the wrong port is no guess.
        if !self.token.could_be(sent) {
            return Err(Stopped::Wrong);
        }
        may_try.map_err(Stopped::Limited)?;
        self.guesses.was_wrong(from, now);
        Err(Stopped::Wrong)
    }
}

impl Stopped {
    fn count(self, operator: &Operator) {
        let refused = &operator.site().metrics.operator_refused;
        match self {
            Self::Nothing | Self::Wrong => refused.token.inc(),
            Self::Limited(_) => refused.limited.inc(),
        }
    }

    fn failure(self) -> Failure {
        let needed = || Text::fixed(|say| say.operator.token_needed);
        match self {
            Self::Nothing => token_needed(Code::Unauthorized).with_detail(needed()),
            Self::Wrong => token_refused(Code::Unauthorized).with_detail(needed()),
            Self::Limited(wait) => Failure::new(Code::RateLimited)
                .with_detail(Text::fixed(|say| say.operator.too_many_tokens))
                .with_header(RETRY_AFTER, HeaderValue::from(whole_seconds(wait))),
        }
    }
}

/// Lets only those through who may use the port, and notes by what.
pub(super) async fn holders_only(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    if request.path() == PAGE {
        return Ok(next.call(request).await?.map_into_left_body());
    }
    let Some(operator) = request.app_data::<web::Data<Operator>>().cloned() else {
        return Err(Failure::internal("the operator's routes have no data").into());
    };
    let from = client(request.request());
    match operator.access.judge(request.headers(), from) {
        Ok(who) => {
            request.extensions_mut().insert(who);
            Ok(next.call(request).await?.map_into_left_body())
        }
        Err(Stopped::Nothing) if request.path() == "/" => {
            let answer = to(PAGE);
            Ok(request.into_response(answer).map_into_right_body())
        }
        Err(stopped) => {
            stopped.count(&operator);
            let failure = stopped.failure();
            Ok(request.error_response(failure).map_into_right_body())
        }
    }
}

/// Sends a browser to another page of this port.
fn to(page: &'static str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((LOCATION, page))
        .insert_header((CACHE_CONTROL, "no-store"))
        .finish()
}
