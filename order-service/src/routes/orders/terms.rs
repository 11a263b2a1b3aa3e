//! The terms of an order, which its request has in its header.

use actix_web::http::header::{HeaderMap, HeaderName};
use service_kit::access::Vouched;
use service_kit::client_address::ClientAddress;
use service_kit::failure::Failure;
use shared_types::field::{FieldErrors, FromText as _, Written};
use shared_types::text::Text;
use shared_types::value::Price;

use crate::store::Terms;

const MAX_TOTAL: HeaderName = HeaderName::from_static("x-max-total");
const DEFERRED_ID: HeaderName = HeaderName::from_static("x-deferred-id");

/// The id of a deferred request is only believed from a service: a client that chose the ids of its
/// orders could learn which ids there are.
pub(super) fn of(headers: &HeaderMap, vouched: Vouched) -> Result<Terms, Failure> {
    let id = match only(headers, &DEFERRED_ID).filter(|_| vouched.0) {
        Some(Ok(id)) => Some(
            shared_types::id::OrderId::from_text(id).map_err(|text| refused(&DEFERRED_ID, text))?,
        ),
        Some(Err(text)) => return Err(refused(&DEFERRED_ID, text)),
        None => None,
    };
    let max_total = match only(headers, &MAX_TOTAL) {
        Some(Ok(most)) => Some(price(most)?),
        Some(Err(text)) => return Err(refused(&MAX_TOTAL, text)),
        None => None,
    };
    Ok(Terms {
        // Anyone may choose a clientId, but not the address that the gateway names.
        origin: ClientAddress::of(headers),
        id,
        max_total,
    })
}

/// The field's value. Two are as wrong as none that can be read.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<Result<&'a str, Text>> {
    let mut sent = headers.get_all(name);
    let first = sent.next()?;
    let read = first.to_str().ok().filter(|_| sent.next().is_none());
    Some(
        read.map(str::trim)
            .ok_or(Text::fixed(|say| say.fields.unexpected)),
    )
}

/// Spelled as the prices of bodies are.
fn price(text: &str) -> Result<Price, Failure> {
    let expected = || refused(&MAX_TOTAL, Text::fixed(|say| say.fields.price));
    let written: Written<'_> = serde_json::from_str(text).map_err(|_not_json| expected())?;
    deserr::deserialize::<Price, _, FieldErrors>(written).map_err(|_no_price| expected())
}

/// The field in the spelling of the documents.
fn refused(name: &HeaderName, text: Text) -> Failure {
    let name = if *name == MAX_TOTAL {
        "X-Max-Total"
    } else {
        "X-Deferred-Id"
    };
    Failure::invalid(FieldErrors::one(name, text))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderMap, HeaderValue};
    use service_kit::access::Vouched;

    use super::{DEFERRED_ID, MAX_TOTAL, of};

    fn headers(fields: &[(super::HeaderName, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(name.clone(), HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn a_total_is_spelled_as_a_price() {
        for (text, cents) in [("12.50", 1250), (" 13 ", 1300), ("0", 0), ("1e1", 1000)] {
            let terms = of(&headers(&[(MAX_TOTAL, text)]), Vouched(false)).unwrap();
            assert_eq!(terms.max_total.unwrap().cents(), cents, "{text}");
        }
        for text in [
            "", "12,50", "-1", "12.345", "\"12\"", "null", "1000001", "€12",
        ] {
            let mut sent = HeaderMap::new();
            sent.insert(MAX_TOTAL, HeaderValue::from_bytes(text.as_bytes()).unwrap());
            assert!(of(&sent, Vouched(true)).is_err(), "{text}");
        }
        let twice = headers(&[(MAX_TOTAL, "12"), (MAX_TOTAL, "13")]);
        assert!(of(&twice, Vouched(true)).is_err());
    }

    #[test]
    fn an_id_is_believed_from_a_service_only() {
        let id = "0192f0d1-5c2b-7e4f-8a63-9b7c2d3e5f60";
        let sent = headers(&[(DEFERRED_ID, id)]);
        assert_eq!(
            of(&sent, Vouched(true)).unwrap().id.unwrap().to_string(),
            id
        );
        assert!(of(&sent, Vouched(false)).unwrap().id.is_none());
        let wrong = headers(&[(DEFERRED_ID, "12")]);
        assert!(of(&wrong, Vouched(true)).is_err());
        assert!(of(&wrong, Vouched(false)).unwrap().id.is_none());
    }
}
