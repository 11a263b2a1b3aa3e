//! The bound in bytes, and the helpers of the parts' tests.

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::web::Bytes;
use service_kit::env::Env;

use super::Copy;
use super::copy::stored_fields;
use super::key::Key;
use super::storing::Reuse;
use crate::config::Config;
use crate::routing::route::CachePolicy;

/// A row that is stored with these keys, under `/menu` or, with a parameter, `/menu/{id}`.
pub(crate) fn policy_at(path: &str, keys: &str) -> Arc<CachePolicy> {
    let shipped = include_str!("../../../gateway.toml");
    let head = shipped.split("[routes]").next().unwrap();
    let text = format!(
        "{head}[routes]\norders = [{{ path = \"{path}\", methods = [\"GET\"], to = \"/menu\", outage = \"stale\", {keys} }}]\n"
    );
    let config = Config::parse("test.toml", &text, &Env::of_pairs([])).unwrap();
    Arc::clone(&config.routes.cache_policies()[0])
}

pub(crate) fn policy_with(keys: &str) -> Arc<CachePolicy> {
    policy_at("/menu", keys)
}

pub(super) fn policy() -> Arc<CachePolicy> {
    policy_with("stale_if_error = \"1h\"")
}

pub(crate) fn key_of(policy: &CachePolicy, request: &HttpRequest) -> Option<Key> {
    let uri = request.uri();
    Key::of(policy, uri.path(), uri.query(), request.headers())
}

/// An answer with these fields, taken just now.
pub(super) fn copy(fields: &[(&'static str, &str)]) -> Copy {
    let mut stored = HeaderMap::new();
    for (name, value) in fields {
        let value = HeaderValue::from_str(value).unwrap();
        stored.append(HeaderName::from_static(name), value);
    }
    Copy {
        status: StatusCode::OK,
        fields: stored_fields(&stored),
        body: Bytes::from_static(b"[]"),
        encoded: None,
        taken: Instant::now(),
        reuse: Reuse {
            age: Duration::ZERO,
            fresh: Duration::from_secs(60),
            stale_if_error: Duration::from_secs(3600),
        },
        has_age: false,
        generation: 0,
        epoch: 0,
    }
}

#[test]
fn a_stored_field_holds_its_own_bytes_and_not_the_buffer_it_came_in() {
    let buffer = Bytes::from(vec![b'x'; 64 * 1024]);
    let mut fields = HeaderMap::new();
    let value = HeaderValue::from_maybe_shared(buffer.slice(..4)).unwrap();
    fields.insert(HeaderName::from_static("x-small"), value);
    fields.insert(
        HeaderName::from_static("age"),
        HeaderValue::from_static("7"),
    );
    let stored = stored_fields(&fields);
    drop(fields);
    assert!(buffer.is_unique());
    assert_eq!(stored.len(), 1);
    assert_eq!(stored[0].1, "xxxx");
}
