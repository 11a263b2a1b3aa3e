//! How the order service is told of a mark, and what it answers.

use actix_web::http::StatusCode;
use actix_web::http::header::ContentType;
use awc::{Client, ClientRequest};
use serde_json::Value;
use shared_types::problem::Code;

use super::NAME;
use crate::outbox::{Link, Message, Verdict};
use crate::peer::PeerUrl;

pub(super) fn to(peer: PeerUrl) -> Link {
    Link {
        name: NAME,
        peer,
        request,
        verdict,
    }
}

fn request(client: &Client, peer: &PeerUrl, message: &Message) -> ClientRequest {
    let path = format!("/commandes/{}/status", message.topic);
    client
        .patch(peer.at(&path))
        .insert_header(ContentType::json())
}

/// Refused for good is only what the order service itself says of the order. Any other refusal may be somebody else's on
/// the way, or a mistake that will be mended.
fn verdict(status: StatusCode, body: &[u8]) -> Verdict {
    if status.is_success() {
        return Verdict::Taken;
    }
    let unknown = || {
        let problem: Value = serde_json::from_slice(body).unwrap_or_default();
        problem.get("code").and_then(Value::as_str) == Some(Code::OrderNotFound.as_str())
    };
    match status {
        StatusCode::CONFLICT => Verdict::Impossible,
        StatusCode::NOT_FOUND if unknown() => Verdict::Impossible,
        _ => Verdict::Refused,
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::StatusCode;

    use super::verdict;
    use crate::outbox::Verdict;

    #[test]
    fn only_the_order_services_own_word_is_final() {
        let unknown = br#"{"code": "order_not_found"}"#.as_slice();
        for (status, body, expected) in [
            (200, &b""[..], Verdict::Taken),
            (409, b"", Verdict::Impossible),
            (404, unknown, Verdict::Impossible),
            (404, br#"{"code": "route_not_found"}"#, Verdict::Refused),
            (404, b"<html>", Verdict::Refused),
            (429, b"", Verdict::Refused),
            (503, b"", Verdict::Refused),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(verdict(status, body), expected, "{status}");
        }
    }
}
