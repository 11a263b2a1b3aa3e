//! The request that reports a mark to the order service, and the reading of its answer.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::ContentType;
use awc::{Client, ClientRequest};
use serde_json::Value;
use service_kit::outbox::{Message, Recipient, Verdict};
use service_kit::peer::PeerUrl;
use shared_types::problem::Code;

use crate::correction::Corrections;

/// The order service's name in the outbox.
pub(crate) const RECIPIENT: &str = "orders";

pub(crate) fn recipient(peer: PeerUrl, corrections: Arc<Corrections>) -> Recipient {
    Recipient {
        name: RECIPIENT,
        peer,
        request,
        verdict,
        impossible: Some(Arc::new(move |order| corrections.add(order))),
    }
}

fn request(client: &Client, peer: &PeerUrl, message: &Message) -> ClientRequest {
    let path = format!("/commandes/{}/status", message.topic);
    client
        .patch(peer.at(&path))
        .insert_header(ContentType::json())
}

/// Only the order service's own refusals are final: 409, and 404 with `order_not_found`. Any other
/// refusal may come from a proxy, or from a mistake that will be fixed.
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

    use service_kit::outbox::Verdict;

    use super::verdict;

    #[test]
    fn only_a_refusal_of_the_order_service_itself_is_final() {
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
