//! The part of a kept request that is encrypted: its fields and its body.

use actix_web::http::header::{AUTHORIZATION, CONNECTION, HeaderMap, HeaderName};
use serde::{Deserialize, Serialize};

/// The id of the entry, which becomes the id of what the request makes.
pub(crate) const DEFERRED_ID: HeaderName = HeaderName::from_static("x-deferred-id");

/// Says that the request was sent to the upstream before, and got no answer: it may have been carried
/// out.
pub(crate) const SENT_BEFORE: HeaderName = HeaderName::from_static("x-deferred-sent");

/// Before when it must not be delivered: planned work on the upstream.
pub(crate) const NOT_BEFORE: HeaderName = HeaderName::from_static("x-deferred-not-before");

pub(crate) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Fields that belong to the connection (RFC 9110 §7.6.1) or to this delivery. The answer is stored,
/// so it must not be compressed.
const NOT_KEPT: &[&str] = &[
    "accept-encoding",
    "connection",
    "content-length",
    "expect",
    "host",
    "idempotency-key",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "x-deferred-id",
    "x-deferred-not-before",
    "x-deferred-sent",
    "x-peer-secret",
];

/// The fields that are sent to the upstream, and the body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// The head of the encoding. The body follows its line.
#[derive(Serialize, Deserialize)]
struct Head {
    fields: Vec<(String, String)>,
}

impl Kept {
    /// A field that is no text is left out; none that a service reads is like that. The password of a
    /// service is no client's token, and is not passed on.
    pub(crate) fn of(headers: &HeaderMap, body: Vec<u8>, is_from_peer: bool) -> Self {
        let named: Vec<String> = headers
            .get_all(CONNECTION)
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(','))
            .map(|name| name.trim().to_ascii_lowercase())
            .collect();
        let is_left_out = |name: &HeaderName| {
            NOT_KEPT.contains(&name.as_str())
                || named.iter().any(|named| named == name.as_str())
                || (is_from_peer && *name == AUTHORIZATION)
        };
        let fields = headers
            .iter()
            .filter(|(name, _)| !is_left_out(name))
            .filter_map(|(name, value)| {
                Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
            });
        Self {
            fields: fields.collect(),
            body,
        }
    }

    /// What it counts for in the bound on bytes.
    pub(crate) fn bytes(&self) -> u64 {
        let fields = self.fields.iter();
        let fields: usize = fields.map(|(name, value)| name.len() + value.len()).sum();
        (fields + self.body.len()) as u64
    }

    pub(crate) fn encode(&self) -> serde_json::Result<Vec<u8>> {
        let mut encoded = serde_json::to_vec(&Head {
            fields: self.fields.clone(),
        })?;
        encoded.push(b'\n');
        encoded.extend_from_slice(&self.body);
        Ok(encoded)
    }

    /// `None` for anything that [`encode`](Self::encode) did not write.
    pub(crate) fn decode(encoded: &[u8]) -> Option<Self> {
        let end = encoded.iter().position(|byte| *byte == b'\n')?;
        let (head, body) = encoded.split_at_checked(end)?;
        let head: Head = serde_json::from_slice(head).ok()?;
        Some(Self {
            fields: head.fields,
            body: body.get(1..)?.to_vec(),
        })
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

    use super::Kept;

    fn kept(fields: &[(&'static str, &'static str)], is_from_peer: bool) -> Vec<String> {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            let name = HeaderName::from_static(name);
            headers.append(name, HeaderValue::from_static(value));
        }
        let kept = Kept::of(&headers, Vec::new(), is_from_peer);
        let mut names: Vec<_> = kept.fields.into_iter().map(|(name, _)| name).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn fields_of_the_connection_and_of_the_delivery_are_not_kept() {
        let fields = [
            ("authorization", "Bearer a"),
            ("connection", "close, X-Hop"),
            ("x-hop", "1"),
            ("host", "counter"),
            ("content-length", "2"),
            ("content-type", "application/json"),
            ("idempotency-key", "a"),
            ("x-deferred-id", "forged"),
            ("x-peer-secret", "s3cret"),
            ("x-max-total", "20"),
        ];
        let names = ["authorization", "content-type", "x-max-total"];
        assert_eq!(kept(&fields, false), names);
        assert_eq!(kept(&fields, true), names[1..]);
    }

    #[test]
    fn a_request_is_read_back_as_it_was() {
        for body in [&b""[..], b"{}", b"a\nb\0\xff"] {
            let kept = Kept {
                fields: vec![("x-a".to_owned(), "é\n\"".to_owned()); 2],
                body: body.to_vec(),
            };
            assert_eq!(Kept::decode(&kept.encode().unwrap()), Some(kept));
        }
        assert_eq!(Kept::decode(b"{}"), None);
        assert_eq!(Kept::decode(b"{}\n"), None);
    }
}
