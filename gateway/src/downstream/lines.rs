//! Where a head ends, found as its bytes come in and looking at each of them once.
//!
//! Only CRLF ends a line here. RFC 9112 §2.2 lets a recipient take a bare LF for it, and parsers differ in whether
//! they do: that is what request smuggling lives on.

use super::refusal::Refusal;
use crate::limits::Limits;

/// What a request line holds beside its target: a method, the version, two spaces and CRLF.
const BESIDE_TARGET: u64 = 64;

/// How far a head has been read. Positions count from its first byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Lines {
    scanned: usize,
    /// Where the line begins that is being read.
    line: usize,
    /// Where the fields begin, once the request line is whole.
    fields: Option<usize>,
}

impl Lines {
    /// Goes on through `bytes`, which begin with the head's first byte. Gives where the head ends, empty line
    /// included, once it does.
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
                None => self.fields = Some(self.scanned),
            }
        }
        self.scanned = bytes.len();
        self.judge_unfinished(bytes, limits)?;
        Ok(None)
    }

    /// A head that cannot become acceptable is refused before it is whole.
    fn judge_unfinished(&self, bytes: &[u8], limits: &Limits) -> Result<(), Refusal> {
        if let Some(fields) = self.fields {
            return over(bytes.len() - fields, limits.head, Refusal::HeadTooLarge);
        }
        // Such as the first byte of TLS.
        if bytes
            .first()
            .is_some_and(|first| first.is_ascii_control() && *first != b'\r')
        {
            return Err(Refusal::Malformed("no request line"));
        }
        over(
            bytes.len() - self.line,
            limits.uri + BESIDE_TARGET,
            Refusal::UriTooLong,
        )
    }
}

fn over(length: usize, limit: u64, refusal: Refusal) -> Result<(), Refusal> {
    if length as u64 > limit {
        return Err(refusal);
    }
    Ok(())
}
