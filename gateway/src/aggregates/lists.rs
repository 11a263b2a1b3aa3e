//! Shares answers that are for all values of the parameters, such as a list: one request serves all
//! that need the same answer.
//!
//! Otherwise each watched key would make the service send the whole list. So requests wait for a
//! list that is under way, and use again one that has just come: polls for a second; a single
//! request for as long as the list would take at 1 MiB/s, and at most a second. A short list is
//! thus as good as new, and a long one costs at most a second's worth of work each second.
//!
//! One caller's list is not for another, since the services may judge the token: only callers with
//! the same `Authorization` share.

use std::hash::RandomState;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::rt;
use http::header::HeaderMap;
use quick_cache::Weighter;
use quick_cache::sync::{Cache, DefaultLifecycle};
use service_kit::trace::OpenSpan;
use tokio::time::sleep;

use super::document::Document;
use super::part::PartOutcome;
use super::shared::{Duty, Shared};
use super::source::{Call, Source};
use crate::answer::cache;
use crate::fault::Fault;

/// Half the time between two polls of a client that watches, so that each poll asks for a list
/// once.
const MOST_AGE: Duration = Duration::from_secs(1);

/// The bytes per second at which a list may be asked for again.
const PACE: f64 = 1024.0 * 1024.0;

/// The bytes of all lists that are kept for reuse: room for one of the longest and many usual ones.
const MOST_HELD: u64 = 16 * 1024 * 1024;

/// A list and its caller.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct ListKey {
    /// The index of the part.
    pub(super) part: usize,
    pub(super) authorization: Option<Arc<[u8]>>,
    /// How often the request has passed this gateway: one that returns here would wait for itself.
    pub(super) passages: usize,
}

/// The result of asking for a list.
pub(super) struct Reading {
    pub(super) outcome: PartOutcome<Document>,
    /// When it was asked for. Later changes are not in it.
    asked: Instant,
}

#[derive(Clone)]
struct Weigh;

impl Weighter<ListKey, Arc<Reading>> for Weigh {
    fn weight(&self, key: &ListKey, reading: &Arc<Reading>) -> u64 {
        let token = key.authorization.as_ref().map_or(0, |token| token.len());
        cache::weight(size_of::<ListKey>() + token + reading.size())
    }
}

pub(crate) struct Lists {
    under_way: Arc<Shared<ListKey, Reading>>,
    /// Each is kept for `MOST_AGE`.
    recent: Option<Cache<ListKey, Arc<Reading>, Weigh, RandomState>>,
}

/// The source of a list, and the request that it is asked for.
pub(super) struct ListQuery {
    pub(super) source: Source,
    pub(super) fields: HeaderMap,
    pub(super) request_id: String,
    pub(super) span: Option<OpenSpan>,
}

impl Default for Lists {
    fn default() -> Self {
        let (hasher, lifecycle) = (RandomState::new(), DefaultLifecycle::default());
        let options = cache::options(MOST_HELD);
        let recent = options.map(|options| Cache::with_options(options, Weigh, hasher, lifecycle));
        Self {
            under_way: Arc::default(),
            recent,
        }
    }
}

impl Lists {
    /// Returns the list. `is_poll` is true for clients that watch. `query` is called only if the
    /// list must be asked for.
    pub(super) async fn get(
        self: &Arc<Self>,
        key: &ListKey,
        is_poll: bool,
        timeout: Duration,
        query: impl Fn() -> ListQuery,
    ) -> Arc<Reading> {
        let deadline = Instant::now() + timeout;
        loop {
            if let Some(reading) = self.recent(key, is_poll) {
                return reading;
            }
            // Each query has a waiting caller, and those are bounded.
            let joined = self.under_way.join(key, usize::MAX);
            let (mut receiver, duty) = match joined {
                Ok(joined) => joined,
                Err(overloaded) => return Reading::failed(overloaded.into()),
            };
            if let Some(duty) = duty {
                // The list may have come since the check above.
                if let Some(reading) = self.recent(key, is_poll) {
                    return reading;
                }
                rt::spawn(query().ask(Arc::clone(self), duty));
            }
            let left = deadline.saturating_duration_since(Instant::now());
            match tokio::time::timeout(left, receiver.wait_for(Option::is_some)).await {
                Ok(told) => {
                    // The task with the duty may have ended before it had an answer.
                    if let Some(reading) = told.ok().and_then(|reading| reading.clone()) {
                        return reading;
                    }
                }
                Err(_elapsed) => return Reading::failed(Fault::late()),
            }
        }
    }

    fn recent(&self, key: &ListKey, is_poll: bool) -> Option<Arc<Reading>> {
        let reading = self.recent.as_ref()?.get(key)?;
        (reading.asked.elapsed() <= reading.most_age(is_poll)).then_some(reading)
    }
}

impl ListQuery {
    /// Asks for the list, for as long as anybody waits.
    async fn ask(self, lists: Arc<Lists>, duty: Duty<ListKey, Reading>) {
        let asked = Instant::now();
        let answered = async {
            let call = Call {
                client: None,
                drill: None,
                fields: self.fields,
                request_id: &self.request_id,
                span: self.span,
            };
            let answered = self.source.fetch(call).await;
            PartOutcome::of(answered, &self.source.form, self.source.is_by_id)
        };
        let outcome = tokio::select! {
            outcome = answered => outcome,
            () = duty.deserted() => return,
        };
        let reading = Arc::new(Reading { outcome, asked });
        let key = duty.key.clone();
        if let Some(recent) = &lists.recent {
            recent.insert(key.clone(), Arc::clone(&reading));
        }
        duty.latest.send_replace(Some(Arc::clone(&reading)));
        drop(duty);
        // After this nobody may use it, so it must not take memory either.
        sleep(MOST_AGE).await;
        if let Some(recent) = &lists.recent {
            recent.remove_if(&key, |held| Arc::ptr_eq(held, &reading));
        }
    }
}

impl Reading {
    fn failed(fault: Fault) -> Arc<Self> {
        Arc::new(Self {
            outcome: PartOutcome::Failed(fault),
            asked: Instant::now(),
        })
    }

    /// The bytes that it takes.
    fn size(&self) -> usize {
        match &self.outcome {
            PartOutcome::Found(list) => list.size(),
            PartOutcome::Missing | PartOutcome::Refused(_) | PartOutcome::Failed(_) => {
                size_of::<Self>()
            }
        }
    }

    /// How old it may be to be used again.
    fn most_age(&self, is_poll: bool) -> Duration {
        match &self.outcome {
            _ if is_poll => MOST_AGE,
            PartOutcome::Found(list) => {
                let paced = Duration::from_secs_f64(list.length() as f64 / PACE);
                paced.min(MOST_AGE)
            }
            // The answer was short.
            PartOutcome::Missing | PartOutcome::Refused(_) | PartOutcome::Failed(_) => {
                Duration::ZERO
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Document, Fault, MOST_AGE, PartOutcome, Reading};
    use crate::aggregates::settings::Form;

    /// A reading whose answer has about this many bytes.
    fn reading(length: usize) -> Reading {
        let body = format!("[\"{}\"]", "x".repeat(length));
        Reading {
            outcome: PartOutcome::Found(Document::read(body.into(), &Form::Whole(None)).unwrap()),
            asked: Instant::now(),
        }
    }

    #[test]
    fn a_poll_uses_a_list_for_a_second() {
        assert_eq!(reading(9).most_age(true), MOST_AGE);
        assert_eq!(reading(2 << 20).most_age(true), MOST_AGE);
        assert_eq!(Reading::failed(Fault::late()).most_age(true), MOST_AGE);
    }

    #[test]
    fn a_single_request_uses_a_list_longer_the_longer_it_is() {
        let millis = |length| reading(length).most_age(false).as_millis();
        assert_eq!(millis(100), 0);
        assert_eq!(millis(256 << 10), 250);
        assert_eq!(reading(2 << 20).most_age(false), MOST_AGE);
        let failed = Reading::failed(Fault::late());
        assert_eq!(failed.most_age(false), Duration::ZERO);
    }
}
