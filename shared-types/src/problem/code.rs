//! The one table of errors, for the gateway and every service: code and status. Their titles and
//! sentences are in `text`, by language.

use crate::text::Lang;

macro_rules! codes {
    ($($variant:ident = $status:literal $code:literal,)+) => {
        /// The kind of error, for programs: stable across languages and releases.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code {
            $($variant,)+
        }

        impl Code {
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// The HTTP status of the answer.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)+ }
            }
        }
    };
}

codes! {
    // The gateway's own.
    RouteNotFound = 404 "route_not_found",
    MethodNotAllowed = 405 "method_not_allowed",
    RequestTimeout = 408 "request_timeout",
    ExpectationFailed = 417 "expectation_failed",
    RateLimited = 429 "rate_limited",
    UpgradeNotSupported = 501 "upgrade_not_supported",
    HttpVersionNotSupported = 505 "http_version_not_supported",
    UpstreamUnreachable = 502 "upstream_unreachable",
    UpstreamInvalidResponse = 502 "upstream_invalid_response",
    UpstreamUnavailable = 503 "upstream_unavailable",
    UpstreamOverloaded = 503 "upstream_overloaded",
    UpstreamTimeout = 504 "upstream_timeout",
    NotStored = 504 "not_stored",
    Closed = 503 "closed",
    DrillsOff = 403 "drills_off",
    ClosureConflict = 409 "closure_conflict",
    ConfigInvalid = 422 "config_invalid",
    LoopDetected = 508 "loop_detected",

    // Faults of any request.
    BadRequest = 400 "bad_request",
    NotFound = 404 "not_found",
    PayloadTooLarge = 413 "payload_too_large",
    UriTooLong = 414 "uri_too_long",
    HeadersTooLarge = 431 "headers_too_large",
    UnsupportedMediaType = 415 "unsupported_media_type",
    ValidationFailed = 400 "validation_failed",
    PreconditionFailed = 412 "precondition_failed",
    IdempotencyKeyReused = 422 "idempotency_key_reused",
    InternalError = 500 "internal_error",
    ServiceUnavailable = 503 "service_unavailable",

    // Accounts.
    InvalidCredentials = 401 "invalid_credentials",
    Unauthorized = 401 "unauthorized",
    SessionExpired = 401 "session_expired",
    Forbidden = 403 "forbidden",
    WrongPassword = 403 "wrong_password",
    ResetTokenInvalid = 400 "reset_token_invalid",
    PasswordResetOff = 501 "password_reset_off",
    ErasureOff = 501 "erasure_off",
    ClientNotFound = 404 "client_not_found",
    EmailTaken = 409 "email_taken",
    PhoneTaken = 409 "phone_taken",

    // Orders, kitchen, delivery.
    OrderNotFound = 404 "order_not_found",
    DishNotFound = 404 "dish_not_found",
    CourierNotFound = 404 "courier_not_found",
    DeliveryNotFound = 404 "delivery_not_found",
    ImpossibleTransition = 409 "impossible_transition",
    RestaurantClosed = 409 "restaurant_closed",
    TotalExceeded = 409 "total_exceeded",
    DeliveryTaken = 409 "delivery_taken",
    DeliveryExists = 400 "delivery_exists",
    QuotaReached = 429 "quota_reached",
    StorageFull = 507 "storage_full",
}

impl Code {
    #[must_use]
    pub fn title(self, lang: Lang) -> &'static str {
        (lang.sentences().problem)(self).title
    }

    /// The sentence that is used unless a more precise one is known.
    #[must_use]
    pub fn detail(self, lang: Lang) -> &'static str {
        (lang.sentences().problem)(self).detail
    }

    /// The problem's `type`: a relative URI of the page about it.
    #[must_use]
    pub fn type_uri(self) -> String {
        format!("/problems/{}", self.page())
    }

    /// The last segment of that URI.
    #[must_use]
    pub fn page(self) -> String {
        self.as_str().replace('_', "-")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::Code;
    use crate::text::Lang;

    #[test]
    fn every_code_is_spelled_once_and_has_an_error_status() {
        let spelled: HashSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(spelled.len(), Code::ALL.len());
        assert!(
            Code::ALL
                .iter()
                .all(|code| (400..600).contains(&code.status()))
        );
    }

    #[test]
    fn every_code_speaks_every_language() {
        for code in Code::ALL {
            for text in [Code::title, Code::detail] {
                let texts: HashSet<_> = Lang::ALL.iter().map(|lang| text(*code, *lang)).collect();
                assert_eq!(texts.len(), Lang::ALL.len(), "{code:?}");
            }
        }
    }
}
