//! Where a chunked body ends (RFC 9112 §7.1), and whether it is one: sizes are digits, lines end in CRLF, and what
//! nobody reads (extensions, trailers) is bounded.

/// 16 hexadecimal digits are what 64 bits hold.
const MOST_DIGITS: u8 = 16;

/// An extension line or a field of the trailers, as long as a usual server takes a line for.
const LONGEST_LINE: u16 = 4096;

/// All extensions, or all trailers, of one body.
const MOST_UNREAD: u32 = 16 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chunks {
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
    /// The line after the last chunk, or after a trailer.
    Trailer {
        length: u16,
    },
    TrailerLf {
        length: u16,
    },
}

/// What of some bytes belongs to the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// All, and there is more to come.
    All,
    /// So many, and the body is whole.
    Whole(usize),
    /// So many; the next one has no place there.
    Broken(usize),
}

const SIZE: State = State::Size { size: 0, digits: 0 };

impl Chunks {
    pub(super) fn new() -> Self {
        Self {
            state: SIZE,
            allowance: MOST_UNREAD,
        }
    }

    pub(super) fn take(&mut self, bytes: &[u8]) -> Taken {
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            if let State::Data { left } = self.state {
                let here = left.min((bytes.len() - at) as u64);
                at += usize::try_from(here).unwrap_or(bytes.len() - at);
                self.state = if left == here {
                    State::DataCr
                } else {
                    State::Data { left: left - here }
                };
                continue;
            }
            match self.step(*byte) {
                Some(Step::On(state)) => self.state = state,
                Some(Step::End) => return Taken::Whole(at + 1),
                None => return Taken::Broken(at),
            }
            at += 1;
        }
        Taken::All
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
            (State::SizeLf { size: 0 }, b'\n') => State::Trailer { length: 0 },
            (State::SizeLf { size }, b'\n') => State::Data { left: size },
            (State::DataCr, b'\r') => State::DataLf,
            (State::DataLf, b'\n') => SIZE,
            (State::Trailer { length }, b'\r') => State::TrailerLf { length },
            (State::Trailer { length }, _) if is_field_byte(byte) => State::Trailer {
                length: self.unread(length)?,
            },
            (State::TrailerLf { length: 0 }, b'\n') => return Some(Step::End),
            (State::TrailerLf { .. }, b'\n') => State::Trailer { length: 0 },
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

/// What a field's line may hold (RFC 9110 §5.5).
fn is_field_byte(byte: u8) -> bool {
    byte == b'\t' || !byte.is_ascii_control()
}
