//! Finds the end of a chunked body (RFC 9112 §7.1) and checks its framing: sizes are digits, lines
//! end in CRLF. Extensions and trailers, which nobody reads, are bounded.

use crate::http::grammar::is_token_byte;

/// 64 bits are 16 hexadecimal digits.
const MOST_DIGITS: u8 = 16;

/// The longest extension line or trailer field: common servers take a line as long.
const LONGEST_LINE: u16 = 4096;

/// Bytes of extensions and trailers that one body may have.
const MOST_UNREAD: u32 = 16 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chunks {
    state: State,
    /// Bytes of extensions and trailers that may still come.
    allowance: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Size {
        size: u64,
        digits: u8,
    },
    /// Whitespace before an extension.
    Blank {
        size: u64,
    },
    /// From the semicolon to the end of the line.
    Extension {
        size: u64,
        length: u16,
    },
    SizeLf {
        size: u64,
    },
    Data {
        left: u64,
    },
    DataCr,
    DataLf,
    /// The start of a line after the last chunk: the empty line that ends the body, or a field's
    /// name.
    TrailerName {
        length: u16,
    },
    TrailerValue {
        length: u16,
    },
    TrailerLf,
    EndLf,
}

/// How many of the given bytes belong to the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// All of them, and more are to come.
    All,
    /// This many; the body is complete.
    Whole(usize),
    /// This many; the next byte breaks the framing.
    Broken(usize),
}

/// The next run of bytes of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Run {
    /// This many bytes of content.
    Data(usize),
    /// This many bytes of framing.
    Frame(usize),
    /// This many bytes of framing; the body is complete.
    End(usize),
    /// This many bytes; the next one breaks the framing.
    Broken(usize),
}

const SIZE: State = State::Size { size: 0, digits: 0 };

const TRAILER: State = State::TrailerName { length: 0 };

impl Chunks {
    pub(crate) fn new() -> Self {
        Self {
            state: SIZE,
            allowance: MOST_UNREAD,
        }
    }

    pub(crate) fn take(&mut self, bytes: &[u8]) -> Taken {
        let mut at = 0;
        while at < bytes.len() {
            match self.next(bytes.get(at..).unwrap_or_default()) {
                Run::Data(count) | Run::Frame(count) => at += count,
                Run::End(count) => return Taken::Whole(at + count),
                Run::Broken(count) => return Taken::Broken(at + count),
            }
        }
        Taken::All
    }

    /// Says what `bytes` begin with.
    pub(crate) fn next(&mut self, bytes: &[u8]) -> Run {
        if let State::Data { left } = self.state {
            let here = left.min(bytes.len() as u64);
            self.state = if left == here {
                State::DataCr
            } else {
                State::Data { left: left - here }
            };
            return Run::Data(usize::try_from(here).unwrap_or(bytes.len()));
        }
        for (at, byte) in bytes.iter().enumerate() {
            match self.step(*byte) {
                Some(Step::On(state)) => self.state = state,
                Some(Step::End) => return Run::End(at + 1),
                None => return Run::Broken(at),
            }
            if matches!(self.state, State::Data { .. }) {
                return Run::Frame(at + 1);
            }
        }
        Run::Frame(bytes.len())
    }

    fn step(&mut self, byte: u8) -> Option<Step> {
        let next = match (self.state, byte) {
            (State::Size { size, digits }, _)
                if byte.is_ascii_hexdigit() && digits < MOST_DIGITS =>
            {
                let digit = char::from(byte).to_digit(16)?;
                State::Size {
                    size: (size << 4) | u64::from(digit),
                    digits: digits + 1,
                }
            }
            (State::Size { digits: 0, .. }, _) => return None,
            (State::Size { size, .. } | State::Extension { size, .. }, b'\r') => {
                State::SizeLf { size }
            }
            (State::Size { size, .. } | State::Blank { size }, b';') => {
                State::Extension { size, length: 0 }
            }
            (State::Size { size, .. } | State::Blank { size }, b' ' | b'\t') => {
                self.unread(0)?;
                State::Blank { size }
            }
            (State::Extension { size, length }, _) if is_field_byte(byte) => State::Extension {
                size,
                length: self.unread(length)?,
            },
            (State::SizeLf { size: 0 } | State::TrailerLf, b'\n') => TRAILER,
            (State::SizeLf { size }, b'\n') => State::Data { left: size },
            (State::DataCr, b'\r') => State::DataLf,
            (State::DataLf, b'\n') => SIZE,
            (TRAILER, b'\r') => State::EndLf,
            (State::EndLf, b'\n') => return Some(Step::End),
            (State::TrailerName { length }, _) if is_token_byte(byte) => State::TrailerName {
                length: self.unread(length)?,
            },
            (State::TrailerName { length: 1.. }, b':') => State::TrailerValue { length: 0 },
            (State::TrailerValue { .. }, b'\r') => State::TrailerLf,
            (State::TrailerValue { length }, _) if is_field_byte(byte) => State::TrailerValue {
                length: self.unread(length)?,
            },
            _ => return None,
        };
        Some(Step::On(next))
    }

    fn unread(&mut self, length: u16) -> Option<u16> {
        self.allowance = self.allowance.checked_sub(1)?;
        (length < LONGEST_LINE).then_some(length + 1)
    }
}

enum Step {
    On(State),
    End,
}

/// The bytes that a field's value may hold (RFC 9110 §5.5).
fn is_field_byte(byte: u8) -> bool {
    byte == b'\t' || !byte.is_ascii_control()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Chunks, Taken};

    fn take(body: &str) -> Taken {
        Chunks::new().take(body.as_bytes())
    }

    #[test]
    fn a_body_ends_after_its_last_chunk_and_trailers_whatever_follows() {
        for body in [
            "0\r\n\r\n",
            "5\r\nhello\r\n0\r\n\r\n",
            "005\r\nhello\r\n000\r\n\r\n",
            "A\r\n0123456789\r\n0\r\n\r\n",
            "5;name=\"value\"\r\nhello\r\n0;x\r\n\r\n",
            "5 ;x\r\nhello\r\n0\r\n\r\n",
            "1\r\nx\r\n0\r\nx-sum: 1\r\nx-other: 2\r\n\r\n",
        ] {
            assert_eq!(take(body), Taken::Whole(body.len()), "{body:?}");
            assert_eq!(
                take(&format!("{body}GET /")),
                Taken::Whole(body.len()),
                "{body:?}"
            );
        }
    }

    #[test]
    fn a_malformed_body_breaks_at_its_first_wrong_byte() {
        for (good, bad) in [
            ("", "x\r\n"),
            ("", "\r\n"),
            ("", "-5\r\n"),
            ("", "+5\r\n"),
            ("", " 5\r\n"),
            ("0", "x5\r\n"),
            ("5", "\nhello"),
            ("5\r", "hello"),
            ("5 ", "x\r\n"),
            ("5 ", "\r\n"),
            ("5;a", "\0\r\n"),
            ("5;a", "\n"),
            ("5\r\nhello", "\n0\r\n\r\n"),
            ("5\r\nhello", "!\r\n0\r\n\r\n"),
            ("5\r\nhello\r", "0\r\n\r\n"),
            ("5\r\nhello\r\n", "\r\n"),
            ("0\r\n", "\n"),
            ("0\r\nx", " a: y\r\n\r\n"),
            ("0\r\nx", "\r\n\r\n"),
            ("0\r\n", ": y\r\n\r\n"),
            ("0\r\nx: y", "\n\r\n"),
            ("0\r\nx: y\r", "\r\n"),
            ("0000000000000005", "0\r\n"),
        ] {
            assert_eq!(
                take(&format!("{good}{bad}")),
                Taken::Broken(good.len()),
                "{good:?} {bad:?}"
            );
        }
    }

    #[test]
    fn extensions_and_trailers_are_bounded() {
        let long = "x".repeat(5000);
        let many = "x: y\r\n".repeat(10_000);
        for body in [
            format!("5;{long}"),
            format!("0\r\n{long}"),
            format!("0\r\n{many}"),
        ] {
            assert!(matches!(take(&body), Taken::Broken(_)));
        }
    }

    proptest! {
        #[test]
        fn a_body_is_read_alike_however_it_is_cut(
            chunks in prop::collection::vec("[a-z\r\n]{1,40}", 0..6),
            cuts in prop::collection::vec(1..30_usize, 0..20),
        ) {
            let mut body: String =
                chunks.iter().map(|chunk| format!("{:x}\r\n{chunk}\r\n", chunk.len())).collect();
            body.push_str("0\r\n\r\n");
            let (mut state, mut rest) = (Chunks::new(), body.as_bytes());
            for cut in cuts {
                if cut >= rest.len() {
                    break;
                }
                prop_assert_eq!(state.take(&rest[..cut]), Taken::All);
                rest = &rest[cut..];
            }
            prop_assert_eq!(state.take(rest), Taken::Whole(rest.len()));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Chunks::new().take(&bytes);
        }
    }
}
