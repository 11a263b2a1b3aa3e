//! The key of a stored answer. It holds everything that the upstream is told on such a request,
//! except the request's id and its `traceparent`, which say nothing of the client. So two requests
//! with one key are the same request to the upstream (see `upstream/stored.rs`, which writes it).
//!
//! The key has no host, because the upstream is not told which one the client asked.

use actix_web::http::header::HeaderMap;
use actix_web::web::Bytes;
use http::uri::PathAndQuery;

use super::query::canonical;
use crate::routing::route::CachePolicy;
use crate::upstream::passages_of;

/// The longest key in bytes. Nobody needs a longer one to ask for a meal, and answers to longer
/// ones are not stored: a small answer's key could otherwise take all the room.
const LONGEST: usize = 1024;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    bytes: Bytes,
    path: usize,
}

impl Key {
    /// The key of a request for this path and query, with these fields. `None` if it would be too
    /// long.
    pub(super) fn of(
        policy: &CachePolicy,
        path: &str,
        query: Option<&str>,
        fields: &HeaderMap,
    ) -> Option<Self> {
        Self::with_passages(policy, path, query, fields, passages_of(fields))
    }

    /// `passages` is how often the request has already passed a gateway.
    pub(super) fn with_passages(
        policy: &CachePolicy,
        path: &str,
        query: Option<&str>,
        fields: &HeaderMap,
        passages: usize,
    ) -> Option<Self> {
        // No part contains a byte that ends a part.
        let mut bytes = Vec::with_capacity(128);
        bytes.extend_from_slice(path.as_bytes());
        match (&policy.query, query) {
            (_, None) => {}
            (None, Some(query)) => {
                bytes.push(b'?');
                bytes.extend_from_slice(query.as_bytes());
            }
            (Some(names), Some(query)) => {
                let query = canonical(names, query);
                if !query.is_empty() {
                    bytes.push(b'?');
                    bytes.extend_from_slice(query.as_bytes());
                }
            }
        }
        bytes.push(b'\n');
        bytes.extend(std::iter::repeat_n(b'>', passages));
        for name in &policy.vary {
            bytes.push(b'\n');
            for value in fields.get_all(name) {
                bytes.extend_from_slice(value.as_bytes());
                bytes.push(b'\r');
            }
        }
        (bytes.len() <= LONGEST).then(|| Self {
            bytes: bytes.into(),
            path: path.len(),
        })
    }

    pub(super) fn path(&self) -> &[u8] {
        self.bytes.get(..self.path).unwrap_or_default()
    }

    /// Its bytes, and how many of them are the path.
    pub(super) fn parts(&self) -> (&[u8], usize) {
        (&self.bytes, self.path)
    }

    /// The key of these parts. `None` if no key has them.
    pub(super) fn of_parts(bytes: &[u8], path: usize) -> Option<Self> {
        (path <= bytes.len() && bytes.len() <= LONGEST).then(|| Self {
            bytes: Bytes::copy_from_slice(bytes),
            path,
        })
    }

    /// A copy that holds no spare memory.
    pub(super) fn compact(&self) -> Self {
        Self {
            bytes: Bytes::copy_from_slice(&self.bytes),
            path: self.path,
        }
    }

    pub(super) fn size(&self) -> usize {
        self.bytes.len()
    }
}

/// The upstream's target without the query parameters that do not count. A part of a valid target
/// is valid, so there always is one.
pub(crate) fn target(policy: &CachePolicy, target: &PathAndQuery) -> Option<PathAndQuery> {
    let (Some(names), Some(query)) = (&policy.query, target.query()) else {
        return Some(target.clone());
    };
    let query = canonical(names, query);
    let canonical = if query.is_empty() {
        target.path().to_owned()
    } else {
        format!("{}?{query}", target.path())
    };
    PathAndQuery::try_from(canonical).ok()
}
