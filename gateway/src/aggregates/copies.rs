//! Keeps the last good parts for an outage: bounded in bytes, shared by all workers, and each only
//! for the caller that was shown it.

use std::hash::RandomState;
use std::sync::Arc;
use std::time::{Duration, Instant};

use quick_cache::Weighter;
use quick_cache::sync::{Cache, DefaultLifecycle};
use serde_json::value::RawValue;

use super::key::Key;
use super::part::{Last, PartOutcome};
use crate::answer::cache;

/// The index of a part, and the key of the answer that it belongs to.
type Place = (usize, Key);

struct Copy {
    value: Box<RawValue>,
    taken: Instant,
}

#[derive(Clone)]
struct Weigh;

impl Weighter<Place, Arc<Copy>> for Weigh {
    fn weight(&self, (_, key): &Place, copy: &Arc<Copy>) -> u64 {
        let size = size_of::<Place>() + size_of::<Copy>() + key.size();
        cache::weight(size + copy.value.get().len())
    }
}

type Kept = Cache<Place, Arc<Copy>, Weigh, RandomState>;

pub(crate) struct Copies {
    kept: Option<Arc<Kept>>,
    time_to_live: Duration,
}

impl Copies {
    /// `bytes` is the bound on all copies together. A copy as old as `time_to_live` is not used.
    pub(crate) fn new(bytes: u64, time_to_live: Duration) -> Self {
        let (hasher, lifecycle) = (RandomState::new(), DefaultLifecycle::default());
        let options = cache::options(bytes).filter(|_| !time_to_live.is_zero());
        let kept = options.map(|options| Cache::with_options(options, Weigh, hasher, lifecycle));
        Self {
            kept: kept.map(Arc::new),
            time_to_live,
        }
    }

    /// The same copies for another configuration, with other limits.
    pub(super) fn succeeding(&self, bytes: u64, time_to_live: Duration) -> Self {
        let kept = self.kept.as_ref().filter(|_| !time_to_live.is_zero());
        let Some(kept) = kept else {
            return Self::new(bytes, time_to_live);
        };
        kept.set_capacity(bytes);
        Self {
            kept: Some(Arc::clone(kept)),
            time_to_live,
        }
    }

    /// Learns from an outcome. Returns the last good part if this one has failed.
    pub(super) fn learn(&self, part: usize, key: &Key, outcome: &PartOutcome) -> Option<Last> {
        let copies = self.kept.as_ref()?;
        let key = (part, key.clone());
        match outcome {
            PartOutcome::Found(value) => {
                let copy = Copy {
                    value: value.clone(),
                    taken: Instant::now(),
                };
                copies.insert(key, Arc::new(copy));
                None
            }
            // A part that the service no longer has, or shows, must not return in its next outage.
            PartOutcome::Missing | PartOutcome::Refused(_) => {
                copies.remove(&key);
                None
            }
            PartOutcome::Failed(_) => {
                let copy = copies.get(&key)?;
                let age = copy.taken.elapsed();
                if age >= self.time_to_live {
                    copies.remove(&key);
                    return None;
                }
                Some(Last {
                    value: copy.value.clone(),
                    age,
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderValue};
    use serde_json::value::RawValue;

    use super::Copies;
    use crate::aggregates::key::{Key, Parameter};
    use crate::aggregates::part::PartOutcome;
    use crate::fault::{Fault, UpstreamFault};

    const HOUR: Duration = Duration::from_secs(60 * 60);

    fn key(id: &str, token: Option<&'static str>) -> Key {
        let mut fields = HeaderMap::new();
        if let Some(token) = token {
            fields.insert(AUTHORIZATION, HeaderValue::from_static(token));
        }
        Key::of([Parameter::parse(id).unwrap()].into(), &fields)
    }

    fn found() -> PartOutcome {
        PartOutcome::Found(RawValue::from_string("{}".to_owned()).unwrap())
    }

    fn failed() -> PartOutcome {
        PartOutcome::Failed(Fault::upstream(UpstreamFault::Unreachable, "test"))
    }

    #[test]
    fn a_copy_is_for_its_part_parameters_and_caller_alone() {
        let copies = Copies::new(1 << 20, HOUR);
        let mine = key("7", Some("Bearer a"));
        assert!(copies.learn(0, &mine, &found()).is_none());
        let last = |part, key: &Key| copies.learn(part, key, &failed()).is_some();
        assert!(last(0, &mine));
        assert!(!last(1, &mine));
        assert!(!last(0, &key("8", Some("Bearer a"))));
        assert!(!last(0, &key("7", Some("Bearer b"))));
        assert!(!last(0, &key("7", None)));
    }

    #[test]
    fn a_caller_with_many_keys_evicts_none_that_is_still_watched() {
        let copies = Copies::new(1 << 20, HOUR);
        let watched = key("watched", None);
        for flood in 0..50_000 {
            if flood % 100 == 0 {
                copies.learn(0, &watched, &found());
            }
            let other = key(&flood.to_string(), None);
            copies.learn(0, &other, &found());
        }
        let last = copies.learn(0, &watched, &failed());
        assert!(last.is_some());
        let last = |id: u32| copies.learn(0, &key(&id.to_string(), None), &failed());
        assert!((0..50_000).filter(|id| last(*id).is_some()).count() < 25_000);
    }

    #[test]
    fn a_part_that_the_service_no_longer_has_does_not_return() {
        let copies = Copies::new(1 << 20, HOUR);
        let mine = key("7", None);
        copies.learn(1, &mine, &found());
        copies.learn(1, &mine, &PartOutcome::Missing);
        assert!(copies.learn(1, &mine, &failed()).is_none());
    }

    #[test]
    fn without_a_time_to_live_nothing_is_kept() {
        let copies = Copies::new(1 << 20, Duration::ZERO);
        let mine = key("7", None);
        copies.learn(0, &mine, &found());
        assert!(copies.learn(0, &mine, &failed()).is_none());
        assert!(copies.kept.is_none());
    }
}
