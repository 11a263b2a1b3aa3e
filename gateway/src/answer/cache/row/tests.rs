//! Tests of storing answers, of their age and of their eviction.

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::http::header::HeaderMap;
use actix_web::web::Bytes;

use super::{Asked, Found, HIT_FOR_PASS, Row};
use crate::answer::cache::key::Key;
use crate::answer::cache::storing::{Reuse, Unfit};
use crate::answer::cache::tests::{copy, policy_at, policy_with};
use crate::answer::cache::{Copy, Missed};
use crate::fault::{Fault, UpstreamFault};
use crate::routing::route::CachePolicy;

const KEYS: &str = "stale_if_error = \"1h\"";

fn key(policy: &CachePolicy, path: &str, query: Option<&str>) -> Key {
    Key::of(policy, path, query, &HeaderMap::new()).unwrap()
}

fn answer(asked: Asked) -> Result<Arc<Copy>, Missed> {
    Ok(Arc::new(Copy {
        generation: asked.generation,
        epoch: asked.epoch,
        ..copy(&[("content-type", "application/json")])
    }))
}

fn is_fresh(row: &Row, key: &Key) -> bool {
    matches!(row.find(key, Instant::now()), Found::Fresh(_))
}

#[test]
fn a_change_makes_a_stored_answer_unusable_in_an_outage_too() {
    let policy = policy_with(KEYS);
    let (row, key) = (Row::new(&policy, 1 << 20), key(&policy, "/menu", Some("x")));
    let asked = row.ask(&key, Instant::now());
    row.learn(&key, asked, &answer(asked));
    assert!(is_fresh(&row, &key));
    row.invalidate(Some("/menu"));
    assert!(matches!(row.find(&key, Instant::now()), Found::Nothing));
}

#[test]
fn an_answer_asked_for_before_a_change_is_not_stored_after_it() {
    let policy = policy_with(KEYS);
    let (row, key) = (Row::new(&policy, 1 << 20), key(&policy, "/menu", None));
    let before = row.ask(&key, Instant::now());
    row.invalidate(Some("/menu"));
    let after = row.ask(&key, Instant::now());
    assert_ne!(before.generation, after.generation);
    row.learn(&key, after, &answer(after));
    row.learn(&key, before, &answer(before));
    assert!(is_fresh(&row, &key));
}

#[test]
fn a_change_of_one_target_leaves_the_others() {
    let policy = policy_at("/menu/{id}", KEYS);
    let row = Row::new(&policy, 1 << 20);
    let keys: Vec<_> = (0..100)
        .map(|id| key(&policy, &format!("/menu/{id}"), None))
        .collect();
    for key in &keys {
        let asked = row.ask(key, Instant::now());
        row.learn(key, asked, &answer(asked));
    }
    row.invalidate(Some("/menu/7"));
    assert!(!is_fresh(&row, &keys[7]));
    let left = keys.iter().filter(|key| is_fresh(&row, key)).count();
    assert!(left > 90, "{left}");
    row.invalidate(None);
    assert!(!keys.iter().any(|key| is_fresh(&row, key)));
}

#[test]
fn an_expired_answer_is_stale_and_may_stand_in() {
    let policy = policy_with(KEYS);
    let (row, key) = (Row::new(&policy, 1 << 20), key(&policy, "/menu", None));
    let asked = row.ask(&key, Instant::now());
    row.learn(&key, asked, &answer(asked));
    row.expire();
    assert!(matches!(row.find(&key, Instant::now()), Found::Stale(_)));
}

#[test]
fn an_answer_stands_in_for_as_long_as_it_may() {
    let policy = policy_with(KEYS);
    let (row, key) = (Row::new(&policy, 1 << 20), key(&policy, "/menu", None));
    let now = Instant::now();
    for (stale_if_error, later, stands_in) in [
        (3600, 61, true),
        (3600, 3661, false),
        // The upstream forbids a stale answer.
        (0, 61, false),
    ] {
        let asked = row.ask(&key, now);
        let copy = Copy {
            reuse: Reuse {
                age: Duration::ZERO,
                fresh: Duration::from_secs(60),
                stale_if_error: Duration::from_secs(stale_if_error),
            },
            ..copy(&[])
        };
        row.learn(&key, asked, &Ok(Arc::new(copy)));
        let found = row.find(&key, now + Duration::from_secs(later));
        assert_eq!(matches!(found, Found::Stale(_)), stands_in, "{later}");
    }
}

#[test]
fn an_unfit_answer_removes_the_stored_one() {
    let policy = policy_with(KEYS);
    for (unfit, takes_it) in [
        (Unfit::NoStore, true),
        (Unfit::Status(404), true),
        (Unfit::Status(429), false),
        (Unfit::Status(401), false),
    ] {
        let (row, key) = (Row::new(&policy, 1 << 20), key(&policy, "/menu", None));
        let now = Instant::now();
        let asked = row.ask(&key, now);
        row.learn(&key, asked, &answer(asked));
        row.learn(&key, asked, &Err(Missed::Unfit(unfit.clone())));
        assert_eq!(!is_fresh(&row, &key), takes_it, "{unfit}");
        if takes_it {
            assert!(matches!(row.find(&key, now), Found::HitForPass));
            let later = Instant::now() + HIT_FOR_PASS;
            assert!(matches!(row.find(&key, later), Found::Nothing));
        }
    }
}

#[test]
fn a_failure_changes_nothing() {
    let policy = policy_with(KEYS);
    let (row, key) = (Row::new(&policy, 1 << 20), key(&policy, "/menu", None));
    let asked = row.ask(&key, Instant::now());
    row.learn(&key, asked, &answer(asked));
    for missed in [
        Missed::Failed(500),
        Missed::Fault(Fault::upstream(UpstreamFault::Timeout, "test")),
    ] {
        row.learn(&key, asked, &Err(missed));
        assert!(is_fresh(&row, &key));
    }
}

#[test]
fn a_flood_of_questions_stays_within_the_bound_and_evicts_no_frequent_answer() {
    const BYTES: u64 = 1 << 20;
    let policy = policy_with(KEYS);
    let row = Row::new(&policy, BYTES);
    let menu = key(&policy, "/menu", None);
    let asked = row.ask(&menu, Instant::now());
    row.learn(&menu, asked, &answer(asked));
    for number in 0..5_000 {
        if number % 50 == 0 {
            assert!(is_fresh(&row, &menu), "{number}");
        }
        let query = format!("{number}{}", "x".repeat(900));
        let key = key(&policy, "/menu", Some(&query));
        let copy = Copy {
            body: Bytes::from(vec![b'x'; 2_000]),
            ..copy(&[])
        };
        row.learn(&key, asked, &Ok(Arc::new(copy)));
        assert!(row.weight() <= BYTES);
    }
    assert!(row.weight() > BYTES / 2);
}

#[test]
fn a_question_that_is_too_long_has_no_key() {
    let policy = policy_with(KEYS);
    let long = "x".repeat(2_000);
    assert!(Key::of(&policy, "/menu", Some(&long), &HeaderMap::new()).is_none());
    let policy = policy_with("stale_if_error = \"1h\", query = []");
    assert!(Key::of(&policy, "/menu", Some(&long), &HeaderMap::new()).is_some());
}
