//! Finds the client's language and the asking page's origin behind the bytes that made a head too
//! large. A browser shows the refusal to the page only if the answer names the page's origin. So
//! the rest of the head is read for that, for a short while and without being kept.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::http::header::{ACCEPT_LANGUAGE, HeaderName, ORIGIN};
use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::Instant;

use crate::http::lazy_timer::LazyTimer;
use crate::http::transport::Transport;

/// The fields that the answer to a refused head depends on.
pub(crate) const HEARD: [HeaderName; 2] = [ACCEPT_LANGUAGE, ORIGIN];

/// How long to wait for the rest of a head: a client sends its head in one go.
const PATIENCE: Duration = Duration::from_secs(1);

/// The most bytes of the rest: twice the largest head that a common server takes.
const MOST: usize = 256 * 1024;

/// Longer lines hold nothing of interest.
const LONGEST_LINE: usize = 1024;

/// The rest of one head. It holds at most the line that is being read, and one line for each field.
pub(super) struct Hearing {
    line: Vec<u8>,
    heard: Vec<u8>,
    allowance: usize,
    is_over: bool,
    until: Instant,
    timer: LazyTimer,
}

impl Hearing {
    /// `head` is the part of the head that has come.
    pub(super) fn after(head: &[u8], now: Instant) -> Self {
        let mut hearing = Self {
            line: Vec::new(),
            heard: Vec::new(),
            allowance: MOST,
            is_over: false,
            until: now + PATIENCE,
            timer: LazyTimer::default(),
        };
        let line = memchr::memrchr(b'\n', head).map_or(0, |feed| feed + 1);
        hearing.take(head.get(line..).unwrap_or_default());
        hearing
    }

    /// The lines of the wanted fields.
    pub(super) fn heard(&self) -> &[u8] {
        &self.heard
    }

    /// Reads further bytes of the head.
    fn take(&mut self, bytes: &[u8]) {
        self.allowance = self.allowance.saturating_sub(bytes.len());
        self.is_over |= self.allowance == 0;
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            if self.is_over {
                return;
            }
            let room = LONGEST_LINE.saturating_sub(self.line.len());
            self.line
                .extend_from_slice(piece.get(..room).unwrap_or(piece));
            if piece.ends_with(b"\n") {
                self.end_line();
            }
        }
    }

    fn end_line(&mut self) {
        let is_whole = self.line.len() < LONGEST_LINE;
        if self.line.trim_ascii().is_empty() {
            self.is_over = true;
        } else if is_whole && self.heard.len() <= LONGEST_LINE && is_heard(&self.line) {
            self.heard.extend_from_slice(&self.line);
        }
        self.line.clear();
    }

    /// Ready once the head is complete, or has been read for long enough.
    pub(super) fn poll(
        &mut self,
        transport: &mut Transport,
        context: &mut Context<'_>,
    ) -> Poll<()> {
        while !self.is_over {
            let mut bytes = [0; 4096];
            let mut bytes = ReadBuf::new(&mut bytes);
            match Pin::new(&mut *transport).poll_read(context, &mut bytes) {
                Poll::Pending => return self.timer.poll_until(self.until, context),
                Poll::Ready(Ok(())) if !bytes.filled().is_empty() => self.take(bytes.filled()),
                Poll::Ready(_) => self.is_over = true,
            }
        }
        Poll::Ready(())
    }
}

fn is_heard(line: &[u8]) -> bool {
    let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
    let is = |wanted: &HeaderName| name.eq_ignore_ascii_case(wanted.as_str().as_bytes());
    HEARD.iter().any(is)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokio::time::Instant;

    use super::{Hearing, MOST};

    const HEAD: &str =
        "host: a\r\nOrigin: http://a\r\nx: y\r\naccept-language: en\r\n\r\norigin: http://b\r\n";

    fn heard(before: &str, pieces: &[&[u8]]) -> (String, bool) {
        let mut hearing = Hearing::after(before.as_bytes(), Instant::now());
        pieces.iter().for_each(|piece| hearing.take(piece));
        let heard = String::from_utf8(hearing.heard().to_vec()).unwrap();
        (heard, hearing.is_over)
    }

    proptest! {
        #[test]
        fn the_wanted_fields_are_found_however_the_head_is_cut(
            // A complete head is not read any further.
            first in 0..HEAD.find("\r\n\r\n").unwrap() + 4,
            second in 0..HEAD.len(),
        ) {
            let (first, second) = (first.min(second), first.max(second));
            let pieces = [&HEAD[..first], &HEAD[first..second], &HEAD[second..]];
            let expected = "Origin: http://a\r\naccept-language: en\r\n".to_owned();
            let target = format!("GET /{}", "x".repeat(5000));
            let [start, pieces @ ..] = pieces;
            for before in [format!("{target} HTTP/1.1\r\n{start}"), format!("{target}\r\n{start}")] {
                let found = heard(&before, &pieces.map(str::as_bytes));
                // The part that came before is in `head`.
                let rest = expected.lines().filter(|line| !before.contains(&format!("{line}\r\n")));
                let rest: String = rest.map(|line| format!("{line}\r\n")).collect();
                prop_assert_eq!(found.0, rest);
            }
        }
    }

    #[test]
    fn an_endless_head_is_read_only_so_far() {
        let lines = "x: 1\r\n".repeat(MOST / 6 + 1);
        assert_eq!(
            heard("GET / HTTP/1.1\r\n", &[lines.as_bytes()]),
            (String::new(), true)
        );
    }

    #[test]
    fn the_held_lines_are_bounded() {
        let long = format!("origin: {}\r\n", "x".repeat(5000));
        let many = "origin: http://a.example\r\n".repeat(5000);
        let (heard, _) = heard("GET / HTTP/1.1\r\n", &[long.as_bytes(), many.as_bytes()]);
        assert!(heard.len() < 2100, "{}", heard.len());
    }
}
