//! The event of the client service: a client asks to be forgotten.

use deserr::Deserr;
use serde::Serialize;

use super::Version;
use crate::field::{FieldErrors, FromText, Line, text_field};
use crate::id::{ClientId, ErasureId};
use crate::text::Text;

/// A client whose data is to be erased, as `POST /events` of the order service accepts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientErased {
    /// The same for every attempt to deliver it.
    pub id: ErasureId,
    pub client: ClientId,
}

/// The attributes as they are sent.
#[derive(Serialize)]
struct SentErasure {
    specversion: &'static str,
    id: ErasureId,
    source: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    subject: ClientId,
}

const KIND: &str = "passe-plat.client.erased";

impl Serialize for ClientErased {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let sent = SentErasure {
            specversion: "1.0",
            id: self.id,
            source: "/clients",
            kind: KIND,
            subject: self.client,
        };
        sent.serialize(serializer)
    }
}

/// The attributes that a receiver reads. CloudEvents §3.1 requires the first four.
#[derive(Deserr)]
#[deserr(error = FieldErrors)]
struct ReceivedErasure {
    #[deserr(rename = "specversion")]
    _specversion: Version,
    id: ErasureId,
    #[deserr(rename = "source")]
    _source: Line<200>,
    #[deserr(rename = "type")]
    _kind: Kind,
    subject: ClientId,
}

struct Kind;

impl FromText for Kind {
    fn from_text(text: &str) -> Result<Self, Text> {
        match text {
            KIND => Ok(Self),
            _ => Err(Text::fixed(|say| say.requests.unknown_event)),
        }
    }
}

text_field!(Kind);

impl Deserr<FieldErrors> for ClientErased {
    fn deserialize_from_value<V: deserr::IntoValue>(
        value: deserr::Value<V>,
        location: deserr::ValuePointerRef<'_>,
    ) -> Result<Self, FieldErrors> {
        let received = ReceivedErasure::deserialize_from_value(value, location)?;
        Ok(Self {
            id: received.id,
            client: received.subject,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::ClientErased;
    use crate::field::FieldErrors;
    use crate::id::{ClientId, ErasureId};

    fn read(event: serde_json::Value) -> Result<ClientErased, FieldErrors> {
        deserr::deserialize(event)
    }

    #[test]
    fn a_sent_event_reads_back_the_same() {
        let event = ClientErased {
            id: ErasureId::generate(),
            client: ClientId::generate(),
        };
        assert_eq!(read(serde_json::to_value(event).unwrap()), Ok(event));
    }

    #[test]
    fn another_event_is_refused() {
        let event = ClientErased {
            id: ErasureId::generate(),
            client: ClientId::generate(),
        };
        for (attribute, value) in [
            ("specversion", "0.3"),
            ("type", "passe-plat.order.placed"),
            ("subject", "somebody"),
            ("id", ""),
        ] {
            let mut sent = serde_json::to_value(event).unwrap();
            sent[attribute] = json!(value);
            assert!(read(sent).is_err(), "{attribute}");
        }
    }
}
