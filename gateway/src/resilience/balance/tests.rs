//! What holds whatever the replicas do.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::ejection::settle;
use super::replica::{Outcome, ReplicaState};
use super::{Replicas, Tried, choose};

pub(super) struct Fleet(pub(super) Vec<ReplicaState>);

impl Fleet {
    pub(super) fn of(count: usize, now: Instant) -> Self {
        Self(
            (0..count)
                .map(|seat| ReplicaState::new(seat, now))
                .collect(),
        )
    }

    pub(super) fn available(&self, now: Instant) -> usize {
        self.0.iter().filter(|one| one.is_available(now)).count()
    }
}

impl Replicas for Fleet {
    fn count(&self) -> usize {
        self.0.len()
    }

    fn state(&self, index: usize) -> Option<&ReplicaState> {
        self.0.get(index)
    }
}

const FAST: Outcome = Outcome::Answered(Some(Duration::from_millis(1)));
const SECOND: Duration = Duration::from_secs(1);

/// Where a request goes for every pair of first and second look.
fn choices(fleet: &Fleet, tried: Tried, now: Instant) -> Vec<usize> {
    let count = fleet.count() as u64;
    let place = |index: u64| (index << 32) / count + 1;
    let pairs = (0..count).flat_map(|one| (0..count).map(move |other| (one, other)));
    let chosen = pairs.map(|(one, other)| {
        let random = place(one) | place(other) << 32;
        choose(fleet, tried, || random, || now).unwrap()
    });
    chosen.collect()
}

fn times(chosen: &[usize], index: usize) -> usize {
    chosen.iter().filter(|one| **one == index).count()
}

#[test]
fn without_a_replica_there_is_no_choice_and_one_is_chosen_without_looking() {
    let now = Instant::now();
    let unasked = || -> u64 { panic!("asked") };
    for (count, expected) in [(0, None), (1, Some(0))] {
        let chosen = choose(&Fleet::of(count, now), Tried::default(), unasked, || now);
        assert_eq!(chosen, expected);
    }
}

#[test]
fn equal_replicas_get_equal_parts() {
    let now = Instant::now();
    let fleet = Fleet::of(4, now);
    let chosen = choices(&fleet, Tried::default(), now);
    for index in 0..4 {
        assert_eq!(times(&chosen, index), 4);
    }
}

#[test]
fn the_busier_the_slower_and_the_failing_one_of_two_loses() {
    let now = Instant::now();
    let slow = Outcome::Answered(Some(Duration::from_millis(10)));
    for spoil in [
        &|one: &ReplicaState| one.began(),
        &|one: &ReplicaState| one.note(slow, now),
        &|one: &ReplicaState| one.note(Outcome::Failed, now),
        &|one: &ReplicaState| one.note(Outcome::Refused, now),
    ] as [&dyn Fn(&ReplicaState); 4]
    {
        let fleet = Fleet::of(3, now);
        fleet.0.iter().for_each(|one| one.note(FAST, now));
        spoil(&fleet.0[1]);
        let chosen = choices(&fleet, Tried::default(), now);
        assert_eq!(times(&chosen, 1), 0);
    }
}

/// A quick failure is no quick answer.
#[test]
fn a_replica_that_fails_fast_does_not_look_fast() {
    let now = Instant::now();
    let fleet = Fleet::of(2, now);
    fleet.0[0].note(Outcome::Answered(Some(Duration::from_millis(50))), now);
    for _ in 0..3 {
        fleet.0[1].note(FAST, now);
        fleet.0[1].note(Outcome::Failed, now);
    }
    fleet.0[1].note(FAST, now);
    let before = fleet.0[1].figures(now).latency;
    fleet.0[1].note(Outcome::Failed, now);
    assert_eq!(fleet.0[1].figures(now).latency, before);
    assert!(fleet.0[1].failing(now) > 0.1);
}

#[test]
fn a_replica_whose_probe_fails_gets_nothing_new_until_it_is_well() {
    let now = Instant::now();
    let fleet = Fleet::of(3, now);
    assert!(fleet.0[0].probed(false, now));
    assert!(!fleet.0[0].probed(false, now));
    assert_eq!(times(&choices(&fleet, Tried::default(), now), 0), 0);
    assert!(fleet.0[0].probed(true, now));
    let later = now + 10 * SECOND;
    assert!(times(&choices(&fleet, Tried::default(), later), 0) > 0);
}

#[test]
fn if_none_is_available_all_are_tried() {
    let now = Instant::now();
    let fleet = Fleet::of(2, now);
    for one in &fleet.0 {
        assert!(one.probed(false, now));
    }
    let chosen = choices(&fleet, Tried::default(), now);
    assert!(times(&chosen, 0) > 0 && times(&chosen, 1) > 0);
}

#[test]
fn a_second_try_goes_to_another_replica_even_one_that_is_away() {
    let now = Instant::now();
    let fleet = Fleet::of(3, now);
    let mut tried = Tried::default();
    tried.add(&fleet.0[1]);
    assert_eq!(times(&choices(&fleet, tried, now), 1), 0);
    tried.add(&fleet.0[0]);
    fleet.0[2].probed(false, now);
    assert_eq!(times(&choices(&fleet, tried, now), 2), 9);
    tried.add(&fleet.0[2]);
    assert_eq!(choices(&fleet, tried, now).len(), 9);
}

#[test]
fn a_new_replica_begins_with_a_part_of_the_requests() {
    let now = Instant::now();
    let mut fleet = Fleet::of(2, now);
    let later = now + 60 * SECOND;
    fleet.0.push(ReplicaState::new(2, later));
    fleet.0.iter().for_each(|one| one.note(FAST, later));
    // It is taken only if its siblings are busier by far.
    assert_eq!(times(&choices(&fleet, Tried::default(), later), 2), 0);
    for one in &fleet.0[..2] {
        (0..12).for_each(|_| one.began());
    }
    assert_eq!(times(&choices(&fleet, Tried::default(), later), 2), 6);
}

#[test]
fn five_failures_in_a_row_or_one_refused_connection_eject() {
    let now = Instant::now();
    let fleet = Fleet::of(2, now);
    for failures in 1..=4 {
        assert_eq!(
            settle(&fleet, &fleet.0[0], Outcome::Failed, now),
            None,
            "{failures}"
        );
    }
    assert_eq!(
        settle(&fleet, &fleet.0[0], Outcome::Failed, now),
        Some(SECOND)
    );
    let fleet = Fleet::of(2, now);
    let refused = settle(&fleet, &fleet.0[0], Outcome::Unreachable, now);
    assert_eq!(refused, Some(SECOND));
    assert_eq!(times(&choices(&fleet, Tried::default(), now), 0), 0);
}

#[test]
fn a_refusal_on_purpose_ejects_only_a_replica_whose_siblings_do_not_refuse() {
    let now = Instant::now();
    for (siblings, is_ejected) in [(Outcome::Refused, false), (FAST, true)] {
        let fleet = Fleet::of(2, now);
        let ejected = (0..100).any(|_| {
            assert_eq!(settle(&fleet, &fleet.0[1], siblings, now), None);
            settle(&fleet, &fleet.0[0], Outcome::Refused, now).is_some()
        });
        assert_eq!(ejected, is_ejected, "{siblings:?}");
    }
}

#[test]
fn a_replica_that_has_returned_fails_once_to_be_ejected_again() {
    let now = Instant::now();
    let fleet = Fleet::of(2, now);
    let _ = settle(&fleet, &fleet.0[0], Outcome::Unreachable, now);
    let later = now + SECOND;
    let again = settle(&fleet, &fleet.0[0], Outcome::Failed, later);
    assert_eq!(again, Some(2 * SECOND));
    // Once it has shown that it is well, it may fail as any other.
    let later = later + 2 * SECOND;
    for _ in 0..20 {
        let _ = settle(&fleet, &fleet.0[0], FAST, later);
    }
    assert_eq!(settle(&fleet, &fleet.0[0], Outcome::Failed, later), None);
}

/// Otherwise a client could keep a replica from all others with one slow request.
#[test]
fn one_slow_answer_is_forgotten_although_no_other_follows() {
    let now = Instant::now();
    let fleet = Fleet::of(2, now);
    let slow = Outcome::Answered(Some(SECOND));
    fleet.0[0].note(slow, now);
    fleet.0[1].note(FAST, now);
    assert_eq!(times(&choices(&fleet, Tried::default(), now), 0), 0);
    let later = now + 60 * SECOND;
    fleet.0[1].note(Outcome::Answered(Some(SECOND / 50)), later);
    assert!(times(&choices(&fleet, Tried::default(), later), 0) > 0);
}

#[test]
fn the_speed_of_a_client_is_not_the_replicas() {
    let now = Instant::now();
    let fleet = Fleet::of(2, now);
    fleet.0[0].note(Outcome::Answered(None), now);
    assert_eq!(fleet.0[0].figures(now).latency, None);
    assert_eq!(fleet.0[0].figures(now).answered, 1);
}

#[test]
fn a_replica_that_fails_far_more_than_its_siblings_is_ejected() {
    let now = Instant::now();
    let fleet = Fleet::of(3, now);
    let mut ejected = None;
    for number in 0..100 {
        let outcome = if number % 2 == 0 {
            Outcome::Failed
        } else {
            FAST
        };
        ejected = ejected.or(settle(&fleet, &fleet.0[0], outcome, now));
        for sibling in &fleet.0[1..] {
            let outcome = if number % 10 == 0 {
                Outcome::Failed
            } else {
                FAST
            };
            assert_eq!(settle(&fleet, sibling, outcome, now), None);
        }
    }
    assert_eq!(ejected, Some(SECOND));
}

#[test]
fn each_ejection_is_longer_until_the_replica_has_been_good_for_long() {
    let now = Instant::now();
    let fleet = Fleet::of(2, now);
    let mut at = now;
    for expected in [1, 2, 4, 8, 16, 30, 30] {
        let time = settle(&fleet, &fleet.0[0], Outcome::Unreachable, at);
        assert_eq!(time, Some(expected * SECOND));
        at += expected * SECOND;
        assert!(!fleet.0[0].is_available(at - Duration::from_millis(1)));
        assert!(fleet.0[0].is_available(at));
    }
    at += 61 * SECOND;
    assert_eq!(
        settle(&fleet, &fleet.0[0], Outcome::Unreachable, at),
        Some(SECOND)
    );
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        (1_u64..10_000).prop_map(|micros| Outcome::Answered(Some(Duration::from_micros(micros)))),
        Just(Outcome::Refused),
        Just(Outcome::Failed),
        Just(Outcome::Unreachable),
    ]
}

proptest! {
    /// One bad client cannot take all replicas from everybody.
    #[test]
    fn at_least_half_of_the_replicas_are_never_ejected(
        count in 1_usize..12,
        steps in prop::collection::vec((0_usize..12, outcome(), 0_u64..3000), 1..300),
    ) {
        let mut now = Instant::now();
        let fleet = Fleet::of(count, now);
        for (index, outcome, pause) in steps {
            now += Duration::from_millis(pause);
            let _ = settle(&fleet, &fleet.0[index % count], outcome, now);
            prop_assert!(fleet.available(now) >= count - count / 2);
        }
    }

    /// Whatever happened, the choice is available and untried if any is, and it is none of those
    /// that get nothing new.
    #[test]
    fn a_choice_is_the_best_there_is(
        count in 2_usize..80,
        steps in prop::collection::vec((0_usize..80, outcome(), any::<bool>()), 0..200),
        tried in prop::collection::vec(0_usize..80, 0..4),
        random: u64,
    ) {
        let now = Instant::now();
        let fleet = Fleet::of(count, now);
        for (index, outcome, is_well) in steps {
            let replica = &fleet.0[index % count];
            let _ = settle(&fleet, replica, outcome, now);
            let _ = replica.probed(is_well, now);
        }
        let mut used = Tried::default();
        tried.iter().for_each(|index| used.add(&fleet.0[index % count]));
        let chosen = &fleet.0[choose(&fleet, used, || random, || now).unwrap()];
        let is_good = |one: &ReplicaState| one.is_available(now) && !used.has(one);
        if fleet.0.iter().any(is_good) {
            prop_assert!(is_good(chosen));
        } else if fleet.0.iter().any(|one| !used.has(one)) {
            prop_assert!(!used.has(chosen));
        }
    }
}
