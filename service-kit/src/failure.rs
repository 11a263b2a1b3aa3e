//! A request that failed: the problem code for the client, the cause for the log.
//!
//! Code that fails does not know the request, so a failure is only a value. `observe` makes it a
//! problem body in the client's language and logs the cause with the request id.

mod error_chain;

use std::error::Error as StdError;
use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use shared_types::field::FieldErrors;
use shared_types::problem::{Code, ReachedLimit};
use shared_types::text::Text;
use shared_types::value::{Price, Timestamp};

pub use error_chain::chain;

type Cause = Box<dyn StdError + Send + Sync>;

/// The `Retry-After` of a client that has used up its share: orders and deliveries take minutes to
/// end.
pub const QUOTA_RETRY_AFTER: HeaderValue = HeaderValue::from_static("60");

/// Boxed, so that the `Result` of every handler stays small.
#[derive(Debug)]
pub struct Failure(Box<Facts>);

#[derive(Debug)]
struct Facts {
    code: Code,
    detail: Option<Text>,
    fields: FieldErrors,
    header: Option<(HeaderName, HeaderValue)>,
    opens_at: Option<Timestamp>,
    limit: Option<ReachedLimit>,
    total: Option<Price>,
    cause: Option<Cause>,
}

impl Failure {
    #[must_use]
    pub fn new(code: Code) -> Self {
        Self(Box::new(Facts {
            code,
            detail: None,
            fields: FieldErrors::default(),
            header: None,
            opens_at: None,
            limit: None,
            total: None,
            cause: None,
        }))
    }

    /// Invalid fields; the problem lists every one.
    #[must_use]
    pub fn invalid(fields: FieldErrors) -> Self {
        let mut failure = Self::new(Code::ValidationFailed);
        failure.0.fields = fields;
        failure
    }

    /// A fault of the service. The cause goes to the log, never to the client.
    #[must_use]
    pub fn internal(cause: impl Into<Cause>) -> Self {
        Self::new(Code::InternalError).caused_by(cause)
    }

    /// A sentence that is more precise than the code's own.
    #[must_use]
    pub fn with_detail(mut self, detail: Text) -> Self {
        self.0.detail = Some(detail);
        self
    }

    /// A header field that the status requires, such as `WWW-Authenticate` for a 401 (RFC 9110
    /// §11.6.1).
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.header = Some((name, value));
        self
    }

    /// When the restaurant opens.
    #[must_use]
    pub fn with_opening(mut self, opens_at: Option<Timestamp>) -> Self {
        self.0.opens_at = opens_at;
        self
    }

    /// The limit of the configuration that the request has reached.
    #[must_use]
    pub fn with_limit(mut self, limit: ReachedLimit) -> Self {
        self.0.limit = Some(limit);
        self
    }

    /// The total of an order that costs more than the client accepts.
    #[must_use]
    pub fn with_total(mut self, total: Price) -> Self {
        self.0.total = Some(total);
        self
    }

    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<Cause>) -> Self {
        self.0.cause = Some(cause.into());
        self
    }

    #[must_use]
    pub fn code(&self) -> Code {
        self.0.code
    }

    #[must_use]
    pub fn detail(&self) -> Option<&Text> {
        self.0.detail.as_ref()
    }

    #[must_use]
    pub fn fields(&self) -> &FieldErrors {
        &self.0.fields
    }

    #[must_use]
    pub fn opens_at(&self) -> Option<Timestamp> {
        self.0.opens_at
    }

    #[must_use]
    pub fn limit(&self) -> Option<&ReachedLimit> {
        self.0.limit.as_ref()
    }

    #[must_use]
    pub fn total(&self) -> Option<Price> {
        self.0.total
    }

    #[must_use]
    pub fn header(&self) -> Option<(HeaderName, HeaderValue)> {
        self.0.header.clone()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.code.as_str())?;
        match &self.0.cause {
            Some(cause) => write!(f, ": {}", chain(cause.as_ref())),
            None => Ok(()),
        }
    }
}

impl StdError for Failure {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.cause.as_deref().map(|cause| cause as _)
    }
}

impl ResponseError for Failure {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.0.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        // `observe` writes the body, because it knows the request.
        HttpResponse::new(self.status_code())
    }
}
