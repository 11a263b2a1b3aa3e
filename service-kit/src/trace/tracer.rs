//! The queue between those who end spans and the exporter, who sends them.
//!
//! It has a bound, and nobody waits for room in it: a span that finds none is dropped and counted.
//! Whoever ends a span takes no lock. The exporter looks every few seconds and is woken only by a
//! whole batch, since waking a thread for each span would cost more than all the rest.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{Notify, mpsc};

use super::sampler::Sampler;
use super::span::Span;
use super::traceparent::TraceId;

/// Records spans. Clones share the queue.
#[derive(Clone, Debug)]
pub struct Tracer(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    sampler: Sampler,
    queue: mpsc::Sender<Box<Span>>,
    /// How many spans are a batch.
    batch: usize,
    is_batch: Notify,
    exported: AtomicU64,
    dropped: AtomicU64,
}

/// The spans since the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Taken by the collector.
    pub exported: u64,
    /// Lost, because the queue was full or the collector did not take them.
    pub dropped: u64,
}

/// The bounds of the queue, in spans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bounds {
    pub(super) queue: usize,
    pub(super) batch: usize,
}

impl Tracer {
    pub(super) fn new(sampler: Sampler, bounds: Bounds) -> (Self, mpsc::Receiver<Box<Span>>) {
        let (queue, receiver) = mpsc::channel(bounds.queue);
        let shared = Shared {
            sampler,
            queue,
            batch: bounds.batch,
            is_batch: Notify::new(),
            exported: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
        };
        (Self(Arc::new(shared)), receiver)
    }

    /// Whether to record a trace. `parent` is the decision of the process that sent the request.
    #[must_use]
    pub fn samples(&self, trace_id: &TraceId, parent: Option<bool>) -> bool {
        self.0.sampler.takes(trace_id, parent)
    }

    pub(super) fn record(&self, span: Box<Span>) {
        let queue = &self.0.queue;
        if queue.try_send(span).is_err() {
            self.drop_some(1);
            return;
        }
        if queue.max_capacity() - queue.capacity() >= self.0.batch {
            self.0.is_batch.notify_one();
        }
    }

    /// Completes when there is a batch.
    pub(super) async fn batch(&self) {
        self.0.is_batch.notified().await;
    }

    pub(super) fn export_some(&self, spans: u64) {
        self.0.exported.fetch_add(spans, Ordering::Relaxed);
    }

    pub(super) fn drop_some(&self, spans: u64) {
        self.0.dropped.fetch_add(spans, Ordering::Relaxed);
    }

    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts {
            exported: self.0.exported.load(Ordering::Relaxed),
            dropped: self.0.dropped.load(Ordering::Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::{Bounds, Counts, Tracer};
    use crate::trace::sampler::Sampler;
    use crate::trace::span::{Kind, OpenSpan, Value, id_of};
    use crate::trace::traceparent::hex;

    fn end_one(tracer: &Tracer, number: u64) {
        let ids = (id_of(number), None);
        let mut span = OpenSpan::begin(tracer, (&hex(7), 1), ids, Kind::Server);
        span.name(format!("span {number}"));
    }

    #[test]
    fn a_span_that_finds_no_room_is_dropped_and_counted() {
        let bounds = Bounds { queue: 3, batch: 2 };
        let (tracer, mut spans) = Tracer::new(Sampler::default(), bounds);
        for number in 1..=5 {
            end_one(&tracer, number);
        }
        let counts = Counts {
            exported: 0,
            dropped: 2,
        };
        assert_eq!(tracer.counts(), counts);
        // The oldest have stayed.
        let names = std::iter::from_fn(|| spans.try_recv().ok()).map(|span| span.name);
        assert_eq!(names.collect::<Vec<_>>(), ["span 1", "span 2", "span 3"]);
        end_one(&tracer, 6);
        assert_eq!(spans.try_recv().unwrap().name, "span 6");
        assert_eq!(tracer.counts(), counts);
    }

    #[test]
    fn only_a_whole_batch_wakes_the_exporter() {
        let bounds = Bounds { queue: 9, batch: 2 };
        let (tracer, _spans) = Tracer::new(Sampler::default(), bounds);
        end_one(&tracer, 1);
        assert!(tracer.batch().now_or_never().is_none());
        end_one(&tracer, 2);
        assert!(tracer.batch().now_or_never().is_some());
    }

    #[test]
    fn a_server_is_an_address_and_a_port() {
        let bounds = Bounds { queue: 9, batch: 9 };
        let (tracer, mut spans) = Tracer::new(Sampler::default(), bounds);
        for (host, address, port) in [
            ("orders", "orders", None),
            ("orders:8002", "orders", Some(8002)),
            ("[::1]:8002", "::1", Some(8002)),
            ("[::1]", "::1", None),
        ] {
            let ids = (id_of(1), None);
            let mut span = OpenSpan::begin(&tracer, (&hex(7), 1), ids, Kind::Client);
            span.set_server(host);
            drop(span);
            let span = spans.try_recv().unwrap();
            let found = |name| span.attributes.iter().find(|(known, _)| *known == name);
            assert_eq!(found("server.address").unwrap().1, Value::copy(address));
            let number = found("server.port").map(|(_, value)| value.clone());
            assert_eq!(number, port.map(Value::Number));
        }
    }

    #[test]
    fn a_child_is_of_the_same_trace_and_a_discarded_span_leaves_nothing() {
        let bounds = Bounds { queue: 9, batch: 9 };
        let (tracer, mut spans) = Tracer::new(Sampler::default(), bounds);
        let ids = (id_of(0), None);
        let mut parent = OpenSpan::begin(&tracer, (&hex(7), 3), ids, Kind::Server);
        let child = parent.child(Kind::Client).unwrap();
        let sent = String::from_utf8(child.traceparent().unwrap().to_vec()).unwrap();
        assert!(sent.starts_with(&format!("00-{:032x}-", 7)), "{sent}");
        assert!(sent.ends_with("-03"), "{sent}");
        drop(child);
        parent.discard();
        assert!(parent.child(Kind::Client).is_none());
        drop(parent);
        let child = spans.try_recv().unwrap();
        assert_eq!((child.trace_id, child.parent), (hex(7), Some(hex(1))));
        assert!(spans.try_recv().is_err());
    }
}
