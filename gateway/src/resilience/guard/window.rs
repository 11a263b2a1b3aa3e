//! Counts the latest requests and failures in a ring of buckets, each for a tenth of the window.
//!
//! A bucket is one word, so that counting is one compare-and-swap. An outdated bucket starts from
//! zero when something is counted in it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const BUCKETS: usize = 10;

#[derive(Debug)]
pub(super) struct Window {
    buckets: [AtomicU64; BUCKETS],
    began: Instant,
    /// Microseconds of a bucket. One word of microseconds lasts half a million years, and a
    /// division of two words costs much more.
    bucket: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) requests: u32,
    pub(super) failures: u32,
}

/// 24 bits of tick, 20 of failures, 20 of requests. A tick returns after 2^24 tenths of the window;
/// by then one stale bucket hardly matters. Counts stop at 20 bits: a million requests within a
/// tenth of the window are evidence enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Bucket {
    tick: u32,
    seen: Seen,
}

const TICKS: u64 = 1 << 24;
const MOST: u32 = (1 << 20) - 1;

impl Window {
    pub(super) fn new(length: Duration, now: Instant) -> Self {
        Self {
            buckets: [const { AtomicU64::new(0) }; BUCKETS],
            began: now,
            bucket: micros(length / BUCKETS as u32).max(1000),
        }
    }

    pub(super) fn count(&self, now: Instant, failed: bool) {
        let (tick, index) = self.tick(now);
        let Some(bucket) = self.buckets.get(index) else {
            return;
        };
        // Fails only if the closure returns `None`.
        let _ = bucket.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |word| {
            Some(Bucket::of(word).counting(tick, failed).word())
        });
    }

    pub(super) fn sum(&self, now: Instant) -> Seen {
        let (tick, _) = self.tick(now);
        let mut sum = Seen::default();
        for bucket in &self.buckets {
            let bucket = Bucket::of(bucket.load(Ordering::Relaxed));
            let age = u64::from(tick).wrapping_sub(bucket.tick.into()) % TICKS;
            if age < BUCKETS as u64 {
                sum.requests = sum.requests.saturating_add(bucket.seen.requests);
                sum.failures = sum.failures.saturating_add(bucket.seen.failures);
            }
        }
        sum
    }

    /// The counts of the current tenth.
    pub(super) fn latest(&self, now: Instant) -> Seen {
        let (tick, index) = self.tick(now);
        let bucket = self.buckets.get(index);
        let bucket = bucket.map(|bucket| Bucket::of(bucket.load(Ordering::Relaxed)));
        bucket
            .filter(|bucket| bucket.tick == tick)
            .map(|bucket| bucket.seen)
            .unwrap_or_default()
    }

    pub(super) fn clear(&self, now: Instant) {
        let (tick, _) = self.tick(now);
        let seen = Seen::default();
        for bucket in &self.buckets {
            bucket.store(Bucket { tick, seen }.word(), Ordering::Relaxed);
        }
    }

    fn tick(&self, now: Instant) -> (u32, usize) {
        let ticks = micros(now.saturating_duration_since(self.began)) / self.bucket;
        let index = ticks % BUCKETS as u64;
        ((ticks % TICKS) as u32, index as usize)
    }
}

fn micros(duration: Duration) -> u64 {
    duration.as_micros() as u64
}

impl Bucket {
    fn of(word: u64) -> Self {
        Self {
            tick: (word >> 40) as u32,
            seen: Seen {
                failures: (word >> 20) as u32 & MOST,
                requests: word as u32 & MOST,
            },
        }
    }

    fn word(self) -> u64 {
        u64::from(self.tick) << 40
            | u64::from(self.seen.failures) << 20
            | u64::from(self.seen.requests)
    }

    fn counting(self, tick: u32, failed: bool) -> Self {
        let seen = if self.tick == tick {
            self.seen
        } else {
            Seen::default()
        };
        let seen = if seen.requests < MOST {
            Seen {
                requests: seen.requests + 1,
                failures: seen.failures + u32::from(failed),
            }
        } else {
            seen
        };
        Self { tick, seen }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use proptest::prelude::*;

    use super::{Bucket, MOST, Seen, Window};

    const LENGTH: Duration = Duration::from_secs(10);

    #[test]
    fn requests_older_than_the_window_are_not_counted() {
        let now = Instant::now();
        let window = Window::new(LENGTH, now);
        window.count(now, true);
        window.count(now + LENGTH / 2, false);
        let seen = |requests, failures| Seen { requests, failures };
        assert_eq!(window.sum(now + LENGTH * 9 / 10), seen(2, 1));
        assert_eq!(window.sum(now + LENGTH), seen(1, 0));
        assert_eq!(window.sum(now + LENGTH * 2), seen(0, 0));
    }

    #[test]
    fn a_cleared_window_has_seen_nothing() {
        let now = Instant::now();
        let window = Window::new(LENGTH, now);
        window.count(now, true);
        window.clear(now);
        assert_eq!(window.sum(now), Seen::default());
    }

    #[test]
    fn a_full_bucket_counts_no_more() {
        let full = Bucket {
            tick: 7,
            seen: Seen {
                requests: MOST,
                failures: 1,
            },
        };
        assert_eq!(full.counting(7, true), full);
    }

    proptest! {
        #[test]
        fn a_bucket_is_read_back_from_its_word(tick in 0..1_u32 << 24, requests in 0..=MOST, failures in 0..=MOST) {
            let bucket = Bucket { tick, seen: Seen { requests, failures } };
            prop_assert_eq!(Bucket::of(bucket.word()), bucket);
        }

        /// The window counts exactly what a list of the times would show, except for the bucket
        /// that is half over.
        #[test]
        fn the_window_counts_the_latest_requests(steps in prop::collection::vec((0..2_000_u64, any::<bool>()), 1..100)) {
            let began = Instant::now();
            let window = Window::new(LENGTH, began);
            let mut now = began;
            let mut all = Vec::new();
            for (millis, failed) in steps {
                now += Duration::from_millis(millis);
                window.count(now, failed);
                all.push((now, failed));
            }
            let since = |age: Duration| {
                all.iter().filter(|(at, failed)| *failed && now - *at < age).count() as u32
            };
            let seen = window.sum(now).failures;
            prop_assert!(since(LENGTH - LENGTH / 10) <= seen && seen <= since(LENGTH));
        }
    }
}
