//! The head of an upstream's answer: read, judged, and what of it is for the client. Does no I/O.
//!
//! httparse takes no more than RFC 9112 allows of a line; what delimits the body is held to §6.3 here, and nothing is let
//! through that could be read in one way by some and in another by others.

use std::mem::MaybeUninit;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use httparse::{ParserConfig, Response, Status};

use super::decoder::Decoder;
use super::headers::ConnectionOptions;
use crate::chunks::Chunks;
use crate::cors;

/// As many fields as an answer may have.
const MOST_FIELDS: usize = 100;

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unsound {
    #[error("an answer that is no HTTP: {0}")]
    NotHttp(#[from] httparse::Error),
    #[error("an answer whose head is too large")]
    TooLarge,
    #[error("an answer that nobody asked for: {0}")]
    Switch(StatusCode),
    #[error("a status that means nothing: {0}")]
    Status(u16),
    #[error("an answer with both Content-Length and Transfer-Encoding")]
    TwoFramings,
    #[error("an answer in a transfer coding that nobody asked for")]
    Coding,
    #[error("an answer with lengths that differ or are none")]
    Length,
}

/// A head without its body.
#[derive(Debug)]
pub(super) struct Answer {
    /// What of it is for the client: the status, and the fields but for the length.
    pub(super) response: HttpResponse,
    /// HTTP/1.1, or else HTTP/1.0.
    pub(super) is_1_1: bool,
    /// The length that it tells of, which may be that of a body which another request would have had.
    pub(super) length: Option<u64>,
    pub(super) body: Decoder,
    /// No other may come on this connection.
    pub(super) is_last: bool,
}

impl Answer {
    pub(super) fn status(&self) -> StatusCode {
        self.response.status()
    }
}

/// Reads a head from the beginning of `bytes`. Gives how long it is; nothing where there is more to come.
pub(super) fn parse(
    bytes: &[u8],
    is_head_request: bool,
) -> Result<Option<(Answer, usize)>, Unsound> {
    let mut fields = [const { MaybeUninit::uninit() }; MOST_FIELDS];
    let mut head = Response::new(&mut []);
    let parsed =
        ParserConfig::default().parse_response_with_uninit_headers(&mut head, bytes, &mut fields);
    let Status::Complete(size) = parsed? else {
        return Ok(None);
    };
    let (Some(code), Some(minor)) = (head.code, head.version) else {
        return Ok(None);
    };
    // No class beyond the fifth exists (RFC 9110 §15).
    let status = StatusCode::from_u16(code).ok();
    let status = status.filter(|status| status.as_u16() <= 599);
    let status = status.ok_or(Unsound::Status(code))?;
    if status == StatusCode::SWITCHING_PROTOCOLS {
        return Err(Unsound::Switch(status));
    }
    let framing = Framing::of(head.headers, minor)?;
    let is_without_body = is_head_request
        || status.is_informational()
        || status == StatusCode::NO_CONTENT
        || status == StatusCode::NOT_MODIFIED;
    // More may follow than is read here.
    let promises_a_forbidden_body = status == StatusCode::NO_CONTENT && framing.promises_a_body();
    let options = || values_of(head.headers, "connection");
    let closes = options()
        .flat_map(|value| value.split(|byte| *byte == b','))
        .any(|option| option.trim_ascii().eq_ignore_ascii_case(b"close"));
    let mut response = HttpResponse::new(status);
    relay(
        head.headers,
        &ConnectionOptions::new(options()),
        response.headers_mut(),
    );
    let answer = Answer {
        response,
        is_1_1: minor == 1,
        length: framing.length(),
        body: if is_without_body {
            Decoder::Exactly(0)
        } else {
            framing.decoder()
        },
        is_last: minor == 0 || closes || promises_a_forbidden_body,
    };
    Ok(Some((answer, size)))
}

/// How the body is delimited, where there is one (RFC 9112 §6.3).
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
        // One of the two lies, and whoever made the answer may mean the other one.
        if length.is_some() {
            return Err(Unsound::TwoFramings);
        }
        // Any other coding would go to the client undecoded and unnamed: the field is hop-by-hop. No `TE` asks for one,
        // and HTTP/1.0 knows none (§6.1).
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

/// Said twice it still counts, said in two ways it does not (RFC 9110 §8.6).
fn told_length<'a>(values: impl Iterator<Item = &'a [u8]>) -> Result<Option<u64>, Unsound> {
    let mut told = None;
    for value in values {
        let text = std::str::from_utf8(value).ok().ok_or(Unsound::Length)?;
        for item in text.split(',').map(str::trim) {
            // `parse` alone would take a sign.
            let is_number = item.bytes().all(|byte| byte.is_ascii_digit());
            let length = item.parse().ok().filter(|_| is_number);
            let length: u64 = length.ok_or(Unsound::Length)?;
            if told.replace(length).is_some_and(|before| before != length) {
                return Err(Unsound::Length);
            }
        }
    }
    Ok(told)
}

/// The fields that are the upstream's to say: all but those of its connection, and those of CORS, which is the gateway's.
/// The server writes the length of a body that there is.
fn relay(fields: &[httparse::Header<'_>], connection: &ConnectionOptions<'_>, to: &mut HeaderMap) {
    for field in fields {
        // What httparse takes is a name and a value.
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
mod tests {
    use super::{Answer, Chunks, Decoder, Unsound, parse};

    fn answer(head: &str) -> Result<Answer, Unsound> {
        parse_for(head, false)
    }

    fn parse_for(head: &str, is_head_request: bool) -> Result<Answer, Unsound> {
        let bytes = format!("{head}\r\n\r\nrest");
        let (answer, length) = parse(bytes.as_bytes(), is_head_request)?.unwrap();
        assert_eq!(&bytes[length..], "rest");
        Ok(answer)
    }

    #[test]
    fn a_head_that_has_not_come_as_a_whole_is_none_yet() {
        assert!(
            parse(b"HTTP/1.1 200 OK\r\nfoo: bar\r\n", false)
                .unwrap()
                .is_none()
        );
    }

    #[test]
    fn a_status_outside_the_five_classes_is_refused() {
        for (code, fine) in [
            (200, true),
            (599, true),
            (600, false),
            (999, false),
            (99, false),
        ] {
            let answer = answer(&format!("HTTP/1.1 {code:03} x"));
            assert_eq!(answer.is_ok(), fine, "{code}");
        }
    }

    #[test]
    fn one_framing_is_enough() {
        for (fields, body) in [
            ("", Ok(Decoder::UntilEnd)),
            ("content-length: 1", Ok(Decoder::Exactly(1))),
            (
                "transfer-encoding: chunked",
                Ok(Decoder::Chunked(Chunks::new())),
            ),
            (
                "Transfer-Encoding: Chunked",
                Ok(Decoder::Chunked(Chunks::new())),
            ),
            (
                "transfer-encoding: chunked\r\ncontent-length: 1",
                Err(Unsound::TwoFramings),
            ),
            ("transfer-encoding: gzip", Err(Unsound::Coding)),
            ("transfer-encoding: gzip, chunked", Err(Unsound::Coding)),
            ("transfer-encoding: identity", Err(Unsound::Coding)),
            (
                "transfer-encoding: chunked\r\ntransfer-encoding: chunked",
                Err(Unsound::Coding),
            ),
        ] {
            let head = format!("HTTP/1.1 200 OK\r\nserver: x\r\n{fields}");
            assert_eq!(
                answer(head.trim_end()).map(|answer| answer.body),
                body,
                "{fields}"
            );
        }
        let old = answer("HTTP/1.0 200 OK\r\ntransfer-encoding: chunked");
        assert_eq!(old.map(|answer| answer.body), Err(Unsound::Coding));
    }

    #[test]
    fn lengths_that_agree_are_one() {
        for (lengths, told) in [
            (&[][..], Ok(None)),
            (&["5"], Ok(Some(5))),
            (&["5", "5"], Ok(Some(5))),
            (&["5, 5"], Ok(Some(5))),
            (&["5", "6"], Err(Unsound::Length)),
            (&["5, 6"], Err(Unsound::Length)),
            (&["+5"], Err(Unsound::Length)),
            (&["5,"], Err(Unsound::Length)),
            (&["five"], Err(Unsound::Length)),
        ] {
            let fields: String = lengths
                .iter()
                .map(|length| format!("\r\ncontent-length: {length}"))
                .collect();
            let answer = answer(&format!("HTTP/1.1 200 OK{fields}"));
            assert_eq!(answer.map(|answer| answer.length), told, "{lengths:?}");
        }
    }

    #[test]
    fn an_answer_to_head_and_one_whose_status_forbids_it_has_no_body() {
        for (status, is_head_request, body) in [
            ("200", true, Decoder::Exactly(0)),
            ("304", false, Decoder::Exactly(0)),
            ("204", false, Decoder::Exactly(0)),
            ("103", false, Decoder::Exactly(0)),
            ("200", false, Decoder::Exactly(5)),
        ] {
            let head = format!("HTTP/1.1 {status} x\r\ncontent-length: 5");
            let answer = parse_for(&head, is_head_request).unwrap();
            assert_eq!((answer.body, answer.length), (body, Some(5)), "{status}");
        }
    }

    #[test]
    fn the_connection_is_used_again_unless_something_says_otherwise() {
        for (head, is_last) in [
            ("HTTP/1.1 200 OK", false),
            ("HTTP/1.1 200 OK\r\nconnection: keep-alive", false),
            ("HTTP/1.1 200 OK\r\nconnection: x, Close", true),
            ("HTTP/1.0 200 OK\r\nconnection: keep-alive", true),
            ("HTTP/1.1 204 x", false),
            ("HTTP/1.1 204 x\r\ncontent-length: 0", false),
            ("HTTP/1.1 204 x\r\ncontent-length: 5", true),
            ("HTTP/1.1 204 x\r\ntransfer-encoding: chunked", true),
            // The length of what a GET without a condition would have been answered.
            ("HTTP/1.1 304 x\r\ncontent-length: 5", false),
        ] {
            assert_eq!(answer(head).unwrap().is_last, is_last, "{head}");
        }
    }

    #[test]
    fn fields_of_the_connection_and_of_cors_stay_behind() {
        let head = "HTTP/1.1 200 OK\r\nServer: x\r\nconnection: x-mine\r\nX-Mine: 1\r\nkeep-alive: 5\r\n\
            access-control-allow-origin: *\r\ncontent-length: 0\r\nset-cookie: a\r\nset-cookie: b";
        let answer = answer(head).unwrap();
        let fields = answer.response.headers();
        assert_eq!(fields.len(), 3, "{fields:?}");
        assert_eq!(fields.get_all("set-cookie").count(), 2);
        assert_eq!(fields.get("server").unwrap(), "x");
    }

    #[test]
    fn what_is_no_http_or_can_be_read_in_two_ways_is_refused() {
        for head in [
            "SSH-2.0-OpenSSH_9.2",
            "HTTP/2 200 OK",
            "HTTP/1.1 200 OK\r\nfoo : bar",
            "HTTP/1.1 200 OK\r\nfoo: bar\r\n folded",
            "HTTP/1.1 200 OK\r\nfoo: b\0r",
            "HTTP/1.1 20 OK",
        ] {
            let refused = answer(head).unwrap_err();
            assert!(matches!(refused, Unsound::NotHttp(_)), "{head}: {refused}");
        }
        let many = "\r\nx: y".repeat(101);
        let refused = answer(&format!("HTTP/1.1 200 OK{many}")).unwrap_err();
        assert_eq!(refused, Unsound::NotHttp(httparse::Error::TooManyHeaders));
    }
}
