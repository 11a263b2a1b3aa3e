//! For any input, the gateway sends a `traceparent` of version 00 (W3C Trace Context §3.2) that the
//! next gateway continues, and a `tracestate` only with the trace that it came with.

use actix_web::http::header::HeaderValue;

use service_kit::trace::traceparent;

use super::{TRACESTATE, Trace};
use crate::application::harness::fuzzing::fields;

/// `bytes` are the random numbers for the ids, then a head.
pub(crate) fn hold(bytes: &[u8]) {
    let (trace_id, bytes) = bytes.split_first_chunk().unwrap_or((&[0; 16], bytes));
    let (parent_id, bytes) = bytes.split_first_chunk().unwrap_or((&[0; 8], bytes));
    let random = (
        u128::from_be_bytes(*trace_id),
        u64::from_be_bytes(*parent_id),
    );
    let mut fields = fields(bytes);
    let trace = Trace::go_on_or_begin(&fields, random);
    let text = String::from_utf8_lossy(trace.traceparent()).into_owned();
    assert!(is_valid(&text, trace.id()), "{text}");
    if !trace.drops(TRACESTATE.as_str()) && fields.contains_key(&TRACESTATE) {
        let parents: Vec<&[u8]> = fields
            .get_all(traceparent::HEADER)
            .map(AsRef::as_ref)
            .collect();
        assert!(
            matches!(*parents, [parent] if parent.get(3..35) == Some(trace.id().as_bytes())),
            "{fields:?}"
        );
    }

    let Ok(value) = HeaderValue::from_str(&text) else {
        panic!("{text}");
    };
    fields.insert(traceparent::HEADER, value);
    let next = Trace::go_on_or_begin(&fields, (0, 1));
    assert_eq!(next.id(), trace.id());
    assert_eq!(next.traceparent().last(), trace.traceparent().last());
}

fn is_valid(text: &str, trace_id: &str) -> bool {
    let is_hex = |text: &str, length| {
        let digits = text.trim_matches(|c| matches!(c, '0'..='9' | 'a'..='f'));
        text.len() == length && digits.is_empty()
    };
    let is_id = |text: &str, length| is_hex(text, length) && text.contains(|c| c != '0');
    let parts: Vec<_> = text.split('-').collect();
    matches!(*parts, ["00", trace, parent, "00" | "01" | "02" | "03"]
        if trace == trace_id && is_id(trace, 32) && is_id(parent, 16))
}
