//! One trace as the operator gets it.

use std::collections::BTreeMap;
use std::time::Instant;

use serde::Serialize;
use shared_types::value::Timestamp;

use super::span::{Span, Value};
use super::store::Trace;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Shown<'t> {
    trace_id: &'t str,
    began: Option<Timestamp>,
    /// How long the last span has been there. The next may come with the next batch.
    quiet_ms: u64,
    /// How many spans were too many to be kept.
    left_out: u64,
    /// In the order of their beginnings.
    spans: Vec<ShownSpan<'t>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownSpan<'t> {
    id: String,
    parent: Option<String>,
    service: &'t str,
    name: &'t str,
    kind: &'static str,
    /// From the beginning of the trace.
    begin_ms: f64,
    ms: f64,
    is_error: bool,
    attributes: BTreeMap<&'t str, ShownValue<'t>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum ShownValue<'t> {
    Text(&'t str),
    Number(i64),
}

pub(super) fn of<'t>(id: &'t str, trace: &'t Trace, now: Instant) -> Shown<'t> {
    let first = trace.spans.iter().map(|span| span.began).min();
    let first = first.unwrap_or_default();
    let mut spans: Vec<_> = trace.spans.iter().collect();
    spans.sort_by_key(|span| span.began);
    let quiet = now.saturating_duration_since(trace.latest).as_millis();
    Shown {
        trace_id: id,
        began: i64::try_from(first / 1_000_000)
            .ok()
            .and_then(Timestamp::from_millis),
        quiet_ms: u64::try_from(quiet).unwrap_or(u64::MAX),
        left_out: trace.left_out,
        spans: spans.into_iter().map(|span| shown(span, first)).collect(),
    }
}

fn shown(span: &Span, first: u64) -> ShownSpan<'_> {
    let attributes = span.attributes.iter().map(|(key, value)| {
        let value = match value {
            Value::Text(text) => ShownValue::Text(text),
            Value::Number(number) => ShownValue::Number(*number),
        };
        (&**key, value)
    });
    ShownSpan {
        id: hex::encode(span.id),
        parent: span.parent.map(hex::encode),
        service: &span.service,
        name: &span.name,
        kind: span.kind,
        begin_ms: millis(span.began - first),
        ms: millis(span.took),
        is_error: span.is_error,
        attributes: attributes.collect(),
    }
}

/// Rounds to the microsecond.
fn millis(nanos: u64) -> f64 {
    (nanos as f64 / 1e3).round() / 1e3
}
