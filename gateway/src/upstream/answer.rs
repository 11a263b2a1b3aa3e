//! Reads and judges the head of an upstream's answer, and picks the fields for the client. Does no
//! I/O.
//!
//! httparse accepts only lines that RFC 9112 allows. The framing of the body is checked against
//! §6.3 here. Anything that two recipients could read differently is refused.

pub(super) mod decoder;
mod keep_alive;

use std::mem::MaybeUninit;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use httparse::{ParserConfig, Response, Status};

use self::decoder::Decoder;
use self::keep_alive::idle_time;
use super::outcome::Heard;
use super::request::headers::ConnectionOptions;
use crate::http::chunks::Chunks;
use crate::http::grammar::number;
use crate::http::websocket::WEBSOCKET;
use crate::routing::cors;
use crate::settings::limits::AnswerLimits;

/// The number of fields that need no allocation. Answers have a dozen.
const USUAL_FIELDS: usize = 100;

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unsound {
    #[error("the answer is not HTTP: {0}")]
    NotHttp(#[from] httparse::Error),
    #[error("the answer's head is larger than limits.response_head")]
    TooLarge,
    #[error("the answer has more fields than limits.response_fields")]
    TooManyFields,
    #[error("the upstream switches protocols unasked")]
    Switch,
    #[error("the answer has an invalid status: {0}")]
    Status(u16),
    #[error("the answer has both Content-Length and Transfer-Encoding")]
    TwoFramings,
    #[error("the answer has a transfer coding that was not asked for")]
    Coding,
    #[error("the answer's lengths differ or are invalid")]
    Length,
}

/// What a request allows its answer to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    Body,
    /// Of a HEAD.
    NoBody,
    /// Of a handshake: a body too, or a tunnel (RFC 6455 §4.1).
    WebSocket,
}

/// A head without its body.
#[derive(Debug)]
pub(super) struct Answer {
    /// The part for the client: the status, and the fields except the length.
    pub(super) response: HttpResponse,
    /// HTTP/1.1, or else HTTP/1.0.
    pub(super) is_1_1: bool,
    /// The announced length. It may be that of a body that another request would have had.
    pub(super) length: Option<u64>,
}

/// A parsed head, with the framing of what follows.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) answer: Answer,
    /// The size of the head in bytes.
    pub(super) size: usize,
    pub(super) body: Decoder,
    /// Whether no other answer may follow on this connection.
    pub(super) is_last: bool,
    /// How long the connection may be idle and still be used.
    pub(super) idle: Option<Duration>,
}

impl Answer {
    pub(super) fn status(&self) -> StatusCode {
        self.response.status()
    }

    /// Whether it ends the exchange of messages: the connection is a tunnel from now on.
    pub(super) fn is_switch(&self) -> bool {
        self.status() == StatusCode::SWITCHING_PROTOCOLS
    }

    pub(super) fn heard(&self) -> Heard {
        Heard::of(self.status(), self.response.headers())
    }
}

/// Reads a head from the beginning of `bytes`. `None` if it is not complete yet.
pub(super) fn parse(
    bytes: &[u8],
    expected: Expected,
    limits: AnswerLimits,
) -> Result<Option<Parsed>, Unsound> {
    let mut usual = [const { MaybeUninit::uninit() }; USUAL_FIELDS];
    let parsed = parse_into(&mut usual, bytes, expected, limits);
    if limits.fields <= USUAL_FIELDS || !matches!(parsed, Err(Unsound::TooManyFields)) {
        return parsed;
    }
    let mut all = vec![MaybeUninit::uninit(); limits.fields];
    parse_into(&mut all, bytes, expected, limits)
}

fn parse_into<'b>(
    room: &mut [MaybeUninit<httparse::Header<'b>>],
    bytes: &'b [u8],
    expected: Expected,
    limits: AnswerLimits,
) -> Result<Option<Parsed>, Unsound> {
    let mut head = Response::new(&mut []);
    let parsed = ParserConfig::default().parse_response_with_uninit_headers(&mut head, bytes, room);
    let size = match parsed {
        Ok(Status::Complete(size)) if size > limits.head => return Err(Unsound::TooLarge),
        Ok(Status::Complete(size)) => size,
        Ok(Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => return Err(Unsound::TooManyFields),
        Err(error) => return Err(error.into()),
    };
    if head.headers.len() > limits.fields {
        return Err(Unsound::TooManyFields);
    }
    let (Some(code), Some(minor)) = (head.code, head.version) else {
        return Ok(None);
    };
    // There is no class beyond the fifth (RFC 9110 §15).
    let status = StatusCode::from_u16(code).ok();
    let status = status.filter(|status| status.as_u16() <= 599);
    let status = status.ok_or(Unsound::Status(code))?;
    let connection = ConnectionOptions::new(values_of(head.headers, "connection"));
    let is_switch = status == StatusCode::SWITCHING_PROTOCOLS;
    if is_switch && !(expected == Expected::WebSocket && is_to_websocket(head.headers, &connection))
    {
        return Err(Unsound::Switch);
    }
    let framing = Framing::of(head.headers, minor)?;
    let is_without_body = expected == Expected::NoBody
        || status.is_informational()
        || status == StatusCode::NO_CONTENT
        || status == StatusCode::NOT_MODIFIED;
    // In this case, more may follow than is read here.
    let promises_a_forbidden_body = status == StatusCode::NO_CONTENT && framing.promises_a_body();
    let mut response = HttpResponse::new(status);
    relay(head.headers, &connection, response.headers_mut());
    Ok(Some(Parsed {
        answer: Answer {
            response,
            is_1_1: minor == 1,
            length: framing.length(),
        },
        size,
        body: if is_switch {
            Decoder::UntilEnd
        } else if is_without_body {
            Decoder::Exactly(0)
        } else {
            framing.decoder()
        },
        is_last: minor == 0 || connection.is_closing || promises_a_forbidden_body || is_switch,
        idle: values_of(head.headers, "keep-alive")
            .filter_map(idle_time)
            .min(),
    }))
}

/// Whether a 101 names the protocol that was asked for (RFC 9110 §7.8).
fn is_to_websocket(fields: &[httparse::Header<'_>], connection: &ConnectionOptions<'_>) -> bool {
    let mut protocols = values_of(fields, "upgrade");
    let is_asked_for = |name: &[u8]| name.eq_ignore_ascii_case(WEBSOCKET.as_bytes());
    connection.names("upgrade")
        && protocols.next().is_some_and(is_asked_for)
        && protocols.next().is_none()
}

/// How the body, if any, is delimited (RFC 9112 §6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    Length(u64),
    Chunked,
    End,
}

impl Framing {
    fn of(fields: &[httparse::Header<'_>], minor: u8) -> Result<Self, Unsound> {
        let mut codings = values_of(fields, "transfer-encoding");
        let length = told_length(values_of(fields, "content-length"))?;
        let Some(coding) = codings.next() else {
            return Ok(length.map_or(Self::End, Self::Length));
        };
        // One of the two is wrong, and the sender may have meant either.
        if length.is_some() {
            return Err(Unsound::TwoFramings);
        }
        // Any other coding would reach the client undecoded and unnamed, because the field is
        // hop-by-hop. No `TE` asks for one, and HTTP/1.0 has none (§6.1).
        if codings.next().is_some() || !coding.eq_ignore_ascii_case(b"chunked") || minor == 0 {
            return Err(Unsound::Coding);
        }
        Ok(Self::Chunked)
    }

    fn length(self) -> Option<u64> {
        match self {
            Self::Length(length) => Some(length),
            Self::Chunked | Self::End => None,
        }
    }

    fn promises_a_body(self) -> bool {
        matches!(self, Self::Length(1..) | Self::Chunked)
    }

    fn decoder(self) -> Decoder {
        match self {
            Self::Length(length) => Decoder::Exactly(length),
            Self::Chunked => Decoder::Chunked(Chunks::new()),
            Self::End => Decoder::UntilEnd,
        }
    }
}

fn values_of<'a>(fields: &'a [httparse::Header<'_>], name: &str) -> impl Iterator<Item = &'a [u8]> {
    let of_name = move |field: &&httparse::Header<'_>| field.name.eq_ignore_ascii_case(name);
    fields.iter().filter(of_name).map(|field| field.value)
}

/// The announced length. Equal repetitions count once; different ones are refused (RFC 9110 §8.6).
fn told_length<'a>(values: impl Iterator<Item = &'a [u8]>) -> Result<Option<u64>, Unsound> {
    let mut told = None;
    for value in values {
        for item in value.split(|byte| *byte == b',') {
            let length = number(item.trim_ascii()).ok_or(Unsound::Length)?;
            if told.replace(length).is_some_and(|before| before != length) {
                return Err(Unsound::Length);
            }
        }
    }
    Ok(told)
}

/// Copies the upstream's own fields: all except those of its connection and those of CORS, which
/// the gateway writes. The server writes the length of an existing body.
fn relay(fields: &[httparse::Header<'_>], connection: &ConnectionOptions<'_>, to: &mut HeaderMap) {
    for field in fields {
        // httparse yields only valid names and values.
        let (Ok(name), Ok(value)) = (
            HeaderName::from_bytes(field.name.as_bytes()),
            HeaderValue::from_bytes(field.value),
        ) else {
            continue;
        };
        let text = name.as_str();
        if text != "content-length" && connection.lets_through(text) && !cors::is_cors_field(text) {
            to.append(name, value);
        }
    }
}

#[cfg(any(fuzzing, test))]
pub(super) mod invariants;

#[cfg(test)]
mod tests;
