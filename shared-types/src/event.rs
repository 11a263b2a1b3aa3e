//! The events between the services: CloudEvents 1.0 in structured JSON
//! (<https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md>). Those of the
//! order service are here, the client service's in `erasure`.
//!
//! An event of an order carries the whole order, not the change. An order's lines never change and its status
//! only moves forward, so a receiver needs only the furthest status it has received, and repeated,
//! late or lost events do no harm.

mod erasure;

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use serde::{Serialize, Serializer};
use uuid::Uuid;

use crate::field::{FieldErrors, FromText, Line, path_of, text_field};
use crate::id::OrderId;
use crate::order::{Order, OrderStatus};
use crate::text::Text;
use crate::value::Timestamp;

pub use erasure::ClientErased;

/// The media type of one event (CloudEvents JSON format §3).
pub const MEDIA_TYPE: &str = "application/cloudevents+json";

/// The sender, a URI reference (CloudEvents §3.1).
const SOURCE: &str = "/orders";

/// A change of an order, as `POST /events` of the kitchen and of delivery accepts it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderEvent {
    /// The same for every attempt to deliver it.
    pub id: String,
    pub kind: OrderEventKind,
    /// The order after the change.
    pub order: Order,
}

impl OrderEvent {
    /// The event of an order that was just made, has just changed its status, or was just made
    /// anonymous.
    #[must_use]
    pub fn about(order: Order) -> Self {
        Self {
            id: Uuid::now_v7().to_string(),
            kind: match order.status {
                OrderStatus::Pending => OrderEventKind::Placed,
                _ if order.is_anonymous() => OrderEventKind::MadeAnonymous,
                _ => OrderEventKind::StatusChanged,
            },
            order,
        }
    }

    /// The position of this event among those of its order: an order has each status once, they go
    /// up, and what was made anonymous stays so.
    #[must_use]
    pub const fn step(&self) -> u8 {
        match self.kind {
            OrderEventKind::Placed | OrderEventKind::StatusChanged => self.order.status.rank(),
            OrderEventKind::MadeAnonymous => Self::LAST_STEP,
        }
    }

    /// The step of [`OrderEventKind::MadeAnonymous`].
    pub const LAST_STEP: u8 = u8::MAX;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderEventKind {
    Placed,
    StatusChanged,
    /// It has ended and names its client no longer.
    MadeAnonymous,
}

impl OrderEventKind {
    /// The `type` attribute.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Placed => "passe-plat.order.placed",
            Self::StatusChanged => "passe-plat.order.status-changed",
            Self::MadeAnonymous => "passe-plat.order.made-anonymous",
        }
    }
}

impl FromText for OrderEventKind {
    fn from_text(text: &str) -> Result<Self, Text> {
        [Self::Placed, Self::StatusChanged, Self::MadeAnonymous]
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or(Text::fixed(|say| say.requests.unknown_event))
    }
}

text_field!(OrderEventKind);

/// The attributes as they are sent.
#[derive(Serialize)]
struct SentEvent<'a> {
    specversion: &'static str,
    id: &'a str,
    source: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    subject: OrderId,
    time: Timestamp,
    datacontenttype: &'static str,
    data: &'a Order,
}

impl Serialize for OrderEvent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let sent = SentEvent {
            specversion: "1.0",
            id: &self.id,
            source: SOURCE,
            kind: self.kind.as_str(),
            subject: self.order.id,
            time: self.order.updated_at,
            datacontenttype: "application/json",
            data: &self.order,
        };
        sent.serialize(serializer)
    }
}

/// The attributes that a receiver reads. CloudEvents §3.1 requires the first four.
#[derive(Deserr)]
#[deserr(error = FieldErrors, validate = ReceivedEvent::names_its_order -> FieldErrors)]
struct ReceivedEvent {
    #[deserr(rename = "specversion")]
    _specversion: Version,
    id: Line<200>,
    #[deserr(rename = "source")]
    _source: Line<200>,
    #[deserr(rename = "type")]
    kind: OrderEventKind,
    subject: OrderId,
    data: Order,
}

impl ReceivedEvent {
    /// Refuses an event whose subject is another order than its data.
    fn names_its_order(self, _location: ValuePointerRef<'_>) -> Result<Self, FieldErrors> {
        if self.subject == self.data.id {
            return Ok(self);
        }
        let text = Text::fixed(|say| say.requests.event_subject);
        Err(FieldErrors::one("subject", text))
    }
}

struct Version;

impl FromText for Version {
    fn from_text(text: &str) -> Result<Self, Text> {
        match text {
            "1.0" => Ok(Self),
            _ => Err(Text::fixed(|say| say.requests.event_version)),
        }
    }
}

text_field!(Version);

impl Deserr<FieldErrors> for OrderEvent {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, FieldErrors> {
        let received = ReceivedEvent::deserialize_from_value(value, location)?;
        Ok(Self {
            id: received.id.into_string(),
            kind: received.kind,
            order: received.data,
        })
    }
}

/// Reports only the first fault of an order: its sender is a program.
impl Deserr<FieldErrors> for Order {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, FieldErrors> {
        serde_json::from_value(value.into()).map_err(|error| {
            let cause = error.to_string();
            let text = Text::formatted(|say| (say.requests.not_an_order)(&cause));
            FieldErrors::one(path_of(location), text)
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{OrderEvent, OrderEventKind};
    use crate::field::FieldErrors;
    use crate::golden;
    use crate::id::ClientId;
    use crate::order::{Order, OrderStage, OrderStatus};
    use crate::text::Lang;

    fn golden() -> Value {
        serde_json::from_str(golden::ORDER_EVENT).unwrap()
    }

    fn refused(event: Value) -> String {
        let read: Result<OrderEvent, FieldErrors> = deserr::deserialize(event);
        read.unwrap_err().sentence(Lang::En)
    }

    #[test]
    fn a_sent_event_reads_back_the_same() {
        let order: Order = serde_json::from_str(golden::ORDER).unwrap();
        for status in OrderStatus::ALL {
            let event = OrderEvent::about(Order {
                status: *status,
                ..order.clone()
            });
            let sent = serde_json::to_value(&event).unwrap();
            let read: Result<OrderEvent, FieldErrors> = deserr::deserialize(sent);
            assert_eq!(read.unwrap(), event);
        }
    }

    #[test]
    fn an_order_is_made_anonymous_only_after_it_has_ended_and_as_its_last_event() {
        let order: Order = serde_json::from_str(golden::ORDER).unwrap();
        for status in OrderStatus::ALL {
            let event = OrderEvent::about(Order {
                status: *status,
                client_id: ClientId::NOBODY,
                ..order.clone()
            });
            let has_ended = status.stage() == OrderStage::Ended;
            assert_eq!(event.kind == OrderEventKind::MadeAnonymous, has_ended);
            assert_eq!(event.step() > OrderStatus::Cancelled.rank(), has_ended);
        }
    }

    #[test]
    fn the_golden_event_is_spelled_as_events_are_sent() {
        let read: Result<OrderEvent, FieldErrors> = deserr::deserialize(golden());
        let read = read.unwrap();
        assert_eq!(read.kind, OrderEventKind::Placed);
        assert_eq!(serde_json::to_value(&read).unwrap(), golden());
    }

    #[test]
    fn every_attribute_that_is_missing_is_named() {
        let sentence = refused(json!({}));
        for attribute in ["specversion", "id", "source", "type", "subject", "data"] {
            assert!(sentence.contains(attribute), "{attribute}: {sentence}");
        }
    }

    #[test]
    fn a_body_that_is_not_an_event_about_an_order_is_refused() {
        for (attribute, value) in [
            ("specversion", json!("0.3")),
            ("type", json!("passe-plat.order.eaten")),
            ("subject", json!("CMD1234")),
            ("subject", json!("0192f0c4-7b1a-7c3e-9d52-3f6a1b2c4d5e")),
            ("data", json!({"id": "CMD1234"})),
            ("data", json!(null)),
        ] {
            let mut event = golden();
            event[attribute] = value;
            let sentence = refused(event);
            assert!(sentence.starts_with(attribute), "{sentence}");
        }
    }
}
