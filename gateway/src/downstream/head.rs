//! Judges a request's head (RFC 9112 §2 to §6). It is refused if two recipients could read it
//! differently, so that a head that is passed on means the same to every later reader.
//!
//! actix-http parses the head again. It refuses only heads that are refused here too, so that its
//! own bare answers never go out.

use std::mem::MaybeUninit;
use std::ops::Range;

use actix_web::http::Method;

use super::target;
use crate::fault::refusal::Refusal;
use crate::http::grammar::{is_authority, number};
use crate::http::websocket::WEBSOCKET;
use crate::settings::limits::{Limits, MOST_FIELDS};

/// Longer than any registered method. The method is passed on and logged, so it is bounded.
pub(super) const LONGEST_METHOD: usize = 32;

/// How the body is delimited (RFC 9112 §6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    Length(u64),
    Chunked,
    /// All that follows: the client asks for a WebSocket (RFC 6455 §4.1).
    Endless,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) framing: Framing,
    /// Whether no further request may follow on this connection (RFC 9112 §9.3).
    pub(super) is_last: bool,
    /// The position of an expected `100-continue` in the head.
    pub(super) expectation: Option<Range<usize>>,
}

/// The contents of the fields read so far.
#[derive(Default)]
struct Facts {
    has_host: bool,
    length: Option<u64>,
    is_chunked: bool,
    wants_close: bool,
    wants_keep_alive: bool,
    wants_upgrade: bool,
    is_to_websocket: bool,
    expectation: Option<Range<usize>>,
}

/// `bytes` are the whole head, including its empty line.
pub(super) fn judge(bytes: &[u8], limits: &Limits) -> Result<Head, Refusal> {
    let mut fields = [const { MaybeUninit::uninit() }; MOST_FIELDS];
    let mut request = httparse::Request::new(&mut []);
    request
        .parse_with_uninit_headers(bytes, &mut fields)
        .map_err(|error| refusal(error, bytes))?;
    let (Some(method), Some(target), Some(version)) =
        (request.method, request.path, request.version)
    else {
        return Err(Refusal::Malformed("no request line"));
    };
    if target.len() as u64 > limits.uri {
        return Err(Refusal::UriTooLong);
    }
    if method.len() > LONGEST_METHOD {
        return Err(Refusal::Malformed("a method that is too long"));
    }
    // A token (RFC 9110 §9.1), without the five characters that this type refuses.
    if Method::from_bytes(method.as_bytes()).is_err() {
        return Err(Refusal::Malformed("an invalid method"));
    }
    if !target::is_target(method, target.as_bytes()) {
        return Err(Refusal::Malformed("an invalid target"));
    }
    if request.headers.len() > limits.fields {
        return Err(Refusal::HeadTooLarge);
    }
    let is_current = version == 1;
    let mut facts = Facts::default();
    for field in &*request.headers {
        facts.take(field, bytes, is_current)?;
    }
    if is_current && !facts.has_host {
        return Err(Refusal::Malformed("no Host"));
    }
    facts.conclude(method, is_current)
}

impl Facts {
    fn take(
        &mut self,
        field: &httparse::Header<'_>,
        head: &[u8],
        is_current: bool,
    ) -> Result<(), Refusal> {
        let (name, value) = (field.name, field.value);
        // Few fields matter here, and their names all differ in length.
        let known = match name.len() {
            4 => "host",
            6 => "expect",
            7 => "upgrade",
            10 => "connection",
            14 => "content-length",
            17 => "transfer-encoding",
            _ => return Ok(()),
        };
        if !name.eq_ignore_ascii_case(known) {
            return Ok(());
        }
        match known {
            "host" => self.take_host(value),
            "content-length" => self.take_length(value),
            "transfer-encoding" => self.take_coding(value, is_current),
            "connection" => self.take_connection(value),
            // HTTP/1.0 knows no expectations (RFC 9110 §10.1.1).
            "expect" if is_current => self.take_expectation(value, head),
            // Any other protocol is ignored (RFC 9110 §7.8).
            "upgrade" => {
                self.is_to_websocket |= value.eq_ignore_ascii_case(WEBSOCKET.as_bytes());
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn take_host(&mut self, value: &[u8]) -> Result<(), Refusal> {
        if std::mem::replace(&mut self.has_host, true) {
            return Err(Refusal::Malformed("more than one Host"));
        }
        if is_authority(value) {
            Ok(())
        } else {
            Err(Refusal::Malformed("an invalid Host"))
        }
    }

    /// A second, equal length is refused too: RFC 9110 §8.6 allows it, and no client sends it.
    fn take_length(&mut self, value: &[u8]) -> Result<(), Refusal> {
        let length = number(value).ok_or(Refusal::Malformed("an invalid Content-Length"))?;
        match self.length.replace(length) {
            None => Ok(()),
            Some(_) => Err(Refusal::Malformed("more than one Content-Length")),
        }
    }

    /// `chunked`, once and alone: some recipient reads anything else differently.
    fn take_coding(&mut self, value: &[u8], is_current: bool) -> Result<(), Refusal> {
        if !is_current {
            return Err(Refusal::Malformed("a Transfer-Encoding in HTTP/1.0"));
        }
        if std::mem::replace(&mut self.is_chunked, true) || !value.eq_ignore_ascii_case(b"chunked")
        {
            return Err(Refusal::Malformed("a Transfer-Encoding other than chunked"));
        }
        Ok(())
    }

    fn take_connection(&mut self, value: &[u8]) -> Result<(), Refusal> {
        // actix-http would then read none of the options.
        if !value.is_ascii() {
            return Err(Refusal::Malformed("an invalid Connection"));
        }
        for option in value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
            self.wants_close |= option.eq_ignore_ascii_case(b"close");
            self.wants_keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
            self.wants_upgrade |= option.eq_ignore_ascii_case(b"upgrade");
        }
        Ok(())
    }

    fn take_expectation(&mut self, value: &[u8], head: &[u8]) -> Result<(), Refusal> {
        if self.expectation.is_some() || !value.eq_ignore_ascii_case(b"100-continue") {
            return Err(Refusal::Expectation);
        }
        // `value` is a part of `head`.
        let begin = value.as_ptr().addr() - head.as_ptr().addr();
        self.expectation = Some(begin..begin + value.len());
        Ok(())
    }

    /// Whether it asks for a WebSocket in the only way that all recipients read alike.
    fn is_handshake(&self, method: &str, is_current: bool) -> bool {
        method == "GET"
            && is_current
            && self.wants_upgrade
            && !self.wants_close
            && !self.is_chunked
            && self.length.is_none()
            && self.expectation.is_none()
    }

    fn conclude(self, method: &str, is_current: bool) -> Result<Head, Refusal> {
        // actix-http takes everything that follows for an endless body, whatever else the head says.
        if self.is_to_websocket {
            return match self.is_handshake(method, is_current) {
                true => Ok(Head {
                    framing: Framing::Endless,
                    is_last: true,
                    expectation: None,
                }),
                false => Err(Refusal::Upgrade),
            };
        }
        let framing = match (self.is_chunked, self.length) {
            (true, Some(_)) => {
                return Err(Refusal::Malformed(
                    "both Content-Length and Transfer-Encoding",
                ));
            }
            (true, None) => Framing::Chunked,
            (false, length) => Framing::Length(length.unwrap_or(0)),
        };
        // actix-http refuses this, as RFC 1945 §7.2.2 requires.
        if !is_current && method == "POST" && self.length.is_none() {
            return Err(Refusal::Malformed(
                "a POST in HTTP/1.0 without Content-Length",
            ));
        }
        let persists = if is_current {
            !self.wants_close
        } else {
            self.wants_keep_alive && !self.wants_close
        };
        // actix-http takes what follows for the tunnel's bytes. The request is refused, and nothing
        // follows it.
        let is_tunnel = method == "CONNECT";
        Ok(Head {
            framing: if is_tunnel {
                Framing::Length(0)
            } else {
                framing
            },
            is_last: is_tunnel || !persists,
            expectation: self.expectation,
        })
    }
}

fn refusal(error: httparse::Error, head: &[u8]) -> Refusal {
    match error {
        httparse::Error::TooManyHeaders => Refusal::HeadTooLarge,
        httparse::Error::Version if names_a_version(head) => Refusal::Version,
        httparse::Error::Version => Refusal::Malformed("no HTTP version"),
        httparse::Error::HeaderName => Refusal::Malformed("an invalid field name"),
        httparse::Error::HeaderValue => Refusal::Malformed("an invalid field value"),
        httparse::Error::NewLine => Refusal::Malformed("a bare CR"),
        httparse::Error::Token | httparse::Error::Status => {
            Refusal::Malformed("an invalid request line")
        }
    }
}

/// Whether the third and last part of the request line is a version (RFC 9112 §2.3): `HTTP/` and
/// two digits with a dot.
fn names_a_version(head: &[u8]) -> bool {
    let mut lines = head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let line = lines.find(|line| !line.is_empty()).unwrap_or_default();
    let mut parts = line.split(|byte| *byte == b' ').skip(2);
    matches!((parts.next(), parts.next()), (Some([b'H', b'T', b'T', b'P', b'/', major, b'.', minor]), None)
        if major.is_ascii_digit() && minor.is_ascii_digit())
}

#[cfg(test)]
mod tests;
