//! Keeps the last good parts for an outage: bounded in bytes, shared by all workers, and each only
//! for the caller that was shown it.

use std::hash::RandomState;
use std::sync::Arc;
use std::time::{Duration, Instant};

use quick_cache::Weighter;
use quick_cache::sync::{Cache, DefaultLifecycle};
use serde_json::value::RawValue;

use super::part::{Last, PartOutcome};
use super::subject::Subject;
use crate::answer::cache;

/// A meal ordered longer ago has been eaten.
const TIME_TO_LIVE: Duration = Duration::from_secs(60 * 60);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum PartName {
    Order,
    Kitchen,
    Delivery,
}

type Key = (PartName, Subject);

struct Copy {
    value: Box<RawValue>,
    taken: Instant,
}

#[derive(Clone)]
struct Weigh;

impl Weighter<Key, Arc<Copy>> for Weigh {
    fn weight(&self, (_, subject): &Key, copy: &Arc<Copy>) -> u64 {
        let size = size_of::<Key>() + size_of::<Copy>() + subject.size();
        cache::weight(size + copy.value.get().len())
    }
}

pub(crate) struct Copies(Option<Cache<Key, Arc<Copy>, Weigh, RandomState>>);

impl Copies {
    /// `bytes` is the bound on all copies together.
    pub(crate) fn new(bytes: u64) -> Self {
        let (hasher, lifecycle) = (RandomState::new(), DefaultLifecycle::default());
        let options = cache::options(bytes);
        Self(options.map(|options| Cache::with_options(options, Weigh, hasher, lifecycle)))
    }

    /// Learns from an outcome. Returns the last good part if this one has failed.
    pub(super) fn learn(
        &self,
        part: PartName,
        subject: &Subject,
        outcome: &PartOutcome,
    ) -> Option<Last> {
        let copies = self.0.as_ref()?;
        let key = (part, subject.clone());
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
                if age >= TIME_TO_LIVE {
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
    use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderValue};
    use serde_json::value::RawValue;

    use super::{Copies, PartName};
    use crate::fault::{Fault, UpstreamFault};
    use crate::restaurant::tracking::part::PartOutcome;
    use crate::restaurant::tracking::subject::{OrderId, Subject};

    fn subject(id: &str, token: Option<&'static str>) -> Subject {
        let mut fields = HeaderMap::new();
        if let Some(token) = token {
            fields.insert(AUTHORIZATION, HeaderValue::from_static(token));
        }
        Subject::of(OrderId::parse(id).unwrap(), &fields)
    }

    fn found() -> PartOutcome {
        PartOutcome::Found(RawValue::from_string("{}".to_owned()).unwrap())
    }

    fn failed() -> PartOutcome {
        PartOutcome::Failed(Fault::upstream(UpstreamFault::Unreachable, "test"))
    }

    #[test]
    fn a_copy_is_for_its_part_order_and_caller_alone() {
        let copies = Copies::new(1 << 20);
        let mine = subject("7", Some("Bearer a"));
        assert!(copies.learn(PartName::Order, &mine, &found()).is_none());
        let last = |part, subject: &Subject| copies.learn(part, subject, &failed()).is_some();
        assert!(last(PartName::Order, &mine));
        assert!(!last(PartName::Kitchen, &mine));
        assert!(!last(PartName::Order, &subject("8", Some("Bearer a"))));
        assert!(!last(PartName::Order, &subject("7", Some("Bearer b"))));
        assert!(!last(PartName::Order, &subject("7", None)));
    }

    #[test]
    fn a_caller_with_many_orders_evicts_none_that_is_still_watched() {
        let copies = Copies::new(1 << 20);
        let watched = subject("watched", None);
        for flood in 0..50_000 {
            if flood % 100 == 0 {
                copies.learn(PartName::Order, &watched, &found());
            }
            let other = subject(&flood.to_string(), None);
            copies.learn(PartName::Order, &other, &found());
        }
        let last = copies.learn(PartName::Order, &watched, &failed());
        assert!(last.is_some());
        let last =
            |id: u32| copies.learn(PartName::Order, &subject(&id.to_string(), None), &failed());
        assert!((0..50_000).filter(|id| last(*id).is_some()).count() < 25_000);
    }

    #[test]
    fn a_part_that_the_service_no_longer_has_does_not_return() {
        let copies = Copies::new(1 << 20);
        let mine = subject("7", None);
        copies.learn(PartName::Kitchen, &mine, &found());
        copies.learn(PartName::Kitchen, &mine, &PartOutcome::Missing);
        assert!(copies.learn(PartName::Kitchen, &mine, &failed()).is_none());
    }
}
