//! Server-sent events (WHATWG HTML, "Server-sent events").

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::body::{BodySize, MessageBody as _};
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::Bytes;

use super::protection::own;

const MEDIA_TYPE: &str = "text/event-stream";

/// Formats an event, with one `data` line for each line of the body: a service may break lines
/// anywhere.
pub(crate) fn event(name: &str, data: &[u8]) -> Vec<u8> {
    let mut event = Vec::with_capacity(data.len() + 64);
    event.extend_from_slice(b"event: ");
    event.extend_from_slice(name.as_bytes());
    event.push(b'\n');
    for line in data.split(|byte| matches!(byte, b'\n' | b'\r')) {
        event.extend_from_slice(b"data: ");
        event.extend_from_slice(line);
        event.push(b'\n');
    }
    event.push(b'\n');
    event
}

/// The line that gives the event after it an id. A browser that connects again sends the last one
/// in `Last-Event-ID`.
pub(crate) fn id_line(id: &str) -> String {
    format!("id: {id}\n")
}

/// Tells a browser to connect again after `wait`. It sees no event.
pub(crate) fn reconnect_after(wait: Duration) -> Bytes {
    format!("retry: {}\n\n", wait.as_millis()).into()
}

/// Whether an answer, the gateway's or an upstream's, is a stream of events.
pub(crate) fn is_stream(answer: &HttpResponse) -> bool {
    answer.body().size() == BodySize::Stream
        && answer
            .headers()
            .get(CONTENT_TYPE)
            .is_some_and(|value| value.as_bytes().starts_with(MEDIA_TYPE.as_bytes()))
}

/// The answer whose body the events are.
pub(crate) fn answer() -> HttpResponse {
    own(MEDIA_TYPE, ())
}
