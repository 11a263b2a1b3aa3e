//! How long events wait before they are sent again.

use std::time::{Duration, Instant};

use super::{
    LONGEST_FOR_MESSAGE, LONGEST_FOR_RECIPIENT, Pace, PaceChange, Room, SHARE, WINDOW, retry_after,
};

#[test]
fn a_message_waits_longer_each_time_and_not_for_ever() {
    for attempts in 0..9 {
        let longest = Duration::from_millis(100 << attempts);
        for _ in 0..20 {
            let wait = retry_after(attempts, None);
            assert!(
                wait <= longest && wait >= longest / 2,
                "{attempts}: {wait:?}"
            );
        }
    }
    assert!(retry_after(i32::MAX, None) <= LONGEST_FOR_MESSAGE);
    assert!(retry_after(i32::MAX, None) >= LONGEST_FOR_MESSAGE / 2);
}

#[test]
fn an_available_recipient_gets_a_whole_window() {
    let (mut pace, now) = (Pace::default(), Instant::now());
    assert_eq!(pace.room(0, now, 1.0).all, WINDOW);
    assert_eq!(pace.room(WINDOW - 1, now, 1.0).all, 1);
    assert_eq!(pace.room(WINDOW + 1, now, 1.0).all, 0);
}

#[test]
fn an_unavailable_recipient_gets_nothing_and_then_one_message() {
    let (mut pace, now) = (Pace::default(), Instant::now());
    assert_eq!(pace.unreachable(now, 1.0), Some(PaceChange::Lost));
    assert_eq!(pace.room(0, now, 1.0).all, 0);
    let later = now + pace.rest(now).unwrap();
    assert_eq!(pace.rest(later), None);
    assert_eq!(pace.room(0, later, 1.0).all, 1);
    assert_eq!(pace.room(1, later, 1.0).all, 0);
}

#[test]
fn an_outage_is_reported_once_and_so_is_its_end() {
    let (mut pace, now) = (Pace::default(), Instant::now());
    assert_eq!(pace.answered(), None);
    assert_eq!(pace.unreachable(now, 0.0), Some(PaceChange::Lost));
    assert_eq!(pace.unreachable(now, 0.0), None);
    assert_eq!(pace.answered(), Some(PaceChange::Back));
    assert_eq!(pace.answered(), None);
    assert_eq!(pace.room(0, now, 1.0).all, WINDOW);
}

#[test]
fn the_longer_a_recipient_is_unavailable_the_less_often_it_is_tried() {
    let (mut pace, mut now) = (Pace::default(), Instant::now());
    let mut waits = Vec::new();
    for _ in 0..50 {
        pace.unreachable(now, 1.0);
        let wait = pace.rest(now).unwrap();
        waits.push(wait);
        now += wait;
    }
    assert!(waits.is_sorted());
    assert_eq!(waits.last(), Some(&LONGEST_FOR_RECIPIENT));
}

#[test]
fn messages_that_were_in_flight_together_count_once() {
    let (mut pace, now) = (Pace::default(), Instant::now());
    for _ in 0..WINDOW {
        pace.unreachable(now, 1.0);
    }
    assert_eq!(pace.rest(now), Some(super::FIRST));
}

#[test]
fn a_message_waits_as_long_as_its_recipient_asks_and_not_longer_than_any_other() {
    let asked = Duration::from_secs(30);
    assert_eq!(retry_after(0, Some(asked)), asked);
    assert_eq!(
        retry_after(0, Some(Duration::from_secs(3600))),
        LONGEST_FOR_MESSAGE
    );
}

#[test]
fn a_quarter_of_the_places_is_kept_for_each_other_lane_however_few_there_are_at_a_time() {
    let (mut pace, now) = (Pace::default(), Instant::now());
    let room = pace.room(0, now, 1.0);
    assert_eq!(
        (room.newest, room.refused),
        (WINDOW / SHARE, WINDOW / SHARE)
    );
    let rooms = [(); 2 * SHARE].map(|()| pace.room(WINDOW - 1, now, 1.0));
    let kept = |of: fn(&Room) -> usize| rooms.iter().map(of).sum::<usize>();
    assert_eq!(
        (kept(|room| room.newest), kept(|room| room.refused)),
        (2, 2)
    );
    assert!(
        rooms
            .iter()
            .all(|room| room.newest + room.refused <= room.all)
    );
}

/// A recipient that has refused a whole window of repeated messages.
fn refusing(now: Instant) -> Pace {
    let mut pace = Pace::default();
    for _ in 1..WINDOW {
        assert_eq!(pace.repeat_refused(now, 1.0), None);
    }
    assert_eq!(pace.repeat_refused(now, 1.0), Some(PaceChange::Refusing));
    assert_eq!(pace.repeat_refused(now, 1.0), None);
    pace
}

#[test]
fn a_recipient_that_refuses_all_repeated_messages_gets_one_at_a_time() {
    let mut now = Instant::now();
    let mut pace = refusing(now);
    let room = pace.room(0, now, 1.0);
    assert_eq!((room.all, room.refused_most), (WINDOW, 0));
    // Ten minutes, looking every 10 ms.
    let mut tries = 0;
    for _ in 0..60_000 {
        now += Duration::from_millis(10);
        let room = pace.room(0, now, 1.0);
        assert_eq!(room.all, WINDOW);
        tries += room.refused_most;
    }
    assert!((300..310).contains(&tries), "{tries}");
}

#[test]
fn once_a_repeated_message_is_taken_all_of_them_may_go() {
    let now = Instant::now();
    let mut pace = refusing(now);
    assert_eq!(pace.repeat_taken(), Some(PaceChange::Taking));
    assert_eq!(pace.repeat_taken(), None);
    assert_eq!(pace.room(0, now, 1.0).refused_most, WINDOW);
    assert_eq!(pace.repeat_refused(now, 1.0), None);
}
