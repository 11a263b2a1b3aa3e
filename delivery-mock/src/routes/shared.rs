//! The state that all handlers share: the deliveries, and the connection to the order service.
//!
//! Reads need no lock. A change needs [`Exclusive`], which one request at a time has.

use std::ops::Deref;
use std::sync::{Mutex, MutexGuard, PoisonError};

use actix_web::HttpRequest;
use order_feed::change_lock::{ChangeGuard, ChangeLock};
use order_feed::{Admission, Learned, LocalOrders, OrderFeed};
use serde::Serialize;
use service_kit::client_address::ClientAddress;
use service_kit::failure::Failure;
use service_kit::idempotency::{Answers, Claim, Key, Made, SealedKey};
use shared_types::id::OrderRef;
use shared_types::order::{Order, OrderStatus};
use shared_types::problem::Code;
use shared_types::value::Timestamp;

use super::failure;
use crate::dispatch::{Dispatch, Limits, Refusal};

pub(crate) struct SharedDispatch {
    dispatch: Mutex<Dispatch>,
    /// The answers to requests that may be repeated. Locked before `dispatch`.
    answers: Mutex<Answers>,
    /// Held by a change, so that it is still possible when its report is written.
    change_lock: ChangeLock,
    feed: Option<OrderFeed>,
}

/// The right to change something. No other request changes anything meanwhile.
pub(super) struct Exclusive<'a> {
    shared: &'a SharedDispatch,
    _guard: ChangeGuard<'a>,
}

impl SharedDispatch {
    pub(crate) fn new(seed_demo: bool, feed: Option<OrderFeed>) -> Self {
        let limits = Limits::default();
        let dispatch = if seed_demo {
            Dispatch::with_samples(limits, Timestamp::now())
        } else {
            Dispatch::new(limits)
        };
        Self {
            dispatch: Mutex::new(dispatch),
            answers: Mutex::default(),
            change_lock: ChangeLock::default(),
            feed,
        }
    }

    pub(super) fn read(&self) -> impl Deref<Target = Dispatch> {
        self.lock()
    }

    pub(super) async fn exclusive(&self) -> Result<Exclusive<'_>, Failure> {
        Ok(Exclusive {
            _guard: self.change_lock.acquire().await?,
            shared: self,
        })
    }

    pub(super) async fn receive(&self, order: &Order) -> Result<(), Failure> {
        order_feed::receive(self.feed.as_ref(), order, self).await
    }

    /// A panic elsewhere leaves every delivery consistent: a change is made on a copy and put in
    /// place at once.
    fn lock(&self) -> MutexGuard<'_, Dispatch> {
        self.dispatch.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A panic elsewhere leaves every answer consistent: each is stored or removed in one step.
    fn answers(&self) -> MutexGuard<'_, Answers> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LocalOrders for SharedDispatch {
    async fn learn(&self, order: &Order, admission: Admission) -> Result<Learned, Failure> {
        let _guard = self.change_lock.acquire().await?;
        match self.lock().learn(order, admission, Timestamp::now()) {
            Ok(()) => Ok(Learned::Known),
            Err(Refusal::Full) => Ok(Learned::NoRoom),
            Err(refusal) => Err(failure(refusal)),
        }
    }

    fn has_room(&self) -> bool {
        self.lock().has_room()
    }
}

impl Exclusive<'_> {
    pub(super) fn change<T>(
        &self,
        work: impl FnOnce(&mut Dispatch) -> Result<T, Refusal>,
    ) -> Result<T, Failure> {
        work(&mut self.shared.lock()).map_err(failure)
    }

    /// Executes a request, or repeats the answer to an earlier request with the same key.
    pub(super) fn once<T: Serialize>(
        &self,
        asked: &Asked,
        id: impl FnOnce(&T) -> String,
        work: impl FnOnce(&mut Dispatch) -> Result<T, Refusal>,
    ) -> Result<Made<T>, Failure> {
        let Some(key) = &asked.key else {
            return self.change(work).map(Made::Now);
        };
        let mut answers = self.shared.answers();
        let now = Timestamp::now();
        match answers.claim(key, now) {
            Claim::First => {}
            Claim::Done(answer) => return Ok(Made::Before(answer)),
            Claim::Reused => return Err(Failure::new(Code::IdempotencyKeyReused)),
        }
        let made = self.change(work)?;
        let text = serde_json::to_string(&made).map_err(Failure::internal)?;
        answers.keep(key, asked.client, (id(&made), text), now);
        Ok(Made::Now(made))
    }

    /// Removes the answers about something that is deleted.
    pub(super) fn forget(&self, made: &str) {
        self.shared.answers().forget(made);
    }

    /// Reports the order's status if it has changed. This comes before the change shows, so that a
    /// report that cannot be written changes nothing.
    pub(super) async fn report(
        &self,
        order: &OrderRef,
        status: Option<OrderStatus>,
    ) -> Result<(), Failure> {
        match (&self.shared.feed, status) {
            (Some(feed), Some(status)) => feed.report(order, status).await,
            _ => Ok(()),
        }
    }
}

/// The sender of a request and its key.
pub(super) struct Asked {
    pub(super) client: Option<ClientAddress>,
    key: Option<SealedKey>,
}

impl Asked {
    /// The same body under the same key at another path is another request.
    pub(super) fn of(request: &HttpRequest, key: Option<Key>) -> Self {
        Self {
            client: ClientAddress::of(request.headers()),
            key: key.map(|key| key.sealed_with(request.path().as_bytes())),
        }
    }
}
