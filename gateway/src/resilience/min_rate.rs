//! `limits.min_rate`: how fast a client must send a body that is waited for, and take an answer
//! that waits for it. Does no I/O.
//!
//! Each client has an allowance of time:
//!
//! 1. It begins with `limits.stall_timeout`, and never holds more.
//! 2. Time spent waiting for the client is taken from it.
//! 3. Each byte that the client moves adds the time that a byte may take at the minimum rate.
//! 4. Once it is used up, the client is cut off.
//!
//! A client that moves nothing is therefore cut off after `stall_timeout`, one that moves too
//! little somewhat later, and one that keeps to the rate never. Time spent waiting for something
//! else costs nothing: an upstream that does not read, or events that have yet to happen. Counting
//! bytes in periods of fixed length was rejected: it would cut off a client for a pause between two
//! bursts, although its average is right.

use std::str::FromStr;
use std::time::Duration;

use bytesize::ByteSize;
use tokio::time::Instant;

const EXPECTED: &str = "expected bytes/period, such as 4KiB/10s";

/// Bytes per period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MinRate {
    bytes: u64,
    period: Duration,
}

impl MinRate {
    /// Both must be more than 0.
    pub(crate) const fn new(bytes: u64, period: Duration) -> Self {
        Self { bytes, period }
    }

    /// The bytes and the period.
    pub(crate) fn parts(self) -> (u64, Duration) {
        (self.bytes, self.period)
    }

    /// The time that `count` bytes may take, rounded up.
    fn time_for(self, count: u64) -> Duration {
        let nanos = self.period.as_nanos().saturating_mul(u128::from(count));
        let nanos = nanos.div_ceil(u128::from(self.bytes.max(1)));
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

/// Slower than any network that people use, and fast enough for a body of 64 KiB within three
/// minutes.
impl Default for MinRate {
    fn default() -> Self {
        Self::new(4 * 1024, Duration::from_secs(10))
    }
}

impl FromStr for MinRate {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (bytes, period) = text.split_once('/').ok_or(EXPECTED)?;
        let bytes: ByteSize = bytes.parse().ok().ok_or(EXPECTED)?;
        let period = humantime::parse_duration(period).ok().ok_or(EXPECTED)?;
        if bytes.as_u64() == 0 || period.is_zero() {
            return Err("expected at least one byte, and a period longer than 0");
        }
        Ok(Self::new(bytes.as_u64(), period))
    }
}

/// How long one client may still be waited for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Allowance {
    rate: MinRate,
    most: Duration,
    left: Duration,
    waiting_since: Option<Instant>,
}

impl Allowance {
    /// `most` is the time that it holds at the start, and at most.
    pub(crate) fn new(rate: MinRate, most: Duration) -> Self {
        Self {
            rate,
            most,
            left: most,
            waiting_since: None,
        }
    }

    /// Whether the client is not waited for and has lost no time: whatever it moves then changes
    /// nothing.
    pub(crate) fn is_untouched(&self) -> bool {
        self.waiting_since.is_none() && self.left == self.most
    }

    /// Begins to wait for the client, if it is not waited for already. Returns when to cut it off,
    /// unless something moves before.
    pub(crate) fn wait(&mut self, now: Instant) -> Instant {
        *self.waiting_since.get_or_insert(now) + self.left
    }

    /// Like [`Self::wait`], if nothing waited for the client before `since`.
    pub(crate) fn wait_since(&mut self, since: Instant) -> Instant {
        let since = self.waiting_since.map_or(since, |begun| begun.max(since));
        self.waiting_since = Some(since);
        since + self.left
    }

    /// Stops waiting for the client.
    pub(crate) fn rest(&mut self, now: Instant) {
        if let Some(since) = self.waiting_since.take() {
            self.left = self.left.saturating_sub(now.duration_since(since));
        }
    }

    /// Records `count` bytes moved by the client, which ends the wait for it. Returns whether they
    /// came in time.
    pub(crate) fn moved(&mut self, count: u64, now: Instant) -> bool {
        let is_in_time = self.deadline().is_none_or(|deadline| now <= deadline);
        self.rest(now);
        let earned = self.rate.time_for(count);
        self.left = self.left.saturating_add(earned).min(self.most);
        is_in_time
    }

    /// When to cut off the client, if it is waited for.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        Some(self.waiting_since? + self.left)
    }
}

#[cfg(test)]
mod tests;
