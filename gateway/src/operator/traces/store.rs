//! The last traces, within bounds. No I/O, no clock.
//!
//! 1. A span is added to its trace, or begins one. A repeated span changes nothing.
//! 2. A trace has a bound of its own in spans and in bytes, since anyone may send the id of a trace
//!    again and again. What goes beyond it is counted.
//! 3. With too many traces or bytes in all, the trace that began first goes.

use std::collections::{HashMap, VecDeque};
use std::time::Instant;

use super::span::{Span, TraceId};

#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) traces: usize,
    /// Of all traces together.
    pub(super) bytes: usize,
    pub(super) spans_of_a_trace: usize,
    pub(super) bytes_of_a_trace: usize,
}

/// An order's trace has about 30 spans and 20 KB, so the last 200 orders fit. Four MiB are what the
/// gateway can spare beside a demonstration.
pub(super) const LIMITS: Limits = Limits {
    traces: 500,
    bytes: 4 * 1024 * 1024,
    spans_of_a_trace: 500,
    bytes_of_a_trace: 512 * 1024,
};

#[derive(Debug)]
pub(super) struct Store {
    limits: Limits,
    traces: HashMap<TraceId, Trace>,
    /// The ids in the order in which the traces began.
    order: VecDeque<TraceId>,
    bytes: usize,
}

#[derive(Debug)]
pub(super) struct Trace {
    pub(super) spans: Vec<Span>,
    /// How many spans were too many.
    pub(super) left_out: u64,
    /// When the last span came.
    pub(super) latest: Instant,
    bytes: usize,
}

impl Store {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            traces: HashMap::new(),
            order: VecDeque::new(),
            bytes: 0,
        }
    }

    /// Adds a span. Returns false if its trace has no room for it.
    pub(super) fn take(&mut self, span: Span, now: Instant) -> bool {
        let (id, bytes) = (span.trace, span.bytes());
        let trace = self.traces.entry(id).or_insert_with(|| {
            self.order.push_back(id);
            Trace {
                spans: Vec::new(),
                left_out: 0,
                latest: now,
                bytes: 0,
            }
        });
        if trace.spans.iter().any(|known| known.id == span.id) {
            return true;
        }
        let has_room = trace.spans.len() < self.limits.spans_of_a_trace
            && trace.bytes + bytes <= self.limits.bytes_of_a_trace;
        if has_room {
            trace.spans.push(span);
            trace.latest = now;
            trace.bytes += bytes;
            self.bytes += bytes;
        } else {
            trace.left_out += 1;
        }
        while self.order.len() > self.limits.traces || self.bytes > self.limits.bytes {
            self.drop_oldest();
        }
        has_room
    }

    fn drop_oldest(&mut self) {
        let oldest = self.order.pop_front();
        let oldest = oldest.and_then(|id| self.traces.remove(&id));
        // Without a trace there are no bytes either.
        self.bytes -= oldest.map_or(self.bytes, |trace| trace.bytes);
    }

    pub(super) fn trace(&self, id: &TraceId) -> Option<&Trace> {
        self.traces.get(id)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use proptest::prelude::*;

    use super::{Limits, Span, Store};

    const FEW: Limits = Limits {
        traces: 3,
        bytes: 8_000,
        spans_of_a_trace: 4,
        bytes_of_a_trace: 2_000,
    };

    fn span(trace: u8, id: u8, name: usize) -> Span {
        Span {
            trace: [trace; 16],
            id: [id; 8],
            parent: None,
            service: "orders".into(),
            name: "x".repeat(name).into(),
            kind: "server",
            began: 0,
            took: 0,
            is_error: false,
            attributes: Box::default(),
        }
    }

    fn names(store: &Store, trace: u8) -> Option<Vec<u8>> {
        let trace = store.trace(&[trace; 16])?;
        Some(trace.spans.iter().map(|span| span.id[0]).collect())
    }

    #[test]
    fn spans_that_come_late_join_their_trace() {
        let mut store = Store::new(FEW);
        let now = Instant::now();
        for (trace, id) in [(1, 1), (2, 2), (1, 3)] {
            assert!(store.take(span(trace, id, 1), now));
        }
        let later = now + Duration::from_secs(9);
        assert!(store.take(span(1, 4, 1), later));
        assert_eq!(names(&store, 1), Some(vec![1, 3, 4]));
        assert_eq!(store.trace(&[1; 16]).unwrap().latest, later);
        assert_eq!(store.trace(&[2; 16]).unwrap().latest, now);
        assert_eq!(names(&store, 3), None);
    }

    #[test]
    fn a_repeated_span_changes_nothing() {
        let mut store = Store::new(FEW);
        let now = Instant::now();
        assert!(store.take(span(1, 1, 1), now));
        let bytes = store.bytes;
        assert!(store.take(span(1, 1, 9), now + Duration::from_secs(1)));
        assert_eq!((names(&store, 1), store.bytes), (Some(vec![1]), bytes));
        assert_eq!(store.trace(&[1; 16]).unwrap().latest, now);
    }

    #[test]
    fn the_trace_that_began_first_goes_first() {
        let mut store = Store::new(FEW);
        let now = Instant::now();
        for trace in [1, 2, 3, 1, 4] {
            assert!(store.take(span(trace, trace + store.order.len() as u8, 1), now));
        }
        assert_eq!(names(&store, 1), None);
        assert!(
            [2, 3, 4]
                .iter()
                .all(|trace| names(&store, *trace).is_some())
        );
    }

    #[test]
    fn a_trace_cannot_grow_without_a_bound() {
        let mut store = Store::new(FEW);
        let now = Instant::now();
        let taken = (1..=100).filter(|id| store.take(span(1, *id, 1), now));
        assert_eq!(taken.count(), FEW.spans_of_a_trace);
        assert_eq!(store.trace(&[1; 16]).unwrap().left_out, 96);
        // Nor does it push out others.
        assert!(!store.take(span(2, 1, 5_000), now));
        assert!(store.take(span(2, 2, 1), now));
        assert_eq!(names(&store, 1).unwrap().len(), FEW.spans_of_a_trace);
    }

    proptest! {
        #[test]
        fn the_bounds_hold_whatever_comes(
            sent in prop::collection::vec((0_u8..8, any::<u8>(), 0_usize..3_000), 0..300)
        ) {
            let mut store = Store::new(FEW);
            let now = Instant::now();
            for (trace, id, name) in sent {
                store.take(span(trace, id, name), now);
                let bytes = |spans: &[Span]| spans.iter().map(Span::bytes).sum::<usize>();
                let all: usize = store.traces.values().map(|trace| bytes(&trace.spans)).sum();
                prop_assert_eq!(store.bytes, all);
                prop_assert!(all <= FEW.bytes);
                prop_assert!(store.traces.len() <= FEW.traces);
                prop_assert_eq!(store.traces.len(), store.order.len());
                prop_assert!(store.order.iter().all(|id| store.traces.contains_key(id)));
                for trace in store.traces.values() {
                    prop_assert!(trace.spans.len() <= FEW.spans_of_a_trace);
                    prop_assert!(bytes(&trace.spans) <= FEW.bytes_of_a_trace);
                }
            }
        }
    }
}
