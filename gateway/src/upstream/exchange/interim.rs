//! Relays an upstream's interim answers to the client, such as `103 Early Hints` (RFC 8297).
//!
//! A proxy forwards them, except those that it has asked for itself (RFC 9110 §15.2). `100
//! Continue` concerns only the gateway and its peer, on either side, so an upstream's is skipped.
//! `101` counts as an answer, and is refused elsewhere.

use std::rc::Rc;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use bytes::{BufMut as _, Bytes, BytesMut};

use crate::http::client_connection::ClientConnection;

/// The most interim answers that are relayed for one answer. One is usual; more come from an
/// upstream that reports its progress.
const MOST: u8 = 8;

/// The largest head that is relayed. It is held until the client takes it, and up to [`MOST`] may
/// wait.
const LARGEST: usize = 8 * 1024;

const EARLY_HINTS: u16 = 103;

/// Receives the interim answers to one request.
pub(in crate::upstream) struct Interim<'a> {
    /// `None` if the client cannot take any.
    client: Option<&'a Rc<ClientConnection>>,
    left: u8,
}

impl<'a> Interim<'a> {
    pub(in crate::upstream) fn to(client: Option<&'a Rc<ClientConnection>>) -> Self {
        Self { client, left: MOST }
    }

    /// Relays `answer`, whose head took `size` bytes, if it is for the client. Otherwise drops it:
    /// the final answer does not depend on it.
    pub(in crate::upstream) fn relay(&mut self, answer: &HttpResponse, size: usize) {
        let Some(client) = self.client else {
            return;
        };
        if answer.status() == StatusCode::CONTINUE || size > LARGEST {
            return;
        }
        if let Some(left) = self.left.checked_sub(1) {
            self.left = left;
            client.add_interim(write(answer));
        }
    }
}

/// The head in the form of HTTP/1.1. Its fields passed the same checks as those of any answer.
fn write(answer: &HttpResponse) -> Bytes {
    let status = answer.status();
    let reason = match status.as_u16() {
        EARLY_HINTS => "Early Hints", // not known to this generation of the `http` crate
        _ => status.canonical_reason().unwrap_or_default(),
    };
    let mut head = BytesMut::with_capacity(512);
    head.put_slice(b"HTTP/1.1 ");
    head.put_slice(status.as_str().as_bytes());
    head.put_slice(b" ");
    head.put_slice(reason.as_bytes());
    head.put_slice(b"\r\n");
    for (name, value) in answer.headers() {
        head.put_slice(name.as_str().as_bytes());
        head.put_slice(b": ");
        head.put_slice(value.as_bytes());
        head.put_slice(b"\r\n");
    }
    head.put_slice(b"\r\n");
    head.freeze()
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use actix_web::HttpResponse;
    use actix_web::http::StatusCode;

    use super::{Interim, LARGEST, MOST};
    use crate::http::client_connection::ClientConnection;

    fn answer(status: u16) -> HttpResponse {
        let mut answer = HttpResponse::build(StatusCode::from_u16(status).unwrap());
        answer.insert_header(("link", "</style.css>; rel=preload"));
        answer.finish()
    }

    fn relayed(statuses: &[u16], size: usize) -> Vec<String> {
        let client = Rc::new(ClientConnection::default());
        let mut interim = Interim::to(Some(&client));
        for status in statuses {
            interim.relay(&answer(*status), size);
        }
        let heads = client.take_interim();
        let text = |head: &bytes::Bytes| String::from_utf8(head.to_vec()).unwrap();
        heads.iter().map(text).collect()
    }

    #[test]
    fn an_interim_answer_is_a_head_of_its_own() {
        let head = "HTTP/1.1 103 Early Hints\r\nlink: </style.css>; rel=preload\r\n\r\n";
        assert_eq!(relayed(&[103], 100), [head]);
        assert!(relayed(&[102], 100)[0].starts_with("HTTP/1.1 102 Processing\r\n"));
    }

    #[test]
    fn a_100_is_not_for_the_client() {
        assert_eq!(relayed(&[100, 100], 100), [""; 0]);
        assert_eq!(relayed(&[100, 103], 100).len(), 1);
    }

    #[test]
    fn relayed_interim_answers_are_bounded() {
        assert_eq!(relayed(&[103; 100], LARGEST).len(), usize::from(MOST));
        assert_eq!(relayed(&[103], LARGEST + 1), [""; 0]);
    }

    #[test]
    fn a_client_that_can_take_none_gets_none() {
        Interim::to(None).relay(&answer(103), 100);
    }
}
