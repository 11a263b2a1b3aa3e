//! Who watches which order: however many do, of all workers, one of them asks the services for all.
//!
//! Whoever comes first asks on its own worker, for as long as anybody watches. Where that worker goes away, so does
//! what it says, and the next who notices asks instead.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::inquiry::Round;
use super::subject::Subject;
use crate::guard::Overloaded;

/// Orders that are watched at once. Each costs every service a request every two seconds: with so many, half of what
/// an upstream takes by default is not yet under way to it.
const MOST: usize = 1000;

/// The latest, once there is one.
pub(super) type Latest = Option<Arc<Round>>;

#[derive(Default)]
pub(crate) struct Watches(Mutex<HashMap<Subject, watch::Sender<Latest>>>);

/// The duty to ask, which ends when it is dropped.
pub(super) struct Duty {
    watches: Arc<Watches>,
    subject: Subject,
    latest: watch::Sender<Latest>,
}

impl Watches {
    /// With the duty to ask, where nobody has it yet.
    ///
    /// # Errors
    /// Too many orders are watched already.
    pub(super) fn join(
        self: &Arc<Self>,
        subject: &Subject,
    ) -> Result<(watch::Receiver<Latest>, Option<Duty>), Overloaded> {
        let mut all = self.all();
        if let Some(latest) = all.get(subject) {
            return Ok((latest.subscribe(), None));
        }
        if all.len() >= MOST {
            return Err(Overloaded);
        }
        let (latest, receiver) = watch::channel(None);
        all.insert(subject.clone(), latest.clone());
        let duty = Duty {
            watches: Arc::clone(self),
            subject: subject.clone(),
            latest,
        };
        Ok((receiver, Some(duty)))
    }

    fn all(&self) -> MutexGuard<'_, HashMap<Subject, watch::Sender<Latest>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Duty {
    /// Tells those who watch, if it is news. Who comes later is told in any case.
    pub(super) fn tell(&self, round: &Arc<Round>) {
        self.latest.send_if_modified(|latest| {
            let is_news = latest.as_ref().is_none_or(|old| round.differs(old));
            *latest = Some(Arc::clone(round));
            is_news
        });
    }

    /// Completes when nobody watches any more. Somebody may begin to right then: it finds the duty gone, and takes it.
    pub(super) async fn deserted(&self) {
        self.latest.closed().await;
    }
}

impl Drop for Duty {
    fn drop(&mut self) {
        self.watches.all().remove(&self.subject);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use actix_web::http::header::HeaderMap;
    use futures_util::FutureExt as _;
    use shared_types::problem::Code;

    use super::{MOST, Watches};
    use crate::tracking::inquiry::Round;
    use crate::tracking::part::Refusal;
    use crate::tracking::subject::{OrderId, Subject};

    fn subject(id: usize) -> Subject {
        Subject::of(OrderId::parse(&id.to_string()).unwrap(), &HeaderMap::new())
    }

    fn round() -> Arc<Round> {
        Arc::new(Round {
            verdict: Err(Refusal::Problem(Code::OrderNotFound)),
            drill: None,
        })
    }

    #[test]
    fn the_first_asks_and_tells_the_others() {
        let watches = Arc::new(Watches::default());
        let (first, duty) = watches.join(&subject(7)).unwrap();
        let duty = duty.unwrap();
        let (mut second, none) = watches.join(&subject(7)).unwrap();
        assert!(none.is_none());
        duty.tell(&round());
        assert!(second.has_changed().unwrap());
        assert!(second.borrow_and_update().is_some());
        assert!(duty.deserted().now_or_never().is_none());
        drop((first, second));
        assert!(duty.deserted().now_or_never().is_some());
    }

    #[test]
    fn where_the_one_who_asks_goes_away_another_takes_over() {
        let watches = Arc::new(Watches::default());
        let (mut receiver, duty) = watches.join(&subject(7)).unwrap();
        drop(duty);
        assert!(receiver.changed().now_or_never().unwrap().is_err());
        let (_receiver, duty) = watches.join(&subject(7)).unwrap();
        assert!(duty.is_some());
    }

    #[test]
    fn so_many_are_watched_and_no_more() {
        let watches = Arc::new(Watches::default());
        let mut all: Vec<_> = (0..MOST)
            .map(|id| watches.join(&subject(id)).unwrap())
            .collect();
        assert!(watches.join(&subject(MOST)).is_err());
        assert!(watches.join(&subject(0)).is_ok());
        all.pop();
        assert!(watches.join(&subject(MOST)).is_ok());
    }
}
