//! A span as it is kept: checked, and cut to sizes that anyone may send.

use service_kit::trace::otlp;

pub(super) type TraceId = [u8; 16];
pub(super) type SpanId = [u8; 8];

/// The most characters of a name, and of a value. As many as this project's programs send.
const LONGEST: usize = 256;

/// The most characters of the name of an attribute, which programs choose and strangers do not.
const LONGEST_KEY: usize = 64;

/// The most attributes of a span. Those of HTTP have about ten.
const MOST_ATTRIBUTES: usize = 24;

/// What a block of memory costs beside its content.
const ALLOCATION: usize = 16;

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Span {
    pub(super) trace: TraceId,
    pub(super) id: SpanId,
    pub(super) parent: Option<SpanId>,
    pub(super) service: Box<str>,
    pub(super) name: Box<str>,
    pub(super) kind: &'static str,
    /// In nanoseconds since 1970.
    pub(super) began: u64,
    pub(super) took: u64,
    pub(super) is_error: bool,
    pub(super) attributes: Box<[(Box<str>, Value)]>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Text(Box<str>),
    Number(i64),
}

impl Span {
    /// `None` without the ids that a span must have.
    pub(super) fn of(service: &str, sent: otlp::Span) -> Option<Self> {
        let is_id = |bytes: &[u8]| bytes.iter().any(|byte| *byte != 0);
        let trace = sent.trace_id.as_slice().try_into().ok();
        let id = sent.span_id.as_slice().try_into().ok();
        let parent = sent.parent_span_id.as_slice().try_into().ok();
        let attributes = sent.attributes.into_iter().take(MOST_ATTRIBUTES);
        let attributes = attributes.filter_map(|pair| {
            let value = match pair.value?.value? {
                otlp::Value::Text(text) => Value::Text(cut(&text, LONGEST)),
                otlp::Value::Number(number) => Value::Number(number),
            };
            Some((cut(&pair.key, LONGEST_KEY), value))
        });
        Some(Self {
            trace: trace.filter(|id: &TraceId| is_id(id))?,
            id: id.filter(|id: &SpanId| is_id(id))?,
            parent: parent.filter(|id: &SpanId| is_id(id)),
            service: cut(service, LONGEST_KEY),
            name: cut(&sent.name, LONGEST),
            kind: kind(sent.kind),
            began: sent.start_time_unix_nano,
            took: (sent.end_time_unix_nano).saturating_sub(sent.start_time_unix_nano),
            is_error: sent.status.is_some_and(|status| status.code == otlp::ERROR),
            attributes: attributes.collect(),
        })
    }

    /// About how much memory it takes.
    pub(super) fn bytes(&self) -> usize {
        let text = |text: &str| text.len() + ALLOCATION;
        let attributes = self.attributes.iter().map(|(key, value)| {
            let value = match value {
                Value::Text(value) => text(value),
                Value::Number(_) => 0,
            };
            size_of::<(Box<str>, Value)>() + text(key) + value
        });
        let texts = text(&self.service) + text(&self.name) + ALLOCATION;
        size_of::<Self>() + texts + attributes.sum::<usize>()
    }
}

/// The role by its number in OTLP.
fn kind(number: i32) -> &'static str {
    match number {
        2 => "server",
        3 => "client",
        4 => "producer",
        5 => "consumer",
        _ => "internal",
    }
}

fn cut(text: &str, longest: usize) -> Box<str> {
    let end = text.char_indices().nth(longest);
    let end = end.map_or(text.len(), |(at, _)| at);
    text.get(..end).unwrap_or_default().into()
}

/// The id that these hexadecimal digits write.
pub(super) fn id(digits: &str) -> Option<TraceId> {
    let mut id = TraceId::default();
    hex::decode_to_slice(digits, &mut id).ok()?;
    Some(id)
}

#[cfg(test)]
mod tests {
    use service_kit::trace::otlp;

    use super::{LONGEST, LONGEST_KEY, MOST_ATTRIBUTES, Span, Value, id};

    fn sent(trace: &[u8], span: &[u8], parent: &[u8]) -> otlp::Span {
        otlp::Span {
            trace_id: trace.to_vec(),
            span_id: span.to_vec(),
            parent_span_id: parent.to_vec(),
            start_time_unix_nano: 5,
            end_time_unix_nano: 3,
            ..otlp::Span::default()
        }
    }

    #[test]
    fn a_span_without_its_ids_is_none() {
        let (trace, span) = ([1; 16], [2; 8]);
        let known = Span::of("orders", sent(&trace, &span, &[3; 8])).unwrap();
        assert_eq!((known.trace, known.id), (trace, span));
        assert_eq!(known.parent, Some([3; 8]));
        for (trace, span) in [
            (&[][..], &span[..]),
            (&[0; 16], &span),
            (&[1; 15], &span),
            (&[1; 17], &span),
            (&trace, &[]),
            (&trace, &[0; 8]),
            (&trace, &[2; 9]),
        ] {
            assert_eq!(Span::of("orders", sent(trace, span, &[])), None);
        }
        for parent in [&[][..], &[0; 8], &[3; 7]] {
            let first = Span::of("orders", sent(&trace, &span, parent)).unwrap();
            assert_eq!(first.parent, None);
        }
    }

    #[test]
    fn a_span_that_ends_before_it_begins_takes_no_time() {
        let span = Span::of("orders", sent(&[1; 16], &[2; 8], &[])).unwrap();
        assert_eq!((span.began, span.took), (5, 0));
    }

    #[test]
    fn what_anyone_may_send_is_cut() {
        let long = "é".repeat(1000);
        let mut span = sent(&[1; 16], &[2; 8], &[]);
        span.name.clone_from(&long);
        let value = otlp::AnyValue {
            value: Some(otlp::Value::Text(long.clone())),
        };
        span.attributes = vec![
            otlp::KeyValue {
                key: long.clone(),
                value: Some(value),
            };
            100
        ];
        let span = Span::of(&long, span).unwrap();
        let of = |most| "é".repeat(most).into_boxed_str();
        assert_eq!(
            (span.name.clone(), span.service.clone()),
            (of(LONGEST), of(LONGEST_KEY))
        );
        let attribute = (of(LONGEST_KEY), Value::Text(of(LONGEST)));
        assert_eq!(*span.attributes, *vec![attribute; MOST_ATTRIBUTES]);
        assert!(span.bytes() < 30_000, "{}", span.bytes());
    }

    #[test]
    fn an_id_is_thirty_two_digits() {
        assert_eq!(id(&"0a".repeat(16)), Some([10; 16]));
        for text in ["", "0a", &"0a".repeat(17), &"0g".repeat(16)] {
            assert_eq!(id(text), None, "{text}");
        }
    }
}
