//! Server-sent events (WHATWG HTML, "Server-sent events").

use actix_web::HttpResponse;

use crate::pages;

/// An event. A line of data for each line of the body, which a service may have broken where it liked.
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

/// The answer that they are the body of.
pub(crate) fn answer() -> HttpResponse {
    pages::own("text/event-stream", ())
}
