//! Which answers are saved, and which come back.

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::http::header::HeaderMap;

use super::{Restored, RowId, wall_clock};
use crate::answer::cache::key::Key;
use crate::answer::cache::row::{Found, Row};
use crate::answer::cache::storing::Unfit;
use crate::answer::cache::tests::{copy, policy_at, policy_with};
use crate::answer::cache::{Cache, CachedRow, Copy, Missed};
use crate::metrics::Metrics;
use crate::routing::route::CachePolicy;

const KEYS: &str = "stale_if_error = \"1h\"";

const HOUR: Duration = Duration::from_secs(3600);

fn cache(policy: &Arc<CachePolicy>) -> Cache {
    cache_as(policy, RowId::of([&*policy.path]))
}

fn cache_as(policy: &Arc<CachePolicy>, id: RowId) -> Cache {
    let lookups = Metrics::new().unwrap().lookups.clone();
    let row = CachedRow {
        policy: Arc::clone(policy),
        id: Some(id),
    };
    Cache::new(vec![row], 1 << 20, lookups, None)
}

fn key(policy: &CachePolicy, path: &str) -> Key {
    Key::of(policy, path, None, &HeaderMap::new()).unwrap()
}

/// Stores an answer that arrived this long ago.
fn store(row: &Row, key: &Key, held: Duration) {
    let asked = row.ask(key, Instant::now());
    let mut copy = Copy {
        generation: asked.generation,
        epoch: asked.epoch,
        taken: Instant::now().checked_sub(held).unwrap(),
        ..copy(&[("content-type", "application/json")])
    };
    copy.reuse.age = Duration::from_secs(5);
    row.learn(key, asked, &Ok(Arc::new(copy)));
}

fn saved(cache: &Cache) -> Vec<u8> {
    let mut bytes = Vec::new();
    cache.save(&mut bytes).unwrap();
    bytes
}

/// A gateway that starts this long after the answers were saved.
fn restored(policy: &Arc<CachePolicy>, saved: &[u8], later: Duration) -> (Cache, Restored) {
    let cache = cache(policy);
    let now = wall_clock() + later;
    let restored = cache.restore_at(saved, now).unwrap();
    (cache, restored)
}

fn is_between(age: Duration, least: u64) -> bool {
    (least..least + 60).contains(&age.as_secs())
}

#[test]
fn an_answer_comes_back_stale_and_its_age_has_counted_on() {
    let policy = policy_with(KEYS);
    let before = cache(&policy);
    let key = key(&policy, "/menu");
    store(&before.rows[0].row, &key, Duration::from_secs(10));
    assert!(matches!(
        before.rows[0].row.find(&key, Instant::now()),
        Found::Fresh(_)
    ));
    let bytes = saved(&before);
    let (after, restored) = restored(&policy, &bytes, Duration::from_secs(30));
    assert_eq!((restored.answers, restored.ignored), (1, 0));
    let Found::Stale(copy) = after.rows[0].row.find(&key, Instant::now()) else {
        panic!("a fresh answer, or none");
    };
    assert_eq!(&copy.body[..], b"[]");
    assert_eq!(copy.fields[0].1, "application/json");
    assert!(is_between(copy.age(Instant::now()), 5 + 10 + 30));
    let age = after.age(&policy, "/menu", None).unwrap();
    assert!(is_between(age, 5 + 10 + 30));
    // A warm row asks for another one at once.
    assert_eq!(after.stored(&policy, "/menu"), None);
    // It is saved again, as it is, until there is a better one.
    assert_eq!(after.rows[0].row.answers().count(), 1);
    store(&after.rows[0].row, &key, Duration::ZERO);
    assert!(matches!(
        after.rows[0].row.find(&key, Instant::now()),
        Found::Fresh(_)
    ));
}

#[test]
fn an_answer_comes_back_for_as_long_as_it_may_be_used_whenever_the_machine_was_started() {
    // Longer than any machine has run.
    let policy = policy_with("stale_if_error = \"1y\"");
    let year = Duration::from_secs(31_557_600);
    let before = cache(&policy);
    store(&before.rows[0].row, &key(&policy, "/menu"), Duration::ZERO);
    let bytes = saved(&before);
    for (later, answers) in [(year - HOUR, 1), (year + HOUR, 0)] {
        let (after, restored) = restored(&policy, &bytes, later);
        assert_eq!((restored.answers, restored.ignored), (answers, 1 - answers));
        assert_eq!(after.age(&policy, "/menu", None).is_some(), answers == 1);
    }
}

#[test]
fn a_clock_that_was_set_back_leaves_an_answer_as_old_as_it_was() {
    let policy = policy_with(KEYS);
    let before = cache(&policy);
    store(
        &before.rows[0].row,
        &key(&policy, "/menu"),
        Duration::from_secs(100),
    );
    let bytes = saved(&before);
    let after = cache(&policy);
    let restored = after.restore_at(&bytes, Duration::from_secs(1));
    assert_eq!(restored.unwrap().since, Duration::ZERO);
    assert!(is_between(
        after.age(&policy, "/menu", None).unwrap(),
        5 + 100
    ));
}

#[test]
fn an_answer_that_may_not_replace_another_is_not_saved() {
    let policy = policy_at("/menu/{id}", KEYS);
    let cache = cache(&policy);
    let row = &cache.rows[0].row;
    let [old, changed, gone, good] =
        ["old", "changed", "gone", "good"].map(|id| key(&policy, &format!("/menu/{id}")));
    store(row, &old, 2 * HOUR);
    store(row, &changed, Duration::ZERO);
    row.invalidate(Some("/menu/changed"));
    store(row, &gone, Duration::ZERO);
    let asked = row.ask(&gone, Instant::now());
    row.learn(&gone, asked, &Err(Missed::Unfit(Unfit::Status(404))));
    store(row, &good, Duration::ZERO);
    let saved: Vec<_> = row.answers().map(|(key, _)| key).collect();
    assert_eq!(saved, [good]);
}

#[test]
fn an_answer_of_another_row_is_ignored() {
    let policy = policy_with(KEYS);
    let before = cache(&policy);
    store(&before.rows[0].row, &key(&policy, "/menu"), Duration::ZERO);
    let bytes = saved(&before);
    let after = cache_as(&policy, RowId::of(["/menus"]));
    let restored = after.restore(&bytes).unwrap();
    assert_eq!((restored.answers, restored.ignored), (0, 1));
    assert_eq!(after.age(&policy, "/menu", None), None);
}

#[test]
fn the_present_row_says_for_how_long_an_answer_is_used() {
    let before = policy_with("fresh = \"10m\", stale_if_error = \"1h\"");
    let saving = cache(&before);
    store(&saving.rows[0].row, &key(&before, "/menu"), Duration::ZERO);
    let bytes = saved(&saving);
    for (keys, answers) in [
        ("stale_if_error = \"3h\"", 1),
        ("stale_if_error = \"1m\"", 0),
    ] {
        let (_, restored) = restored(&policy_with(keys), &bytes, 2 * HOUR);
        assert_eq!(restored.answers, answers, "{keys}");
    }
}

#[test]
fn changes_are_counted_when_an_answer_comes_and_when_one_is_out_of_date() {
    let policy = policy_with(KEYS);
    let cache = cache(&policy);
    let (row, key) = (&cache.rows[0].row, key(&policy, "/menu"));
    let before = cache.changes();
    let _ = row.find(&key, Instant::now());
    row.expire();
    assert_eq!(cache.changes(), before);
    store(row, &key, Duration::ZERO);
    assert_eq!(cache.changes().stored, before.stored + 1);
    row.invalidate(None);
    assert_eq!(cache.changes().invalidated, before.invalidated + 1);
}

#[test]
fn no_part_of_a_rows_identity_runs_into_the_next() {
    assert_eq!(RowId::of(["a", "b"]), RowId::of(["a", "b"]));
    assert_ne!(RowId::of(["ab", "c"]), RowId::of(["a", "bc"]));
    assert_ne!(RowId::of(["a"]), RowId::of(["a", ""]));
}
