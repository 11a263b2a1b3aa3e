//! Answers bytes that are no request. It writes out the same problem as for any other refusal,
//! because without a request there is no response to hand to the server.

use std::sync::Arc;

use actix_http::Request;
use actix_http::header::HttpDate;
use actix_web::body::MessageBody as _;
use actix_web::http::header::{HeaderMap, HeaderValue, STRICT_TRANSPORT_SECURITY};
use bytes::{BufMut as _, Bytes, BytesMut};
use service_kit::observe::lang_of;
use service_kit::request_id::{self, RequestId};
use shared_types::problem::Occurrence;

use crate::answer::problem::{self, Facts};
use crate::answer::record::{Record, Refused};
use crate::answer::site::Site;
use crate::downstream::HEARD;
use crate::fault::refusal::Refusal;
use crate::http::trace::Trace;
use crate::routing::cors;

/// `head` is the part of the head that has come; `late` holds lines that came after it. `hsts` is
/// for answers over TLS.
pub(crate) fn render(
    refusal: Refusal,
    head: &[u8],
    late: &[u8],
    site: &Arc<Site>,
    hsts: Option<&HeaderValue>,
) -> Bytes {
    let asked = fields(head, late);
    let request_id = RequestId::make();
    let occurrence = Occurrence {
        lang: lang_of(&asked),
        instance: path(head),
        request_id: request_id.as_str(),
    };
    let mut response = problem::answer(refusal.code(), Facts::default(), occurrence);
    cors::apply(
        &site.origins.grant(&asked.head().headers),
        response.headers_mut(),
    );
    if let Some(hsts) = hsts {
        let fields = response.headers_mut();
        fields.insert(STRICT_TRANSPORT_SECURITY, hsts.clone());
    }
    let status = response.status();
    log::info!(request_id = request_id.as_str(); "refused: {}", refusal.cause());

    let mut words = BytesMut::with_capacity(1024);
    let reason = status.canonical_reason().unwrap_or_default();
    words.put_slice(format!("HTTP/1.1 {} {reason}\r\n", status.as_u16()).as_bytes());
    for (name, value) in response.headers() {
        put_field(&mut words, name.as_str(), value.as_bytes());
    }
    put_field(
        &mut words,
        request_id::HEADER.as_str(),
        request_id.as_str().as_bytes(),
    );
    put_field(
        &mut words,
        "date",
        HttpDate::from(std::time::SystemTime::now())
            .to_string()
            .as_bytes(),
    );
    put_field(&mut words, "connection", b"close");
    // The body is one piece, and ready.
    let body = response.into_body().try_into_bytes().unwrap_or_default();
    put_field(
        &mut words,
        "content-length",
        body.len().to_string().as_bytes(),
    );
    words.put_slice(b"\r\n");
    words.put_slice(&body);
    let trace = Trace::go_on_or_begin(&HeaderMap::new(), rand::random());
    let answer = Refused {
        code: refusal.code(),
        bytes: body.len() as u64,
    };
    Record::refused(request_id, trace, answer, site);
    words.freeze()
}

fn put_field(words: &mut BytesMut, name: &str, value: &[u8]) {
    words.put_slice(name.as_bytes());
    words.put_slice(b": ");
    words.put_slice(value);
    words.put_slice(b"\r\n");
}

/// The client's language and the page that asks, as far as the bytes can be read.
fn fields(head: &[u8], late: &[u8]) -> Request {
    let mut request = Request::new();
    let lines = [head, late];
    let lines = lines
        .into_iter()
        .flat_map(|lines| lines.split(|byte| *byte == b'\n'));
    let texts = lines.filter_map(|line| std::str::from_utf8(line).ok());
    for (name, value) in texts.filter_map(|line| line.split_once(':')) {
        for wanted in HEARD {
            if name.eq_ignore_ascii_case(wanted.as_str())
                && let Ok(value) = HeaderValue::from_str(value.trim())
            {
                request.head_mut().headers.insert(wanted, value);
            }
        }
    }
    request
}

/// The path of the request, if it can be read.
fn path(head: &[u8]) -> &str {
    let line = head
        .split(|byte| matches!(byte, b'\r' | b'\n'))
        .find(|line| !line.is_empty());
    let target = line.and_then(|line| line.split(|byte| *byte == b' ').nth(1));
    let path = target.and_then(|target| target.split(|byte| *byte == b'?').next());
    let is_path = |path: &&[u8]| path.starts_with(b"/") && path.iter().all(u8::is_ascii_graphic);
    path.filter(is_path)
        .and_then(|path| std::str::from_utf8(path).ok())
        .unwrap_or("/")
}
