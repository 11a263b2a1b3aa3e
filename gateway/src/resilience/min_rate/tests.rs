//! Tests of how slowly a client may move bytes under the minimum rate.

use std::time::Duration;

use proptest::prelude::*;
use tokio::time::Instant;

use super::{Allowance, MinRate};

const SECOND: Duration = Duration::from_secs(1);
const MOST: Duration = Duration::from_secs(30);

fn allowance(rate: MinRate) -> Allowance {
    Allowance::new(rate, MOST)
}

/// How long a client lasts that moves `count` bytes after each wait of `pause`.
fn lasts(count: u64, pause: Duration, most: Duration) -> Option<Duration> {
    let (begun, mut allowance) = (Instant::now(), allowance(MinRate::default()));
    let mut now = begun;
    while now - begun < most {
        let deadline = allowance.wait(now);
        now += pause;
        if now > deadline {
            return Some(deadline - begun);
        }
        assert!(allowance.moved(count, now));
    }
    None
}

#[test]
fn a_client_that_moves_nothing_is_cut_after_the_stall_timeout() {
    let (begun, mut allowance) = (Instant::now(), allowance(MinRate::default()));
    assert_eq!(allowance.wait(begun), begun + MOST);
    assert_eq!(allowance.wait(begun + SECOND), begun + MOST);
    assert!(!allowance.moved(1, begun + MOST + SECOND));
}

#[test]
fn a_client_that_moves_16_bytes_every_5_seconds_is_cut_within_35_seconds() {
    let lasted = lasts(16, 5 * SECOND, 3600 * SECOND).unwrap();
    assert!((MOST..MOST + 5 * SECOND).contains(&lasted), "{lasted:?}");
}

#[test]
fn a_client_that_keeps_to_the_rate_is_never_cut() {
    for (count, pause) in [(410, SECOND), (4096, 10 * SECOND), (12 * 1024, MOST)] {
        assert_eq!(lasts(count, pause, 86_400 * SECOND), None, "{count}");
    }
}

#[test]
fn a_client_is_not_cut_while_something_else_is_waited_for() {
    let (mut now, mut allowance) = (Instant::now(), allowance(MinRate::default()));
    for _ in 0..1000 {
        allowance.wait(now);
        now += Duration::from_millis(1);
        assert!(allowance.moved(1, now), "a client that takes it at once");
        allowance.rest(now);
        assert_eq!(allowance.deadline(), None);
        now += 3600 * SECOND;
    }
}

#[test]
fn only_a_known_wait_counts() {
    let (now, mut allowance) = (Instant::now(), allowance(MinRate::default()));
    assert_eq!(allowance.wait_since(now), now + MOST);
    let later = now + 20 * SECOND;
    assert_eq!(allowance.wait_since(later), later + MOST);
    assert_eq!(allowance.wait_since(now), later + MOST);
}

#[test]
fn a_rate_is_bytes_and_a_period() {
    let rate: MinRate = "4KiB/10s".parse().unwrap();
    assert_eq!(rate, MinRate::default());
    assert_eq!(rate.time_for(2048), 5 * SECOND);
    for bad in ["", "4KiB", "4KiB/", "/10s", "0B/10s", "4KiB/0s", "many/10s"] {
        assert!(bad.parse::<MinRate>().is_err(), "{bad}");
    }
}

proptest! {
    #[test]
    fn a_client_that_moves_enough_in_each_wait_is_never_cut(
        bytes in 1..1_000_000_u64,
        seconds in 1..100_u64,
        waits in prop::collection::vec((1..30_000_u64, 0..1_000_000_u64), 1..50),
    ) {
        let rate = MinRate::new(bytes, Duration::from_secs(seconds));
        let (mut now, mut allowance) = (Instant::now(), allowance(rate));
        for (millis, more) in waits {
            allowance.wait(now);
            now += Duration::from_millis(millis);
            // The bytes that the rate asks for in that time, rounded up.
            let enough = (bytes * millis).div_ceil(seconds * 1000);
            prop_assert!(allowance.moved(enough + more, now));
        }
    }

    #[test]
    fn a_client_that_moves_less_than_half_is_cut_in_twice_the_time(
        bytes in 2..1_000_000_u64,
        seconds in 1..100_u64,
        waits in prop::collection::vec(1..30_000_u64, 2000),
    ) {
        let rate = MinRate::new(bytes, Duration::from_secs(seconds));
        let (begun, mut allowance) = (Instant::now(), allowance(rate));
        let mut now = begun;
        let mut is_in_time = true;
        for millis in waits {
            allowance.wait(now);
            now += Duration::from_millis(millis);
            let half = bytes * millis / (2 * seconds * 1000);
            is_in_time = allowance.moved(half, now);
            if !is_in_time {
                break;
            }
        }
        prop_assert!(!is_in_time);
        prop_assert!(now - begun <= 2 * MOST + MOST);
    }
}
