//! The subscribers of orders: each gets the same events at its `POST /events` until it has taken
//! them.

use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;
use awc::{Client, ClientRequest};
use service_kit::outbox::{Message, Recipient, Verdict};
use service_kit::peer::PeerUrl;
use shared_types::event;

use crate::Config;

pub(crate) fn recipients(config: &Config) -> Vec<Recipient> {
    [
        ("kitchen", &config.kitchen_url),
        ("delivery", &config.delivery_url),
    ]
    .into_iter()
    .filter_map(|(name, peer)| {
        let peer = peer.clone()?.known_by(config.access.peer_secret.as_ref());
        Some(recipient(name, peer))
    })
    .collect()
}

fn recipient(name: &'static str, peer: PeerUrl) -> Recipient {
    Recipient {
        name,
        peer,
        request,
        verdict,
        impossible: None,
    }
}

fn request(client: &Client, peer: &PeerUrl, _message: &Message) -> ClientRequest {
    client
        .post(peer.at("/events"))
        .insert_header((CONTENT_TYPE, event::MEDIA_TYPE))
}

/// A refused event is tried again: the subscriber may be fixed, and the order's later events must
/// not overtake this one.
fn verdict(status: StatusCode, _body: &[u8]) -> Verdict {
    if status.is_success() {
        Verdict::Taken
    } else {
        Verdict::Refused
    }
}
