//! Judges one request's head (RFC 9112 §2 to §6): refused wherever two recipients could read it differently, so that
//! what is passed on means the same to everyone who reads it after.
//!
//! actix-http parses the head once more. What it would refuse is a part of what is refused here, so that its own bare
//! answers never go out.

use std::mem::MaybeUninit;
use std::ops::Range;

use actix_web::http::Method;

use super::target;
use crate::config::limits::{Limits, MOST_FIELDS};
use crate::fault::refusal::Refusal;
use crate::http::grammar::is_authority;

/// Longer than any method that is registered: what a client calls one is passed on and logged.
pub(super) const LONGEST_METHOD: usize = 32;

/// How the body is delimited (RFC 9112 §6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    Length(u64),
    Chunked,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) framing: Framing,
    /// No request may follow on this connection (RFC 9112 §9.3).
    pub(super) is_last: bool,
    /// Where in the head `100-continue` is expected.
    pub(super) expectation: Option<Range<usize>>,
}

/// What the fields say, as far as they have been read.
#[derive(Default)]
struct Facts {
    has_host: bool,
    length: Option<u64>,
    is_chunked: bool,
    wants_close: bool,
    wants_keep_alive: bool,
    expectation: Option<Range<usize>>,
}

/// `bytes` are the head whole, empty line included.
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
        return Err(Refusal::Malformed("an endless method"));
    }
    // A token (RFC 9110 §9.1), less the five characters that this type does not take.
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
        // Few fields matter here, and no two of those have names of the same length.
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
            // Whatever `Connection` says of it: actix-http takes all that follows for a body without end. Any other
            // protocol is ignored (RFC 9110 §7.8).
            "upgrade" if value.eq_ignore_ascii_case(b"websocket") => Err(Refusal::Upgrade),
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

    /// Also an equal second length is refused: RFC 9110 §8.6 allows that, and no client sends it.
    fn take_length(&mut self, value: &[u8]) -> Result<(), Refusal> {
        let length = (!value.is_empty() && value.iter().all(u8::is_ascii_digit))
            .then(|| std::str::from_utf8(value).ok()?.parse().ok())
            .flatten()
            .ok_or(Refusal::Malformed("an invalid Content-Length"))?;
        match self.length.replace(length) {
            None => Ok(()),
            Some(_) => Err(Refusal::Malformed("more than one Content-Length")),
        }
    }

    /// `chunked`, once and alone: whatever else there is, some recipient reads it another way.
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
        // actix-http reads none of the options then.
        if !value.is_ascii() {
            return Err(Refusal::Malformed("an invalid Connection"));
        }
        for option in value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
            self.wants_close |= option.eq_ignore_ascii_case(b"close");
            self.wants_keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
        }
        Ok(())
    }

    fn take_expectation(&mut self, value: &[u8], head: &[u8]) -> Result<(), Refusal> {
        if self.expectation.is_some() || !value.eq_ignore_ascii_case(b"100-continue") {
            return Err(Refusal::Expectation);
        }
        // Both are parts of one buffer.
        let begin = value.as_ptr().addr() - head.as_ptr().addr();
        self.expectation = Some(begin..begin + value.len());
        Ok(())
    }

    fn conclude(self, method: &str, is_current: bool) -> Result<Head, Refusal> {
        let framing = match (self.is_chunked, self.length) {
            (true, Some(_)) => {
                return Err(Refusal::Malformed(
                    "both Content-Length and Transfer-Encoding",
                ));
            }
            (true, None) => Framing::Chunked,
            (false, length) => Framing::Length(length.unwrap_or(0)),
        };
        // actix-http refuses this, as RFC 1945 §7.2.2 has it.
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
        // actix-http takes what follows for the tunnel's bytes. It is refused, and nothing follows.
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

/// Whether the third and last part of the request line is as RFC 9112 §2.3 wants it: `HTTP/` and two digits with a dot.
fn names_a_version(head: &[u8]) -> bool {
    let mut lines = head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let line = lines.find(|line| !line.is_empty()).unwrap_or_default();
    let mut parts = line.split(|byte| *byte == b' ').skip(2);
    matches!((parts.next(), parts.next()), (Some([b'H', b'T', b'T', b'P', b'/', major, b'.', minor]), None)
        if major.is_ascii_digit() && minor.is_ascii_digit())
}

#[cfg(test)]
mod tests;
