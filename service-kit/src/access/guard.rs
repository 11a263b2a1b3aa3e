//! Stands in front of a service's routes and lets through whom their rules name.

use std::sync::Arc;

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use actix_web::middleware::{Next, from_fn};
use actix_web::{Error, HttpMessage as _, web};
use shared_types::problem::Code;
use shared_types::text::Text;
use shared_types::value::Timestamp;

use super::caller::{Caller, Vouched};
use super::known::{Known, Refused};
use super::rule::{Rule, Who};
use super::settings::{Access, Settings};
use super::token::TokenError;
use super::watch;
use crate::failure::Failure;
use crate::input::{bearer_token, token_needed, token_refused};
use crate::peer::{PeerSecret, PeerUrl, VOUCHER};
use crate::serve::Draining;

/// Every worker has a clone; clones share what is known.
#[derive(Clone, Debug)]
pub struct Guard {
    rules: &'static [Rule],
    /// `None` while access is open.
    strict: Option<Arc<Strict>>,
}

#[derive(Debug)]
struct Strict {
    known: Known,
    clients: PeerUrl,
    secret: PeerSecret,
}

impl Guard {
    #[must_use]
    pub fn new(settings: &Settings, rules: &'static [Rule]) -> Self {
        let strict = match (
            settings.access,
            &settings.clients_url,
            &settings.peer_secret,
        ) {
            (Access::Strict, Some(clients), Some(secret)) => Some(Arc::new(Strict {
                known: Known::default(),
                clients: clients.clone().known_by(Some(secret)),
                secret: secret.clone(),
            })),
            _ => None,
        };
        if strict.is_none() {
            log::warn!(
                "ACCESS=open: everyone may read and change everything here; ACCESS=strict closes it"
            );
        }
        Self { rules, strict }
    }

    /// Adds routes, which are open or guarded.
    pub fn protect(&self, config: &mut web::ServiceConfig, routes: fn(&mut web::ServiceConfig)) {
        if self.strict.is_none() {
            config.configure(routes);
            return;
        }
        let scope = web::scope("")
            .app_data(web::Data::new(self.clone()))
            .app_data(web::Data::new(Access::Strict))
            .wrap(from_fn(admit))
            .configure(routes);
        config.service(scope);
    }

    /// Asks the client service for keys and ended sessions, until a stop is requested.
    pub async fn watch(self, draining: Draining) {
        let Some(strict) = &self.strict else { return };
        tokio::select! {
            () = watch::watch(&strict.known, &strict.clients) => {}
            () = draining.begun() => {}
        }
    }

    fn vouches(&self, request: &ServiceRequest, caller: Caller) -> Vouched {
        let Some(strict) = &self.strict else {
            return Vouched(true);
        };
        let sent = request.headers().get(VOUCHER);
        let sent = sent.and_then(|sent| sent.to_str().ok());
        Vouched(caller == Caller::Peer || sent.is_some_and(|sent| strict.secret.is(sent)))
    }

    fn judge(&self, request: &ServiceRequest) -> Result<Caller, Failure> {
        let Some(strict) = &self.strict else {
            return Ok(Caller::Anyone);
        };
        // The path as the router reads it: decoded, so that `/command%65s` is `/commandes`.
        let path = request.match_info().as_str();
        let Some(pattern) = request.resource_map().match_pattern(path) else {
            return Err(Failure::new(Code::RouteNotFound));
        };
        let who = Rule::of(self.rules, request.method().as_str(), &pattern);
        if who == Who::Anyone {
            return Ok(Caller::Anyone);
        }
        let caller = strict.identify(request, who)?;
        if who.includes(caller) {
            Ok(caller)
        } else {
            Err(Failure::new(Code::Forbidden))
        }
    }
}

impl Strict {
    fn identify(&self, request: &ServiceRequest, who: Who) -> Result<Caller, Failure> {
        let token = bearer_token(request.headers());
        let token = token.ok_or_else(|| token_needed(Code::Unauthorized))?;
        if self.secret.is(token) {
            return Ok(Caller::Peer);
        }
        if who == Who::Peers {
            let cause = "the sender has another PEER_SECRET, or is no service";
            return Err(Failure::new(Code::Forbidden).caused_by(cause));
        }
        match self.known.check(token, Timestamp::now()) {
            Ok(claims) => Ok(Caller::Client {
                client: claims.sub,
                role: claims.role,
            }),
            Err(Refused::NoKeys) => Err(Failure::new(Code::ServiceUnavailable)
                .with_detail(Text::fixed(|say| say.accounts.tokens_unknown))
                .with_header(RETRY_AFTER, HeaderValue::from_static("1"))
                .caused_by(Refused::NoKeys)),
            Err(refused) => Err(token_refused(code(&refused)).caused_by(refused)),
        }
    }
}

fn code(refused: &Refused) -> Code {
    match refused {
        Refused::Token(TokenError::Expired) | Refused::SessionEnded => Code::SessionExpired,
        Refused::Token(_) | Refused::NoKeys => Code::Unauthorized,
    }
}

async fn admit(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody, BoxBody>>, Error> {
    let judged = match request.app_data::<web::Data<Guard>>() {
        Some(guard) => guard.judge(&request),
        None => Ok(Caller::Anyone),
    };
    match judged {
        Ok(caller) => {
            let vouched = match request.app_data::<web::Data<Guard>>() {
                Some(guard) => guard.vouches(&request, caller),
                None => Vouched(true),
            };
            request.extensions_mut().insert(vouched);
            request.extensions_mut().insert(caller);
            Ok(next.call(request).await?.map_into_left_body())
        }
        // `observe` writes the body.
        Err(failure) => Ok(request.error_response(failure).map_into_right_body()),
    }
}
