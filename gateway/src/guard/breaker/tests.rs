//! The breaker, moment by moment, and what holds for it whatever happens.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::{Admission, Breaker, BreakerSettings, Phase};

const OPEN: Duration = Duration::from_secs(1);
const SETTINGS: BreakerSettings = BreakerSettings {
    failures: 3,
    percent: 50,
    minimum: 8,
    window: Duration::from_secs(10),
    open: OPEN,
    is_probed: false,
};

fn breaker(now: Instant) -> Breaker {
    Breaker::new(SETTINGS, now)
}

fn open(now: Instant) -> Breaker {
    let breaker = breaker(now);
    for _ in 0..SETTINGS.failures {
        breaker.failed(now);
    }
    breaker
}

#[test]
fn it_opens_on_a_run_of_failures_and_says_how_long() {
    let now = Instant::now();
    let breaker = breaker(now);
    assert!(!breaker.failed(now));
    assert!(!breaker.failed(now));
    assert_eq!(breaker.admit(now), Admission::Pass);
    assert!(breaker.failed(now));
    let half = now + OPEN / 2;
    let retry_after = OPEN / 2;
    assert_eq!(breaker.admit(half), Admission::Refused { retry_after });
    assert_eq!(breaker.phase(half), Phase::Open { retry_after });
}

#[test]
fn a_success_ends_the_run() {
    let now = Instant::now();
    let breaker = breaker(now);
    for _ in 0..3 {
        breaker.failed(now);
        breaker.succeeded(now);
    }
    assert_eq!(breaker.admit(now), Admission::Pass);
}

#[test]
fn a_run_that_comes_by_chance_among_many_successes_does_not_open_it() {
    let now = Instant::now();
    let breaker = breaker(now);
    (0..100).for_each(|_| breaker.succeeded(now));
    let opened = (0..99).filter(|_| breaker.failed(now));
    assert_eq!(opened.count(), 0);
    // As many failures as successes are no chance.
    assert!(breaker.failed(now));
}

#[test]
fn a_run_that_goes_on_opens_it_a_tenth_of_the_window_later_at_the_latest() {
    let now = Instant::now();
    let breaker = breaker(now);
    (0..1000).for_each(|_| breaker.succeeded(now));
    let opened = (0..3).filter(|_| breaker.failed(now));
    assert_eq!(opened.count(), 0);
    assert!(breaker.failed(now + SETTINGS.window / 10));
}

#[test]
fn it_opens_on_a_rate_of_failures_once_there_are_enough() {
    let now = Instant::now();
    let breaker = breaker(now);
    let mut opened = Vec::new();
    for _ in 0..4 {
        breaker.succeeded(now);
        opened.push(breaker.failed(now));
    }
    assert_eq!(opened, [false, false, false, true]);
}

#[test]
fn an_upstream_that_says_it_is_well_and_fails_is_found_out_by_its_rate() {
    let now = Instant::now();
    let breaker = breaker(now);
    let mut opened = Vec::new();
    for _ in 0..8 {
        breaker.check_succeeded();
        opened.push(breaker.failed(now));
    }
    assert_eq!(opened.iter().position(|opened| *opened), Some(7));
}

#[test]
fn failures_that_are_long_past_do_not_count() {
    let mut now = Instant::now();
    let breaker = breaker(now);
    for _ in 0..20 {
        breaker.succeeded(now);
        assert!(!breaker.failed(now));
        now += Duration::from_secs(6);
    }
}

#[test]
fn one_probe_goes_through_and_its_outcome_decides() {
    let now = Instant::now();
    let breaker = open(now);
    let due = now + OPEN;
    assert_eq!(breaker.admit(due), Admission::Probe);
    let refused = Admission::Refused { retry_after: OPEN };
    assert_eq!(breaker.admit(due), refused);
    breaker.probe_failed(due);
    assert_eq!(breaker.admit(due), refused);
    assert_eq!(breaker.admit(due + OPEN), Admission::Probe);
    assert!(breaker.probe_succeeded(due + OPEN));
    assert_eq!(breaker.admit(due + OPEN), Admission::Pass);
    // It begins anew: what failed before is forgotten.
    assert!(!breaker.failed(due + OPEN));
}

#[test]
fn a_probe_that_tells_nothing_makes_room_for_the_next() {
    let now = Instant::now();
    let breaker = open(now);
    let due = now + OPEN;
    assert_eq!(breaker.admit(due), Admission::Probe);
    breaker.probe_abandoned(due);
    assert_eq!(breaker.admit(due), Admission::Probe);
}

#[test]
fn a_client_s_request_is_no_probe_where_the_gateway_probes_by_itself() {
    let now = Instant::now();
    let breaker = Breaker::new(
        BreakerSettings {
            is_probed: true,
            ..SETTINGS
        },
        now,
    );
    for _ in 0..3 {
        breaker.failed(now);
    }
    let due = now + OPEN;
    let retry_after = Duration::ZERO;
    assert_eq!(breaker.admit(due), Admission::Refused { retry_after });
    assert_eq!(breaker.probe(due), Admission::Probe);
}

#[test]
fn what_was_under_way_when_it_opened_changes_nothing() {
    let now = Instant::now();
    let breaker = open(now);
    breaker.succeeded(now);
    assert!(!breaker.failed(now));
    assert_eq!(breaker.admit(now), Admission::Refused { retry_after: OPEN });
}

#[derive(Clone, Copy, Debug)]
enum Event {
    Ask,
    Succeed,
    Fail,
    Abandon,
    Wait(u16),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => Just(Event::Ask),
        2 => Just(Event::Succeed),
        3 => Just(Event::Fail),
        1 => Just(Event::Abandon),
        2 => (0..3000_u16).prop_map(Event::Wait),
    ]
}

proptest! {
    /// Whatever the order of what is asked and how it ends.
    #[test]
    fn two_probes_are_never_under_way(events in prop::collection::vec(event(), 0..200)) {
        let mut now = Instant::now();
        let breaker = breaker(now);
        let (mut requests, mut probing) = (0_u32, false);
        for event in events {
            match event {
                Event::Wait(millis) => now += Duration::from_millis(millis.into()),
                Event::Ask => match breaker.admit(now) {
                    Admission::Pass => requests += 1,
                    Admission::Probe => {
                        prop_assert!(!probing);
                        probing = true;
                    }
                    Admission::Refused { retry_after } => prop_assert!(retry_after <= OPEN),
                },
                // The probe ends first, or else a request that passed before.
                Event::Succeed if probing => {
                    prop_assert!(breaker.probe_succeeded(now));
                    probing = false;
                }
                Event::Fail if probing => {
                    breaker.probe_failed(now);
                    probing = false;
                }
                Event::Abandon if probing => {
                    breaker.probe_abandoned(now);
                    probing = false;
                }
                Event::Succeed if requests > 0 => {
                    requests -= 1;
                    breaker.succeeded(now);
                }
                Event::Fail if requests > 0 => {
                    requests -= 1;
                    breaker.failed(now);
                }
                Event::Succeed | Event::Fail | Event::Abandon => {}
            }
            let is_half_open = matches!(breaker.phase(now), Phase::HalfOpen { .. });
            prop_assert_eq!(is_half_open, probing);
        }
    }
}
