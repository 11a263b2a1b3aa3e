//! Parses the JSON body of a request into a type of the contract.
//!
//! Every invalid body becomes a [`Failure`] that names the fault and the field. Fields are read
//! from the text, because serde_json's value has already rounded its numbers ([`Written`]).

mod bearer;
mod patch;
mod query;
mod upload;
#[cfg(feature = "database")]
mod version;

use std::future::Future;
use std::pin::Pin;

use actix_web::body::BodyLimitExceeded;
use actix_web::dev::Payload;
use actix_web::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HeaderValue};
use actix_web::{FromRequest, HttpRequest, web};
use deserr::{Deserr, IntoValue};
use serde_json::Value;
use shared_types::field::{FieldErrors, Written};
use shared_types::problem::Code;
use shared_types::text::Text;

use crate::failure::Failure;

pub use bearer::{bearer_token, token_needed, token_refused};
pub use patch::Patch;
pub use query::{Parameters, Query, Several};
pub use upload::Upload;
#[cfg(feature = "database")]
pub use version::{IfMatch, read, tagged};

/// The event of the largest order, with every name and comment in characters of four bytes, has 80
/// KB. An event that is refused for its size would never be taken.
pub const MAX_JSON_BYTES: usize = 128 * 1024;

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// A JSON body.
pub struct Json<T>(pub T);

impl<T: Deserr<FieldErrors> + 'static> FromRequest for Json<T> {
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Failure>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = json_body(request, payload);
        Box::pin(async move { body.await?.parse().map(Self) })
    }
}

/// The text of a body that is valid JSON.
pub(crate) struct Body(pub(crate) web::Bytes);

impl Body {
    /// # Errors
    /// The text is not well-formed.
    fn of(text: web::Bytes) -> serde_json::Result<Self> {
        let _whole: Value = serde_json::from_slice(&text)?;
        Ok(Self(text))
    }

    /// # Errors
    /// Every invalid field.
    pub(crate) fn parse<T: Deserr<FieldErrors>>(&self) -> Result<T, Failure> {
        let written: Written<'_> = serde_json::from_slice(&self.0).map_err(Failure::internal)?;
        parse(written)
    }
}

pub(crate) fn json_body(
    request: &HttpRequest,
    payload: &mut Payload,
) -> impl Future<Output = Result<Body, Failure>> + use<> {
    let announced = is_json(request);
    let body = whole_body(request, payload, MAX_JSON_BYTES);
    async move {
        let body = body.await?;
        if body.is_empty() {
            return Err(Failure::new(Code::BadRequest)
                .with_detail(Text::fixed(|say| say.requests.json_expected)));
        }
        if !announced {
            return Err(Failure::new(Code::UnsupportedMediaType));
        }
        // RFC 8259 §8.1 lets a reader ignore it.
        let body = match body.strip_prefix(BYTE_ORDER_MARK) {
            Some(text) => body.slice_ref(text),
            None => body,
        };
        if std::str::from_utf8(&body).is_err() {
            return Err(Failure::new(Code::BadRequest)
                .with_detail(Text::fixed(|say| say.requests.not_utf_8)));
        }
        Body::of(body).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            Failure::new(Code::BadRequest).with_detail(Text::formatted(|say| {
                (say.requests.malformed_json)(line, column)
            }))
        })
    }
}

fn parse<T: Deserr<FieldErrors>>(value: impl IntoValue) -> Result<T, Failure> {
    deserr::deserialize(value).map_err(Failure::invalid)
}

/// The bytes of a body, as they were sent.
fn whole_body(
    request: &HttpRequest,
    payload: &mut Payload,
    most: usize,
) -> impl Future<Output = Result<web::Bytes, Failure>> + use<> {
    let coding = refuse_coded(request);
    let payload = web::Payload::from_request(request, payload);
    async move {
        let payload = payload
            .await
            .map_err(|error| Failure::internal(error.to_string()))?;
        coding?;
        let body = payload.to_bytes_limited(most).await;
        body.map_err(|_over: BodyLimitExceeded| Failure::new(Code::PayloadTooLarge))?
            .map_err(|error| Failure::new(Code::BadRequest).caused_by(error.to_string()))
    }
}

/// A service decodes nothing: a small coded body could have any size decoded.
///
/// # Errors
/// The body has a `Content-Encoding`. RFC 9110 §15.5.16 wants the codings that are taken.
fn refuse_coded(request: &HttpRequest) -> Result<(), Failure> {
    let mut lines = request.headers().get_all(CONTENT_ENCODING);
    if lines.all(|line| line.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Ok(());
    }
    Err(Failure::new(Code::UnsupportedMediaType)
        .with_detail(Text::fixed(|say| say.requests.no_coding))
        .with_header(ACCEPT_ENCODING, HeaderValue::from_static("identity")))
}

/// A list of operations (RFC 6902), which is no value to take as it is.
const JSON_PATCH: &str = "application/json-patch+json";

/// `application/json` and `application/*+json` (RFC 6839 §3.1), with any parameters.
fn is_json(request: &HttpRequest) -> bool {
    media_type(request).is_some_and(|media| {
        media == "application/json"
            || (media.starts_with("application/")
                && media.ends_with("+json")
                && media != JSON_PATCH)
    })
}

/// The media type of the body in lower case, without parameters.
fn media_type(request: &HttpRequest) -> Option<String> {
    let value = request.headers().get(CONTENT_TYPE)?.to_str().ok()?;
    let media = value.split(';').next().unwrap_or_default();
    Some(media.trim().to_ascii_lowercase())
}
