//! The syntax of `traceparent` (W3C Trace Context §3.2): `{version}-{trace id}-{parent
//! id}-{flags}`, each in lower-case hexadecimal digits.

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

pub const HEADER: HeaderName = HeaderName::from_static("traceparent");

/// The request's `traceparent`, unless it has none or more than one.
#[must_use]
pub fn sent(fields: &HeaderMap) -> Option<&HeaderValue> {
    let mut all = fields.get_all(HEADER);
    all.next().filter(|_first| all.next().is_none())
}

/// The length in bytes of a `traceparent` of version 00.
pub const LENGTH: usize = 55;

/// Hexadecimal digits.
pub type TraceId = [u8; 32];

/// Hexadecimal digits.
pub type SpanId = [u8; 16];

/// The flag of a trace that is recorded.
pub const SAMPLED: u8 = 0b01;

/// The flag of a trace id with at least 7 random bytes at its end (level 2).
pub const RANDOM: u8 = 0b10;

/// The flags with this decision about sampling.
#[must_use]
pub fn with_sampled(flags: u8, is_sampled: bool) -> u8 {
    if is_sampled {
        flags | SAMPLED
    } else {
        flags & !SAMPLED
    }
}

/// The parts of a received `traceparent`.
#[derive(Debug, PartialEq, Eq)]
pub struct Received<'a> {
    pub trace_id: &'a TraceId,
    pub parent_id: &'a SpanId,
    pub flags: u8,
}

impl Received<'_> {
    /// Whether its sender records the trace.
    #[must_use]
    pub fn is_sampled(&self) -> bool {
        self.flags & SAMPLED != 0
    }
}

/// A later version may append more, which is dropped; `ff` is not a version.
pub fn parse(value: &[u8]) -> Option<Received<'_>> {
    let (version, rest) = value.split_first_chunk::<2>()?;
    let (trace_id, rest) = rest.strip_prefix(b"-")?.split_first_chunk::<32>()?;
    let (parent_id, rest) = rest.strip_prefix(b"-")?.split_first_chunk::<16>()?;
    let (flags, more) = rest.strip_prefix(b"-")?.split_first_chunk::<2>()?;
    let is_whole = more.is_empty() || (version != b"00" && more.starts_with(b"-"));
    let is_valid = is_hex(version) && version != b"ff" && is_hex(flags);
    if !is_whole || !is_valid || !is_id(trace_id) || !is_id(parent_id) {
        return None;
    }
    let flags = u8::from_str_radix(std::str::from_utf8(flags).ok()?, 16).ok()?;
    Some(Received {
        trace_id,
        parent_id,
        flags,
    })
}

fn is_id(digits: &[u8]) -> bool {
    is_hex(digits) && digits.iter().any(|digit| *digit != b'0')
}

/// Lower case only.
fn is_hex(digits: &[u8]) -> bool {
    digits
        .iter()
        .all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
}

/// The last `N` hexadecimal digits.
pub fn hex<const N: usize>(number: u128) -> [u8; N] {
    let mut digits = [b'0'; N];
    let mut rest = number;
    for digit in digits.iter_mut().rev() {
        let value = (rest & 0xf) as u8;
        *digit = if value < 10 {
            b'0' + value
        } else {
            b'a' + value - 10
        };
        rest >>= 4;
    }
    digits
}

pub fn compose(trace_id: &TraceId, parent_id: &SpanId, flags: u8) -> [u8; LENGTH] {
    let mut text = [b'-'; LENGTH];
    text[..2].copy_from_slice(b"00");
    text[3..35].copy_from_slice(trace_id);
    text[36..52].copy_from_slice(parent_id);
    text[53..].copy_from_slice(&hex::<2>(flags.into()));
    text
}

#[cfg(test)]
mod tests {
    use super::{compose, hex, parse};

    const SENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const TRACE_ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    #[test]
    fn a_composed_traceparent_can_be_parsed() {
        let text = compose(&hex(0xabc), &hex(1), 0xff);
        let received = parse(&text).unwrap();
        assert_eq!((received.trace_id, received.flags), (&hex(0xabc), 0xff));
        assert_eq!(received.parent_id, &hex(1));
    }

    #[test]
    fn a_later_version_is_read_as_far_as_it_is_known() {
        let rest = SENT.strip_prefix("00").unwrap();
        for sent in [
            format!("cc{rest}"),
            format!("cc{rest}-what-comes"),
            format!("01{rest}-"),
        ] {
            assert_eq!(parse(sent.as_bytes()), parse(SENT.as_bytes()), "{sent}");
        }
        assert!(parse(SENT.as_bytes()).is_some());
    }

    #[test]
    fn a_traceparent_outside_of_the_grammar_is_not_read() {
        let rest = SENT.strip_prefix("00").unwrap();
        for bad in [
            "",
            "00",
            &format!("ff{rest}"),
            &format!("0g{rest}"),
            &format!("00{rest}-more"),
            &format!("00{rest}1"),
            &format!("cc{rest}.more"),
            &SENT.to_uppercase(),
            &SENT.replace(TRACE_ID, &"0".repeat(32)),
            &SENT.replace("00f067aa0ba902b7", &"0".repeat(16)),
            &SENT.replace("-01", "-0x"),
            &SENT.replace('-', "_"),
            &SENT[..54],
        ] {
            assert_eq!(parse(bad.as_bytes()), None, "{bad}");
        }
    }
}
