//! The trace that a request belongs to (W3C Trace Context).
//!
//! Without a collector, a service logs the trace id and passes `traceparent` on unchanged (§4.3), so
//! that one id finds everything about an order. With a collector ([`Settings`]), it also records
//! spans: each piece of work takes part under an id of its own, which is the parent of what it
//! causes, here or in another process.
//!
//! 1. `traceparent` is the syntax.
//! 2. `settings` and `recording` read the standard variables, and `sampler` decides which traces are
//!    recorded.
//! 3. `span` is a piece of work, `tracer` the queue of those that have ended.
//! 4. `exporter` sends them in batches, as `otlp` spells and reads them, or hands them over within the
//!    process, and `exposition` counts them.
//!
//! `opentelemetry-otlp` was rejected: it brings the whole SDK, a second HTTP client or a thread, and
//! a second version of `rand`.

mod exporter;
mod exposition;
pub mod otlp;
mod recording;
mod sampler;
mod settings;
mod span;
pub mod traceparent;
mod tracer;

use std::future::Future;
use std::rc::Rc;
use std::sync::{Arc, OnceLock};

use actix_web::http::header::HeaderMap;

pub use exporter::{Exporter, Receive, start, start_within};
pub use exposition::expose;
pub use recording::Recording;
pub use settings::Settings;
pub use span::{Kind, OpenSpan, Value, id_of, method};
use traceparent::{RANDOM, Received, SAMPLED, compose, hex, with_sampled};
pub use tracer::{Counts, Tracer};

tokio::task_local! {
    static CURRENT: Option<Trace>;
    static TRACING: Tracing;
}

/// A valid `traceparent`.
#[derive(Clone, Debug)]
pub struct Trace {
    text: Rc<str>,
    /// Only if its spans are recorded.
    tracer: Option<Tracer>,
}

/// The tracer of a server, once it has one.
#[derive(Clone, Debug, Default)]
pub struct Tracing(Arc<OnceLock<Tracer>>);

impl Tracing {
    /// Only the first tracer counts.
    pub fn begin(&self, tracer: Tracer) {
        let _ = self.0.set(tracer);
    }

    #[must_use]
    pub fn tracer(&self) -> Option<&Tracer> {
        self.0.get()
    }

    /// The tracer of the server that runs this background work.
    #[must_use]
    pub fn current() -> Option<Tracer> {
        let found = TRACING.try_with(|tracing| tracing.tracer().cloned());
        found.ok().flatten()
    }

    /// Runs the background work of a server.
    pub async fn within<F: Future>(self, work: F) -> F::Output {
        TRACING.scope(self, work).await
    }
}

impl Trace {
    /// `None` when the request has no `traceparent`, or more than one.
    #[must_use]
    pub fn of(fields: &HeaderMap) -> Option<Self> {
        let value = traceparent::sent(fields)?;
        traceparent::parse(value.as_bytes())?;
        let text = value.to_str().ok()?.into();
        Some(Self { text, tracer: None })
    }

    /// Continues the trace that the request names, or begins one. The span is that of the answer,
    /// if the trace is recorded.
    #[must_use]
    pub fn recorded(fields: &HeaderMap, tracer: &Tracer) -> (Self, Option<OpenSpan>) {
        let sent = traceparent::sent(fields);
        let received = sent.and_then(|value| traceparent::parse(value.as_bytes()));
        let (trace_id, parent, sent_flags) = match received {
            Some(Received {
                trace_id,
                parent_id,
                flags,
            }) => (*trace_id, Some(*parent_id), flags & (SAMPLED | RANDOM)),
            None => (hex(rand::random::<u128>().max(1)), None, RANDOM),
        };
        let by_parent = parent.map(|_| sent_flags & SAMPLED != 0);
        let is_sampled = tracer.samples(&trace_id, by_parent);
        let flags = with_sampled(sent_flags, is_sampled);
        if is_sampled {
            let trace = (&trace_id, flags);
            let ids = (span::fresh_id(), parent);
            let span = OpenSpan::begin(tracer, trace, ids, Kind::Server);
            return (Self::under(&span), Some(span));
        }
        let id = parent.unwrap_or_else(span::fresh_id);
        let text = text(&compose(&trace_id, &id, flags));
        (Self { text, tracer: None }, None)
    }

    /// The trace, as the work within the span belongs to it.
    #[must_use]
    pub fn under(span: &OpenSpan) -> Self {
        Self {
            text: span
                .traceparent()
                .map_or_else(|| "".into(), |sent| text(&sent)),
            tracer: Some(span.tracer().clone()),
        }
    }

    /// The trace of the request that is being answered.
    #[must_use]
    pub fn current() -> Option<Self> {
        CURRENT.try_with(Clone::clone).ok().flatten()
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The id of the whole trace.
    #[must_use]
    pub fn id(&self) -> &str {
        self.text.get(3..35).unwrap_or("-")
    }

    /// Begins a span within it, if it is recorded.
    fn open(&self, kind: Kind) -> Option<OpenSpan> {
        let tracer = self.tracer.as_ref()?;
        let received = traceparent::parse(self.text.as_bytes())?;
        Some(OpenSpan::within(tracer, &received, kind))
    }
}

fn text(traceparent: &[u8]) -> Rc<str> {
    String::from_utf8_lossy(traceparent).into()
}

/// Begins a span of the current trace, if that is recorded.
#[must_use]
pub fn open(kind: Kind) -> Option<OpenSpan> {
    let open = CURRENT.try_with(|trace| trace.as_ref().and_then(|trace| trace.open(kind)));
    open.ok().flatten()
}

/// Begins a span of the trace that a stored message belongs to, if that is recorded. Whoever wrote
/// the message has decided so.
#[must_use]
pub fn open_stored(traceparent: &str, kind: Kind) -> Option<OpenSpan> {
    let tracer = Tracing::current()?;
    let received = traceparent::parse(traceparent.as_bytes())?;
    received
        .is_sampled()
        .then(|| OpenSpan::within(&tracer, &received, kind))
}

/// Runs `work` as a part of the trace.
pub async fn within<F: Future>(trace: Option<Trace>, work: F) -> F::Output {
    CURRENT.scope(trace, work).await
}

/// Runs `work` within a span of the current trace, if that is recorded. `describe` names the span.
pub async fn spanned<F: Future>(
    kind: Kind,
    describe: impl FnOnce(&mut OpenSpan),
    work: F,
) -> F::Output {
    let Some(mut span) = open(kind) else {
        return work.await;
    };
    describe(&mut span);
    within(Some(Trace::under(&span)), work).await
}

#[cfg(test)]
mod tests;
