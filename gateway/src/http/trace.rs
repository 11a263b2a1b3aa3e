//! The trace of a request (W3C Trace Context, levels 1 and 2): the client's if it names one, else a
//! new one.
//!
//! The gateway takes part under an id of its own, which is the parent of what an upstream records.
//! A new trace is marked as sampled: each request leaves a record, its log line, and a service that
//! samples by its parent would otherwise never begin. With a collector, the sampler decides.

#[cfg(any(fuzzing, test))]
pub(crate) mod invariants;
mod state;

use actix_web::http::header::{HeaderMap, HeaderName};

use service_kit::trace::traceparent::{
    self, LENGTH, RANDOM, Received, SAMPLED, SpanId, compose, hex, with_sampled,
};
use service_kit::trace::{Kind, OpenSpan, Tracer, id_of};

static TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// Random numbers for the ids. They are no secrets, so any uniform generator will do (level 2).
pub(crate) type Random = (u128, u64);

/// The trace of one request.
#[derive(Debug)]
pub(crate) struct Trace {
    /// `00-{trace id}-{the gateway's own id}-{flags}`.
    text: [u8; LENGTH],
    keeps_state: bool,
    /// The sender's span.
    parent: Option<SpanId>,
    /// The span of the answer, if the trace is recorded.
    span: Option<OpenSpan>,
}

impl Trace {
    /// Continues the trace that the request names, or begins one.
    pub(crate) fn go_on_or_begin(fields: &HeaderMap, random: Random) -> Self {
        let sent = traceparent::sent(fields);
        let received = sent.and_then(|value| traceparent::parse(value.as_bytes()));
        let (trace_id, id) = random;
        let id = id_of(id);
        match received {
            Some(Received {
                trace_id,
                parent_id,
                flags,
            }) => {
                let states = fields.get_all(&TRACESTATE).map(AsRef::as_ref);
                Self {
                    // Unknown flags have to be zero on the way out.
                    text: compose(trace_id, &id, flags & (SAMPLED | RANDOM)),
                    keeps_state: state::is_well_formed(states),
                    parent: Some(*parent_id),
                    span: None,
                }
            }
            None => {
                // An id of zeros is invalid.
                let trace_id = hex(trace_id.max(1));
                Self {
                    text: compose(&trace_id, &id, SAMPLED | RANDOM),
                    keeps_state: false,
                    parent: None,
                    span: None,
                }
            }
        }
    }

    /// Begins the span of the answer, if the sampler takes the trace. The upstreams follow its
    /// decision.
    pub(crate) fn record(&mut self, tracer: &Tracer) {
        let Some(own) = traceparent::parse(&self.text) else {
            return;
        };
        let by_parent = self.parent.map(|_| own.is_sampled());
        let is_sampled = tracer.samples(own.trace_id, by_parent);
        let flags = with_sampled(own.flags, is_sampled);
        let text = compose(own.trace_id, own.parent_id, flags);
        if is_sampled {
            let ids = (*own.parent_id, self.parent);
            let span = OpenSpan::begin(tracer, (own.trace_id, flags), ids, Kind::Server);
            self.span = Some(span);
        }
        self.text = text;
    }

    /// Lets nobody record it: nobody waits for its answer.
    pub(crate) fn leave_unrecorded(&mut self) {
        if let Some(own) = traceparent::parse(&self.text) {
            self.text = compose(own.trace_id, own.parent_id, with_sampled(own.flags, false));
        }
    }

    /// The span of the answer, if the trace is recorded.
    pub(crate) fn span(&self) -> Option<&OpenSpan> {
        self.span.as_ref()
    }

    pub(crate) fn span_mut(&mut self) -> Option<&mut OpenSpan> {
        self.span.as_mut()
    }

    /// The span, which ends when it is dropped.
    pub(crate) fn take_span(&mut self) -> Option<OpenSpan> {
        self.span.take()
    }

    pub(crate) fn id(&self) -> &str {
        let id = self.text.get(3..35).map(std::str::from_utf8);
        id.and_then(Result::ok).unwrap_or("-")
    }

    /// The value of the upstream's `traceparent`.
    pub(crate) fn traceparent(&self) -> &[u8] {
        &self.text
    }

    /// Whether this field is a `tracestate` that is malformed or belongs to no trace.
    pub(crate) fn drops(&self, name: &str) -> bool {
        !self.keeps_state && name == TRACESTATE.as_str()
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
    use proptest::prelude::*;

    use super::Trace;

    const TRACE_ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const SENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const CONTINUED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000bad-01";
    const BEGUN: &str = "00-00000000000000000000000000000123-0000000000000bad-03";

    fn trace(fields: &[(&'static str, &str)]) -> Trace {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            let value = HeaderValue::from_str(value).unwrap();
            headers.append(HeaderName::from_static(name), value);
        }
        Trace::go_on_or_begin(&headers, (0x123, 0xbad))
    }

    fn goes_on(fields: &[(&'static str, &str)]) -> String {
        String::from_utf8(trace(fields).traceparent().to_vec()).unwrap()
    }

    #[test]
    fn a_trace_continues_under_the_gateways_own_id() {
        assert_eq!(goes_on(&[("traceparent", SENT)]), CONTINUED);
        assert_eq!(trace(&[("traceparent", SENT)]).id(), TRACE_ID);
    }

    #[test]
    fn a_new_trace_is_sampled_and_random() {
        assert_eq!(goes_on(&[]), BEGUN);
        assert_eq!(trace(&[]).id(), "00000000000000000000000000000123");
    }

    #[test]
    fn only_known_flags_are_sent_on() {
        for (sent, expected) in [("00", "00"), ("02", "02"), ("ff", "03"), ("c9", "01")] {
            let sent = format!("00-{TRACE_ID}-00f067aa0ba902b7-{sent}");
            let expected = format!("00-{TRACE_ID}-0000000000000bad-{expected}");
            assert_eq!(goes_on(&[("traceparent", &sent)]), expected);
        }
    }

    #[test]
    fn a_malformed_or_repeated_traceparent_begins_a_new_trace() {
        assert_eq!(goes_on(&[("traceparent", "00-4bf9-00f0-01")]), BEGUN);
        let twice = [("traceparent", SENT), ("traceparent", SENT)];
        assert_eq!(goes_on(&twice), BEGUN);
    }

    #[test]
    fn an_id_of_zeros_is_never_made() {
        let none = HeaderMap::new();
        let trace = Trace::go_on_or_begin(&none, (0, 0));
        let expected = format!("00-{:032x}-{:016x}-03", 1, 1);
        assert_eq!(trace.traceparent(), expected.as_bytes());
    }

    #[test]
    fn a_tracestate_goes_only_with_its_trace() {
        let (state, parent) = (("tracestate", "rojo=1"), ("traceparent", SENT));
        assert!(!trace(&[parent, state]).drops("tracestate"));
        assert!(trace(&[state]).drops("tracestate"));
        assert!(trace(&[parent, parent, state]).drops("tracestate"));
        assert!(trace(&[parent, ("tracestate", "=")]).drops("tracestate"));
        assert!(!trace(&[]).drops("trace"));
    }

    proptest! {
        #[test]
        fn the_traceparent_that_is_sent_is_valid(
            sent in prop_oneof!["[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(-[ -~]*)?", "[ -~]{0,70}"],
            random in any::<(u128, u64)>(),
        ) {
            let mut headers = HeaderMap::new();
            let name = HeaderName::from_static("traceparent");
            headers.insert(name.clone(), HeaderValue::from_str(&sent).unwrap());
            let trace = Trace::go_on_or_begin(&headers, random);
            let text = std::str::from_utf8(trace.traceparent()).unwrap().to_owned();
            let parts: Vec<_> = text.split('-').collect();
            prop_assert_eq!(parts.iter().map(|part| part.len()).collect::<Vec<_>>(), [2, 32, 16, 2]);
            prop_assert_eq!(parts[1], trace.id());
            // The next gateway continues the same trace with the same flags.
            headers.insert(name, HeaderValue::from_str(&text).unwrap());
            let next = Trace::go_on_or_begin(&headers, (0, 1));
            prop_assert_eq!(next.id(), trace.id());
            prop_assert_eq!(&next.traceparent()[53..], &trace.traceparent()[53..]);
        }
    }
}
