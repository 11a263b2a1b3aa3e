//! Tests of the decision with a clock that is given, in Europe/Paris.

use chrono::DateTime;
use chrono_tz::Tz;
use proptest::prelude::proptest;
use shared_types::value::Timestamp;

use super::{Opening, State};

const BISTRO: &str = "Tu-Sa 12:00-14:30,19:00-22:30; 2026-12-25 off; 2026-12-31 19:00-02:00";

fn paris(hours: &str) -> Opening {
    Opening::new(Some(hours.parse().unwrap()), Tz::Europe__Paris)
}

fn time(text: &str) -> Timestamp {
    let time = DateTime::parse_from_rfc3339(text).unwrap();
    Timestamp::from_millis(time.timestamp_millis()).unwrap()
}

fn open(until: &str) -> State {
    State::Open {
        until: Some(time(until)),
    }
}

fn closed(opens_at: &str) -> State {
    State::Closed {
        opens_at: Some(time(opens_at)),
    }
}

#[track_caller]
fn assert_states(hours: &str, expected: &[(&str, State)]) {
    let opening = paris(hours);
    for (at, state) in expected {
        assert_eq!(opening.at(time(at)), *state, "{at}");
    }
}

#[test]
fn without_hours_it_is_always_open() {
    let state = Opening::default().at(time("2026-12-01T03:00:00Z"));
    assert_eq!(state, State::Open { until: None });
}

#[test]
fn a_slot_begins_with_its_first_moment_and_ends_before_its_last() {
    assert_states(
        BISTRO,
        &[
            (
                "2026-12-01T11:59:59.999+01:00",
                closed("2026-12-01T12:00:00+01:00"),
            ),
            (
                "2026-12-01T12:00:00+01:00",
                open("2026-12-01T14:30:00+01:00"),
            ),
            (
                "2026-12-01T14:29:59.999+01:00",
                open("2026-12-01T14:30:00+01:00"),
            ),
            (
                "2026-12-01T14:30:00+01:00",
                closed("2026-12-01T19:00:00+01:00"),
            ),
            // From Saturday night to Tuesday noon.
            (
                "2026-12-05T22:30:00+01:00",
                closed("2026-12-08T12:00:00+01:00"),
            ),
        ],
    );
}

#[test]
fn an_exception_replaces_the_hours_of_its_day() {
    assert_states(
        BISTRO,
        &[
            (
                "2026-12-25T13:00:00+01:00",
                closed("2026-12-26T12:00:00+01:00"),
            ),
            (
                "2026-12-31T13:00:00+01:00",
                closed("2026-12-31T19:00:00+01:00"),
            ),
            (
                "2027-01-01T01:59:00+01:00",
                open("2027-01-01T02:00:00+01:00"),
            ),
            (
                "2027-01-01T02:00:00+01:00",
                closed("2027-01-01T12:00:00+01:00"),
            ),
        ],
    );
    let holiday = "Mo-Su 12:00-14:00; 2026-08-01/2026-08-31 off";
    assert_states(
        holiday,
        &[(
            "2026-07-31T15:00:00+02:00",
            closed("2026-09-01T12:00:00+02:00"),
        )],
    );
}

#[test]
fn a_night_belongs_to_the_day_on_which_it_begins() {
    let nights = "Fr,Sa 20:00-04:00; 2026-12-12 off";
    assert_states(
        nights,
        &[
            (
                "2026-12-05T03:59:00+01:00",
                open("2026-12-05T04:00:00+01:00"),
            ),
            (
                "2026-12-06T00:00:00+01:00",
                open("2026-12-06T04:00:00+01:00"),
            ),
            // Friday's night goes on into the Saturday that is an exception.
            (
                "2026-12-12T03:00:00+01:00",
                open("2026-12-12T04:00:00+01:00"),
            ),
            (
                "2026-12-12T21:00:00+01:00",
                closed("2026-12-18T20:00:00+01:00"),
            ),
        ],
    );
}

#[test]
fn slots_without_a_pause_are_one() {
    assert_states(
        "Mo 18:00-24:00; Tu 00:00-02:00,12:00-14:00",
        &[(
            "2026-11-30T20:00:00+01:00",
            open("2026-12-01T02:00:00+01:00"),
        )],
    );
    let always = paris("24/7").at(time("2026-12-01T03:00:00Z"));
    assert_eq!(always, State::Open { until: None });
    let until_christmas = paris("24/7; 2026-12-25 off").at(time("2026-12-01T03:00:00Z"));
    assert_eq!(until_christmas, open("2026-12-25T00:00:00+01:00"));
}

#[test]
fn in_spring_an_hour_is_missing() {
    // On 2026-03-29, 02:00 becomes 03:00.
    assert_states(
        "Sa 20:00-04:00; Su 12:00-14:00",
        &[
            (
                "2026-03-29T01:59:00+01:00",
                open("2026-03-29T04:00:00+02:00"),
            ),
            (
                "2026-03-29T03:30:00+02:00",
                open("2026-03-29T04:00:00+02:00"),
            ),
            (
                "2026-03-29T04:00:00+02:00",
                closed("2026-03-29T12:00:00+02:00"),
            ),
        ],
    );
    // The whole slot, its begin or its end is in the missing hour.
    assert_states(
        "Su 02:15-02:45,12:00-14:00",
        &[("2026-03-29T00:30:00Z", closed("2026-03-29T12:00:00+02:00"))],
    );
    assert_states(
        "Su 02:20-05:00",
        &[
            ("2026-03-29T00:59:00Z", closed("2026-03-29T01:00:00Z")),
            ("2026-03-29T01:00:00Z", open("2026-03-29T05:00:00+02:00")),
        ],
    );
    assert_states(
        "Sa 20:00-02:30",
        &[("2026-03-29T00:59:00Z", open("2026-03-29T01:00:00Z"))],
    );
}

#[test]
fn in_autumn_an_hour_comes_twice() {
    // On 2026-10-25, 03:00 becomes 02:00.
    assert_states(
        "Sa 20:00-02:30",
        &[
            (
                "2026-10-25T02:15:00+02:00",
                open("2026-10-25T02:30:00+01:00"),
            ),
            (
                "2026-10-25T02:45:00+02:00",
                open("2026-10-25T02:30:00+01:00"),
            ),
            (
                "2026-10-25T02:15:00+01:00",
                open("2026-10-25T02:30:00+01:00"),
            ),
            (
                "2026-10-25T02:30:00+01:00",
                closed("2026-10-31T20:00:00+01:00"),
            ),
        ],
    );
    assert_states(
        "Su 02:30-05:00",
        &[
            (
                "2026-10-25T02:29:00+02:00",
                closed("2026-10-25T02:30:00+02:00"),
            ),
            (
                "2026-10-25T02:00:00+01:00",
                open("2026-10-25T05:00:00+01:00"),
            ),
        ],
    );
    // The same hours on the clock before and after the change.
    assert_states(
        "Sa,Su 12:00-14:00",
        &[
            ("2026-10-24T10:30:00Z", open("2026-10-24T12:00:00Z")),
            ("2026-10-25T10:30:00Z", closed("2026-10-25T11:00:00Z")),
        ],
    );
}

#[test]
fn a_leap_day_is_a_day() {
    let hours = "Mo-Su 12:00-14:00; 2028-02-29 18:00-20:00";
    assert_states(
        hours,
        &[
            (
                "2028-02-28T15:00:00+01:00",
                closed("2028-02-29T18:00:00+01:00"),
            ),
            (
                "2028-02-29T19:00:00+01:00",
                open("2028-02-29T20:00:00+01:00"),
            ),
            (
                "2028-02-29T20:00:00+01:00",
                closed("2028-03-01T12:00:00+01:00"),
            ),
        ],
    );
    // 2027 has none.
    assert_states(
        "Mo-Su 12:00-14:00",
        &[(
            "2027-02-28T15:00:00+01:00",
            closed("2027-03-01T12:00:00+01:00"),
        )],
    );
}

#[test]
fn a_restaurant_that_opens_no_more_says_so() {
    let closed_down = paris("Mo-Su off").at(time("2026-12-01T12:00:00Z"));
    assert_eq!(closed_down, State::Closed { opens_at: None });
    let last_day = paris("Mo-Su off; 2026-12-01 10:00-14:00");
    let last = last_day.at(time("2026-12-01T12:00:00+01:00"));
    assert_eq!(last, open("2026-12-01T14:00:00+01:00"));
}

#[test]
fn the_hours_hold_on_the_restaurants_clock_wherever_that_is() {
    let hours = || Some("Mo-Su 12:00-14:00".parse().unwrap());
    let noon = time("2026-12-01T12:30:00+04:00");
    let reunion = Opening::new(hours(), Tz::Indian__Reunion);
    assert_eq!(reunion.at(noon), open("2026-12-01T14:00:00+04:00"));
    let paris = Opening::new(hours(), Tz::Europe__Paris);
    assert_eq!(paris.at(noon), closed("2026-12-01T12:00:00+01:00"));
}

#[test]
fn a_description_has_the_week_and_the_exceptions_to_come() {
    let described = paris(BISTRO).describe(time("2026-12-26T13:00:00+01:00"));
    assert!(described.open);
    assert_eq!(described.until, Some(time("2026-12-26T14:30:00+01:00")));
    assert_eq!(described.opens_at, None);
    let slots: Vec<_> = described.hours.iter().map(|day| day.slots.len()).collect();
    assert_eq!(slots, [0, 2, 2, 2, 2, 2, 0]);
    assert_eq!(described.exceptions.len(), 1);
    assert_eq!(described.exceptions[0].slots[0].to, "02:00");
}

proptest! {
    /// What is said of the future comes true.
    #[test]
    fn the_next_change_is_the_next_change(minute in 0_i64..2_000_000) {
        // From 2026-01-01 on, through some years of clock changes.
        let now = Timestamp::from_millis(1_767_225_600_000 + minute * 60_000).unwrap();
        let opening = paris("Mo-Th 18:00-02:30; Fr-Su 11:00-15:00,18:00-03:15; 2027-03-28 off");
        let before = |time: Timestamp| Timestamp::from_millis(time.millis() - 1).unwrap();
        match opening.at(now) {
            State::Open { until: Some(until) } => {
                assert!(until > now);
                assert!(opening.check(before(until)).is_ok());
                assert!(opening.check(until).is_err());
            }
            State::Closed { opens_at: Some(opens_at) } => {
                assert!(opens_at > now);
                assert!(opening.check(before(opens_at)).is_err());
                assert!(opening.check(opens_at).is_ok());
            }
            other => panic!("{other:?}"),
        }
    }
}
