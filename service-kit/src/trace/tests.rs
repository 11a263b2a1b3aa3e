//! Tests of the trace of a request.

use actix_web::http::header::HeaderMap;

use super::traceparent::HEADER;
use super::{Kind, Trace, Tracing, open, open_stored, spanned, within};
use crate::trace::sampler::Sampler;
use crate::trace::tracer::{Bounds, Tracer};

const SENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const UNSAMPLED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

fn fields(values: &[&str]) -> HeaderMap {
    let mut fields = HeaderMap::new();
    for value in values {
        fields.append(HEADER, value.parse().unwrap());
    }
    fields
}

fn of(values: &[&str]) -> Option<Trace> {
    Trace::of(&fields(values))
}

fn tracer(sampler: &str) -> (Tracer, tokio::sync::mpsc::Receiver<Box<super::span::Span>>) {
    let bounds = Bounds { queue: 9, batch: 9 };
    Tracer::new(Sampler::named(sampler, 1.0).unwrap(), bounds)
}

#[tokio::test]
async fn the_work_of_a_request_knows_its_trace() {
    assert!(Trace::current().is_none());
    let trace = of(&[SENT]).unwrap();
    assert_eq!(trace.id(), "4bf92f3577b34da6a3ce929d0e0e4736");
    let found = within(Some(trace), async { Trace::current() }).await;
    assert_eq!(found.unwrap().as_str(), SENT);
}

#[test]
fn an_invalid_traceparent_is_none() {
    for values in [&[][..], &["x"], &[SENT, SENT]] {
        assert!(of(values).is_none(), "{values:?}");
    }
}

#[tokio::test]
async fn without_a_collector_nothing_is_recorded() {
    let trace = of(&[SENT]);
    within(trace, async {
        assert!(open(Kind::Client).is_none());
        let named = |_: &mut super::OpenSpan| unreachable!();
        spanned(Kind::Client, named, async {
            assert_eq!(Trace::current().unwrap().as_str(), SENT);
        })
        .await;
    })
    .await;
    assert!(open_stored(SENT, Kind::Client).is_none());
}

#[tokio::test]
async fn work_within_work_is_a_span_within_a_span() {
    let (tracer, mut spans) = tracer("parentbased_always_on");
    let (trace, server) = Trace::recorded(&fields(&[SENT]), &tracer);
    let mut server = server.unwrap();
    server.name("POST /orders");
    let stored = within(Some(trace), async {
        let name = |span: &mut super::OpenSpan| span.name("INSERT orders");
        spanned(Kind::Client, name, async {
            Trace::current().unwrap().as_str().to_owned()
        })
        .await
    });
    let stored = stored.await;
    drop(server);
    let (inner, outer) = (spans.try_recv().unwrap(), spans.try_recv().unwrap());
    assert_eq!(outer.parent, Some(*b"00f067aa0ba902b7"));
    assert_eq!(inner.parent, Some(outer.id));
    assert_eq!(
        (&*outer.name, &*inner.name),
        ("POST /orders", "INSERT orders")
    );
    // Another process continues from the inner one.
    let tracing = Tracing::default();
    tracing.begin(tracer);
    tracing
        .within(async {
            drop(open_stored(&stored, Kind::Client));
            assert!(open_stored(UNSAMPLED, Kind::Client).is_none());
            assert!(open_stored("", Kind::Client).is_none());
        })
        .await;
    let later = spans.try_recv().unwrap();
    assert_eq!(
        (later.parent, later.trace_id),
        (Some(inner.id), inner.trace_id)
    );
}

#[test]
fn a_trace_that_is_not_sampled_goes_on_unrecorded() {
    let (by_parent, _spans) = tracer("parentbased_always_on");
    let (trace, span) = Trace::recorded(&fields(&[UNSAMPLED]), &by_parent);
    assert!(span.is_none());
    assert_eq!(trace.as_str(), UNSAMPLED);
    let (never, _spans) = tracer("always_off");
    let (trace, span) = Trace::recorded(&fields(&[SENT]), &never);
    assert!(span.is_none());
    assert_eq!(trace.as_str(), UNSAMPLED);
    let (trace, _) = Trace::recorded(&fields(&[]), &never);
    assert!(trace.as_str().ends_with("-02"), "{}", trace.as_str());
}

#[test]
fn a_request_without_a_trace_begins_one() {
    let (tracer, mut spans) = tracer("parentbased_always_on");
    let (trace, span) = Trace::recorded(&fields(&["x"]), &tracer);
    assert!(trace.as_str().ends_with("-03"), "{}", trace.as_str());
    drop(span);
    let span = spans.try_recv().unwrap();
    assert_eq!(
        (span.parent, &span.trace_id[..]),
        (None, trace.id().as_bytes())
    );
}
