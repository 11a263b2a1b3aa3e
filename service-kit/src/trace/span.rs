//! A span: a piece of work within a trace, with its beginning and its end.

use std::borrow::Cow;
use std::time::{Duration, Instant, SystemTime};

use super::traceparent::{LENGTH, Received, SpanId, TraceId, compose, hex};
use super::tracer::Tracer;

/// The most characters of an attribute. Paths come from strangers.
const LONGEST: usize = 256;

/// The role of a span, with its number in OTLP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Work within the process.
    Internal = 1,
    /// The answer to a request.
    Server = 2,
    /// A request, and the wait for its answer.
    Client = 3,
    /// A message that is stored for its recipients.
    Producer = 4,
    /// The processing of a message.
    Consumer = 5,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Text(Cow<'static, str>),
    Number(i64),
}

impl From<&'static str> for Value {
    fn from(text: &'static str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<u16> for Value {
    fn from(number: u16) -> Self {
        Self::Number(number.into())
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl Value {
    /// A copy of a text, cut to a length that a span may have.
    #[must_use]
    pub fn copy(text: &str) -> Self {
        let end = text
            .char_indices()
            .nth(LONGEST)
            .map_or(text.len(), |at| at.0);
        Self::Text(text.get(..end).unwrap_or_default().to_owned().into())
    }
}

/// A span that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    pub(super) trace_id: TraceId,
    pub(super) id: SpanId,
    pub(super) flags: u8,
    pub(super) parent: Option<SpanId>,
    pub(super) kind: Kind,
    pub(super) name: Cow<'static, str>,
    pub(super) started: SystemTime,
    /// The wall clock may be set meanwhile, so this is measured by the monotonic one.
    pub(super) took: Duration,
    pub(super) attributes: Vec<(&'static str, Value)>,
    pub(super) is_error: bool,
}

/// A span under way. It ends, and is recorded, when it is dropped.
#[derive(Debug)]
pub struct OpenSpan {
    tracer: Tracer,
    began: Instant,
    /// `None` once it has ended. Boxed: it is carried through futures, and most have none.
    span: Option<Box<Span>>,
}

impl OpenSpan {
    /// Begins the span `id` of a sampled trace.
    #[must_use]
    pub fn begin(
        tracer: &Tracer,
        (trace_id, flags): (&TraceId, u8),
        (id, parent): (SpanId, Option<SpanId>),
        kind: Kind,
    ) -> Self {
        Self {
            tracer: tracer.clone(),
            began: Instant::now(),
            span: Some(Box::new(Span {
                trace_id: *trace_id,
                id,
                flags,
                parent,
                kind,
                name: Cow::Borrowed(""),
                started: SystemTime::now(),
                took: Duration::ZERO,
                attributes: Vec::with_capacity(8),
                is_error: false,
            })),
        }
    }

    /// Begins a span within the one that `traceparent` names.
    #[must_use]
    pub fn within(tracer: &Tracer, received: &Received<'_>, kind: Kind) -> Self {
        let trace = (received.trace_id, received.flags);
        let ids = (fresh_id(), Some(*received.parent_id));
        Self::begin(tracer, trace, ids, kind)
    }

    /// Begins a span within this one.
    #[must_use]
    pub fn child(&self, kind: Kind) -> Option<Self> {
        let span = self.span.as_deref()?;
        let trace = (&span.trace_id, span.flags);
        let ids = (fresh_id(), Some(span.id));
        Some(Self::begin(&self.tracer, trace, ids, kind))
    }

    pub fn name(&mut self, name: impl Into<Cow<'static, str>>) {
        if let Some(span) = &mut self.span {
            span.name = name.into();
        }
    }

    /// Sets an attribute. The last value counts.
    pub fn set(&mut self, name: &'static str, value: impl Into<Value>) {
        if let Some(span) = &mut self.span {
            span.attributes.retain(|(known, _)| *known != name);
            span.attributes.push((name, value.into()));
        }
    }

    /// Names the server that is asked, by its `Host`.
    pub fn set_server(&mut self, host: &str) {
        let parts = host.rsplit_once(':');
        let parts = parts.and_then(|(name, port)| Some((name, port.parse::<u16>().ok()?)));
        // A bare IPv6 address has colons too, but stands in brackets here (RFC 3986 §3.2.2).
        let name = parts.map_or(host, |(name, port)| {
            self.set("server.port", port);
            name
        });
        self.set("server.address", Value::copy(name.trim_matches(['[', ']'])));
    }

    /// Marks the work as failed. `error` is one of few: a status or a code.
    pub fn fail(&mut self, error: impl Into<Value>) {
        self.set("error.type", error);
        if let Some(span) = &mut self.span {
            span.is_error = true;
        }
    }

    /// The field that makes the receiver's spans part of this one.
    #[must_use]
    pub fn traceparent(&self) -> Option<[u8; LENGTH]> {
        let span = self.span.as_deref()?;
        Some(compose(&span.trace_id, &span.id, span.flags))
    }

    #[must_use]
    pub fn tracer(&self) -> &Tracer {
        &self.tracer
    }

    /// Forgets it, as if it had not begun.
    pub fn discard(&mut self) {
        self.span = None;
    }
}

impl Drop for OpenSpan {
    fn drop(&mut self) {
        if let Some(mut span) = self.span.take() {
            span.took = self.began.elapsed();
            self.tracer.record(span);
        }
    }
}

/// An id for a span. Ids are no secrets, so any uniform generator will do (level 2).
pub(super) fn fresh_id() -> SpanId {
    id_of(rand::random())
}

/// The id of a random number. An id of zeros is invalid.
#[must_use]
pub fn id_of(random: u64) -> SpanId {
    hex(random.max(1).into())
}

/// The method for a span: one of few, however a client spells its own.
#[must_use]
pub fn method(sent: &str) -> &'static str {
    const KNOWN: [&str; 9] = [
        "GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS", "CONNECT", "TRACE",
    ];
    let known = KNOWN.into_iter().find(|known| *known == sent);
    known.unwrap_or("_OTHER")
}

#[cfg(test)]
mod tests {
    use super::{Value, method};

    #[test]
    fn a_long_text_is_cut_between_two_characters() {
        assert_eq!(Value::copy("/menu"), Value::from("/menu"));
        let Value::Text(text) = Value::copy(&"é".repeat(1000)) else {
            unreachable!()
        };
        assert_eq!(text, "é".repeat(256));
    }

    #[test]
    fn a_method_that_nobody_knows_is_other() {
        assert_eq!(method("PATCH"), "PATCH");
        assert_eq!(method("BREW"), "_OTHER");
        assert_eq!(method("get"), "_OTHER");
    }
}
