//! Finds the end of a head while its bytes come in, looking at each byte once.
//!
//! Only CRLF ends a line here. RFC 9112 §2.2 lets a recipient accept a bare LF, and parsers differ:
//! request smuggling relies on that.

use crate::fault::refusal::Refusal;
use crate::settings::limits::Limits;

/// The bytes of a request line beside its target: a method, the version, two spaces and CRLF.
const BESIDE_TARGET: u64 = 64;

/// How far a head has been read. Positions count from its first byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Lines {
    scanned: usize,
    /// The beginning of the current line.
    line: usize,
    /// The beginning of the fields, once the request line is complete.
    fields: Option<usize>,
}

impl Lines {
    /// Reads on through `bytes`, which begin with the head's first byte. Returns the end of the
    /// head, empty line included, once it has come.
    pub(super) fn end(&mut self, bytes: &[u8], limits: &Limits) -> Result<Option<usize>, Refusal> {
        while let Some(found) = memchr::memchr(b'\n', bytes.get(self.scanned..).unwrap_or_default())
        {
            let feed = self.scanned + found;
            let line = bytes.get(self.line..feed).unwrap_or_default();
            let Some(line) = line.strip_suffix(b"\r") else {
                return Err(Refusal::Malformed("a line that ends in a bare LF"));
            };
            let begin = self.line;
            self.scanned = feed + 1;
            self.line = self.scanned;
            match self.fields {
                Some(fields) if line.is_empty() => {
                    over(self.scanned - fields, limits.head, Refusal::HeadTooLarge)?;
                    return Ok(Some(self.scanned));
                }
                Some(_) => {}
                // One empty line may come before a request (RFC 9112 §2.2).
                None if line.is_empty() && begin == 0 => {}
                None if line.is_empty() => {
                    return Err(Refusal::Malformed("empty lines before a request"));
                }
                None => {
                    // The same limit as for a line that comes in pieces.
                    over_line(feed - begin, limits)?;
                    self.fields = Some(self.scanned);
                }
            }
        }
        self.scanned = bytes.len();
        self.judge_unfinished(bytes, limits)?;
        Ok(None)
    }

    /// Refuses a head that cannot become valid before it is complete.
    fn judge_unfinished(&self, bytes: &[u8], limits: &Limits) -> Result<(), Refusal> {
        // For instance, the first byte of TLS.
        if bytes
            .first()
            .is_some_and(|first| first.is_ascii_control() && *first != b'\r')
        {
            return Err(Refusal::Malformed("no request line"));
        }
        if let Some(fields) = self.fields {
            return over(bytes.len() - fields, limits.head, Refusal::HeadTooLarge);
        }
        over_line(bytes.len() - self.line, limits)
    }
}

/// Checks a request line of `length` bytes, without its LF.
fn over_line(length: usize, limits: &Limits) -> Result<(), Refusal> {
    over(length, limits.uri + BESIDE_TARGET, Refusal::UriTooLong)
}

fn over(length: usize, limit: u64, refusal: Refusal) -> Result<(), Refusal> {
    if length as u64 > limit {
        return Err(refusal);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Lines, Refusal};
    use crate::settings::limits::Limits;

    fn end(head: &str) -> Result<Option<usize>, Refusal> {
        Lines::default().end(head.as_bytes(), &Limits::SMALL)
    }

    #[test]
    fn a_head_ends_with_its_empty_line_whatever_follows() {
        let head = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";
        assert_eq!(end(head), Ok(Some(head.len())));
        assert_eq!(end(&format!("{head}body\n\n")), Ok(Some(head.len())));
        assert_eq!(end(&format!("\r\n{head}")), Ok(Some(head.len() + 2)));
    }

    #[test]
    fn a_head_ends_at_the_same_place_however_it_is_cut() {
        let head = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";
        let mut lines = Lines::default();
        for length in 0..head.len() {
            assert_eq!(
                lines.end(&head.as_bytes()[..length], &Limits::SMALL),
                Ok(None)
            );
        }
        assert_eq!(
            lines.end(head.as_bytes(), &Limits::SMALL),
            Ok(Some(head.len()))
        );
    }

    #[test]
    fn an_impossible_head_is_refused_before_it_is_complete() {
        for bad in [
            "GET / HTTP/1.1\n",
            "\n",
            "\r\n\r\n",
            "\x16\x03\x01\x02",
            "GET / HTTP/1.1\r\nhost: x\n",
        ] {
            assert!(matches!(end(bad), Err(Refusal::Malformed(_))), "{bad:?}");
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_refused_when_it_comes_whole() {
        let method = "A".repeat(200);
        let head = format!("{method} / HTTP/1.1\r\nhost: x\r\n\r\n");
        assert_eq!(end(&head), Err(Refusal::UriTooLong));
    }

    #[test]
    fn a_head_that_is_too_long_is_refused_before_it_is_complete() {
        let target = "x".repeat(200);
        assert_eq!(end(&format!("GET /{target}")), Err(Refusal::UriTooLong));
        let fields = "x: y\r\n".repeat(100);
        let head = format!("GET / HTTP/1.1\r\n{fields}");
        assert_eq!(end(&head), Err(Refusal::HeadTooLarge));
        assert_eq!(end(&format!("{head}\r\n")), Err(Refusal::HeadTooLarge));
    }
}
