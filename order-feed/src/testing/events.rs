//! Orders and events for the tests of both mocks.

use actix_web::http::Method;
use actix_web::web::Bytes;
use serde_json::{Value, json};
use service_kit::input::MAX_JSON_BYTES;
use service_kit::testing::{Answer, Client};
use shared_types::event::{MEDIA_TYPE, OrderEvent};
use shared_types::golden;
use shared_types::id::OrderId;
use shared_types::order::{Order, OrderStatus};

/// An order that no service knows yet, younger than those made before it.
///
/// # Panics
/// The golden order cannot be read.
#[must_use]
pub fn new_order(status: OrderStatus) -> Order {
    let golden: Order = serde_json::from_str(golden::ORDER).expect("a golden order");
    Order {
        id: OrderId::generate(),
        status,
        ..golden
    }
}

pub async fn send_event(client: &Client, media_type: &str, body: impl Into<Bytes>) -> Answer {
    let request = client.request(Method::POST, "/events");
    let request = request.header("Content-Type", media_type);
    request.send_body(body.into()).await
}

/// Sends the event of an order.
///
/// # Panics
/// The service does not take it.
pub async fn tell(client: &Client, order: &Order) {
    let event = serde_json::to_string(&OrderEvent::about(order.clone())).expect("an event");
    let answer = send_event(client, MEDIA_TYPE, event).await;
    assert_eq!((answer.status.as_u16(), answer.body.len()), (204, 0));
}

/// Requests to `/events` that are refused, each made of `valid`: the media type, the body, and the
/// status and code of the answer.
#[must_use]
pub fn invalid_events(valid: &Value) -> Vec<(&'static str, String, (u16, &'static str))> {
    let with = |attribute: &str, value: Value| {
        let mut event = valid.clone();
        event[attribute] = value;
        event.to_string()
    };
    let another = json!("0192f0c4-7b1a-7c3e-9d52-3f6a1b2c4d5e");
    let only_id = json!({"id": valid["data"]["id"]});
    let invalid = (400, "validation_failed");
    vec![
        (MEDIA_TYPE, String::new(), (400, "bad_request")),
        (MEDIA_TYPE, "{oops".to_owned(), (400, "bad_request")),
        (MEDIA_TYPE, golden::ORDER.to_owned(), invalid),
        (MEDIA_TYPE, with("specversion", json!("0.3")), invalid),
        (MEDIA_TYPE, with("type", json!("order.eaten")), invalid),
        (MEDIA_TYPE, with("subject", another), invalid),
        (MEDIA_TYPE, with("data", only_id), invalid),
        (
            MEDIA_TYPE,
            with("extra", json!("x".repeat(MAX_JSON_BYTES))),
            (413, "payload_too_large"),
        ),
        (
            "text/plain",
            valid.to_string(),
            (415, "unsupported_media_type"),
        ),
    ]
}
