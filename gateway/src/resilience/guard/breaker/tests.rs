//! The breaker, moment by moment, and properties that always hold.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::state::{LONGEST, TRIAL};
use super::{Admission, Breaker, BreakerSettings, Intake, Phase, Trial};

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

/// Admits a request that the gateway has whole.
fn admit(breaker: &Breaker, now: Instant) -> Admission {
    breaker.admit(Intake::Whole, now)
}

fn trial(breaker: &Breaker, intake: Intake, now: Instant) -> Trial {
    match breaker.admit(intake, now) {
        Admission::Trial(trial) => trial,
        other => panic!("{other:?}"),
    }
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
    assert_eq!(admit(&breaker, now), Admission::Pass);
    assert!(breaker.failed(now));
    let half = now + OPEN / 2;
    let retry_after = OPEN / 2;
    assert_eq!(admit(&breaker, half), Admission::Refused { retry_after });
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
    assert_eq!(admit(&breaker, now), Admission::Pass);
}

#[test]
fn a_chance_run_among_many_successes_does_not_open_it() {
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
fn an_upstream_that_fails_between_good_probes_is_found_by_its_rate() {
    let now = Instant::now();
    let breaker = breaker(now);
    let mut opened = Vec::new();
    for _ in 0..8 {
        breaker.end_run();
        opened.push(breaker.failed(now));
    }
    assert_eq!(opened.iter().position(|opened| *opened), Some(7));
}

#[test]
fn old_failures_do_not_count() {
    let mut now = Instant::now();
    let breaker = breaker(now);
    for _ in 0..20 {
        breaker.succeeded(now);
        assert!(!breaker.failed(now));
        now += Duration::from_secs(6);
    }
}

#[test]
fn one_trial_goes_through_and_its_outcome_decides() {
    let now = Instant::now();
    let breaker = open(now);
    let due = now + OPEN;
    let first = trial(&breaker, Intake::Whole, due);
    let refused = Admission::Refused { retry_after: OPEN };
    assert_eq!(admit(&breaker, due), refused);
    breaker.trial_failed(first, None, due);
    assert_eq!(admit(&breaker, due), refused);
    let _ = trial(&breaker, Intake::Whole, due + OPEN);
    assert!(breaker.trial_succeeded(due + OPEN));
    assert_eq!(admit(&breaker, due + OPEN), Admission::Pass);
    // Earlier failures are forgotten.
    assert!(!breaker.failed(due + OPEN));
}

#[test]
fn a_trial_without_a_result_makes_room_for_the_next() {
    let now = Instant::now();
    let breaker = open(now);
    let due = now + OPEN;
    let first = trial(&breaker, Intake::Whole, due);
    breaker.trial_abandoned(first, due);
    let _ = trial(&breaker, Intake::Whole, due);
}

#[test]
fn a_trial_that_takes_long_lets_another_one_through() {
    let now = Instant::now();
    let breaker = open(now);
    let mut due = now + OPEN;
    let hour_long = trial(&breaker, Intake::Whole, due);
    let retry_after = TRIAL / 4;
    let refused = Admission::Refused { retry_after };
    assert_eq!(admit(&breaker, due + TRIAL - retry_after), refused);
    due += TRIAL;
    let _ = trial(&breaker, Intake::Whole, due);
    assert!(breaker.trial_succeeded(due));
    // However the slow trial ends, it is no longer a trial.
    breaker.trial_failed(hour_long, None, due);
    breaker.trial_abandoned(hour_long, due);
    assert_eq!(admit(&breaker, due), Admission::Pass);
}

#[test]
fn an_earlier_trials_failure_does_not_count_once_the_circuit_has_reopened() {
    let now = Instant::now();
    let breaker = open(now);
    let due = now + OPEN;
    let early = trial(&breaker, Intake::Whole, due);
    let late = trial(&breaker, Intake::Whole, due + TRIAL);
    breaker.trial_failed(late, None, due + TRIAL);
    let again = due + TRIAL + OPEN;
    let _ = trial(&breaker, Intake::Whole, again);
    breaker.trial_failed(early, None, again);
    assert!(breaker.trial_succeeded(again));
}

#[test]
fn an_upload_takes_no_slot_of_a_whole_request() {
    let now = Instant::now();
    let breaker = open(now);
    let due = now + OPEN;
    let _ = trial(&breaker, Intake::Streaming, due);
    let refused = Admission::Refused { retry_after: TRIAL };
    assert_eq!(breaker.admit(Intake::Streaming, due), refused);
    let _ = trial(&breaker, Intake::Whole, due);
    // The answer to an upload counts like any other.
    assert!(breaker.trial_succeeded(due));
}

#[test]
fn a_clients_request_is_not_a_trial_if_the_gateway_probes() {
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
    assert_eq!(admit(&breaker, due), Admission::Refused { retry_after });
    let probe = breaker.try_out(Intake::Whole, due);
    assert!(matches!(probe, Admission::Trial(_)));
}

#[test]
fn a_request_under_way_when_it_opened_changes_nothing() {
    let now = Instant::now();
    let breaker = open(now);
    breaker.succeeded(now);
    assert!(!breaker.failed(now));
    let refused = Admission::Refused { retry_after: OPEN };
    assert_eq!(admit(&breaker, now), refused);
}

#[test]
fn a_route_that_always_refuses_is_not_asked_for_as_long_as_it_says() {
    let now = Instant::now();
    let breaker = breaker(now);
    let retry_after = Duration::from_secs(30);
    assert!(!breaker.refused(retry_after, now));
    assert!(!breaker.refused(retry_after, now));
    assert!(breaker.refused(retry_after, now));
    assert_eq!(admit(&breaker, now), Admission::Refused { retry_after });
    let almost = now + retry_after - Duration::from_millis(1);
    let refused = admit(&breaker, almost);
    assert!(matches!(refused, Admission::Refused { .. }), "{refused:?}");
    let first = trial(&breaker, Intake::Whole, now + retry_after);
    // The next refusal sets a new time.
    let longer = Duration::from_secs(40);
    breaker.trial_failed(first, Some(longer), now + retry_after);
    let refused = Admission::Refused {
        retry_after: longer,
    };
    assert_eq!(admit(&breaker, now + retry_after), refused);
}

#[test]
fn a_client_is_told_the_whole_retry_after_but_the_circuit_opens_for_a_minute() {
    let now = Instant::now();
    let breaker = breaker(now);
    let day = Duration::from_secs(24 * 3600);
    (0..3).for_each(|_| _ = breaker.refused(day, now));
    assert_eq!(
        admit(&breaker, now),
        Admission::Refused { retry_after: day }
    );
    let minute = now + LONGEST;
    let _ = trial(&breaker, Intake::Whole, minute);
    let retry_after = day - LONGEST;
    assert_eq!(admit(&breaker, minute), Admission::Refused { retry_after });
}

#[test]
fn a_busy_upstream_that_takes_some_requests_is_still_asked() {
    let now = Instant::now();
    let breaker = breaker(now);
    breaker.succeeded(now);
    for _ in 0..100 {
        assert!(!breaker.refused(Duration::from_secs(1), now));
    }
}

#[derive(Clone, Copy, Debug)]
enum Event {
    Ask(Intake),
    Succeed,
    Fail,
    Abandon,
    Wait(u16),
}

fn event() -> impl Strategy<Value = Event> {
    let intake = prop_oneof![Just(Intake::Whole), Just(Intake::Streaming)];
    prop_oneof![
        4 => intake.prop_map(Event::Ask),
        2 => Just(Event::Succeed),
        3 => Just(Event::Fail),
        1 => Just(Event::Abandon),
        2 => (0..3000_u16).prop_map(Event::Wait),
    ]
}

proptest! {
    /// For any order of events: no trial begins within the time of another one of its kind that is
    /// still under way.
    #[test]
    fn trials_are_never_more_often_than_their_time_allows(events in prop::collection::vec(event(), 0..200)) {
        let mut now = Instant::now();
        let breaker = breaker(now);
        let (mut requests, mut trials) = (0_u32, Vec::<(Trial, Intake, Instant)>::new());
        for event in events {
            match event {
                Event::Wait(millis) => now += Duration::from_millis(millis.into()),
                Event::Ask(intake) => match breaker.admit(intake, now) {
                    Admission::Pass => requests += 1,
                    Admission::Trial(trial) => {
                        let mut others = trials.iter();
                        prop_assert!(!others.any(|(_, of, at)| *of == intake && now < *at + TRIAL));
                        trials.push((trial, intake, now));
                    }
                    Admission::Refused { retry_after } => prop_assert!(retry_after <= OPEN),
                },
                // A trial ends first; without one, a request that passed before.
                Event::Succeed if !trials.is_empty() => {
                    trials.clear();
                    let is_trying = matches!(breaker.phase(now), Phase::HalfOpen { .. });
                    prop_assert_eq!(breaker.trial_succeeded(now), is_trying);
                }
                Event::Fail if !trials.is_empty() => {
                    let (trial, ..) = trials.remove(0);
                    breaker.trial_failed(trial, None, now);
                    if matches!(breaker.phase(now), Phase::Open { .. }) {
                        trials.clear();
                    }
                }
                Event::Abandon => {
                    if let Some((trial, ..)) = trials.pop() {
                        breaker.trial_abandoned(trial, now);
                    }
                }
                Event::Succeed if requests > 0 => {
                    requests -= 1;
                    breaker.succeeded(now);
                }
                Event::Fail if requests > 0 => {
                    requests -= 1;
                    breaker.failed(now);
                }
                Event::Succeed | Event::Fail => {}
            }
        }
    }

    /// For any clients that never finish their requests or send them for ever: another client's
    /// request finds within the time of one trial that the upstream is available again.
    #[test]
    fn nobody_keeps_a_healthy_upstream_shut(hanging in prop::collection::vec((0..5000_u16, any::<bool>()), 0..50), after in 1000..5000_u16) {
        let began = Instant::now();
        let breaker = open(began);
        let mut now = began + OPEN;
        for (millis, is_upload) in hanging {
            now += Duration::from_millis(millis.into());
            let intake = if is_upload { Intake::Streaming } else { Intake::Whole };
            let _ = breaker.admit(intake, now);
        }
        now += Duration::from_millis(after.into());
        let _ = trial(&breaker, Intake::Whole, now);
        prop_assert!(breaker.trial_succeeded(now));
        prop_assert_eq!(admit(&breaker, now), Admission::Pass);
    }
}
