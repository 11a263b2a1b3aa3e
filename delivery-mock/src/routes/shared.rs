//! What all handlers share: delivery, and the order service that hears what is marked here.
//!
//! Everybody may read at any time. Whoever changes something takes a [`Turn`], which is the only way to a change.

use std::ops::Deref;
use std::sync::{Mutex, MutexGuard, PoisonError};

use actix_web::HttpRequest;
use serde::Serialize;
use service_kit::client_address::ClientAddress;
use service_kit::failure::Failure;
use service_kit::idempotency::{Answers, Claim, Key, Made, SealedKey};
use service_kit::orders::{self, Admission, Keeper, Learned, Orders};
use service_kit::turns::{self, Turns};
use shared_types::id::OrderRef;
use shared_types::order::{Order, OrderStatus};
use shared_types::problem::Code;
use shared_types::value::Timestamp;

use super::failure;
use crate::dispatch::{Dispatch, Limits, Refusal};

pub(crate) struct SharedDispatch {
    dispatch: Mutex<Dispatch>,
    /// What was answered to requests that may be repeated. Locked before the other.
    answers: Mutex<Answers>,
    /// Of the changes: what was possible when it was checked still is when its report is written.
    turns: Turns,
    orders: Option<Orders>,
}

/// Nobody else changes anything meanwhile.
pub(super) struct Turn<'a> {
    shared: &'a SharedDispatch,
    _turn: turns::Turn<'a>,
}

impl SharedDispatch {
    pub(crate) fn new(seed_demo: bool, orders: Option<Orders>) -> Self {
        let limits = Limits::default();
        let dispatch = if seed_demo {
            Dispatch::with_samples(limits, Timestamp::now())
        } else {
            Dispatch::new(limits)
        };
        Self {
            dispatch: Mutex::new(dispatch),
            answers: Mutex::default(),
            turns: Turns::default(),
            orders,
        }
    }

    pub(super) fn read(&self) -> impl Deref<Target = Dispatch> {
        self.lock()
    }

    pub(super) async fn turn(&self) -> Result<Turn<'_>, Failure> {
        Ok(Turn {
            _turn: self.turns.next().await?,
            shared: self,
        })
    }

    /// Takes note of an event.
    pub(super) async fn hear(&self, order: &Order) -> Result<(), Failure> {
        orders::hear(self.orders.as_ref(), order, self).await
    }

    /// A panic elsewhere leaves every delivery whole: a change is made on a copy and put in place at once.
    fn lock(&self) -> MutexGuard<'_, Dispatch> {
        self.dispatch.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A panic elsewhere leaves every answer whole: each is kept or dropped in one step.
    fn answers(&self) -> MutexGuard<'_, Answers> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Keeper for SharedDispatch {
    async fn learn(&self, order: &Order, admission: Admission) -> Result<Learned, Failure> {
        let _turn = self.turns.next().await?;
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

impl Turn<'_> {
    pub(super) fn change<T>(
        &self,
        work: impl FnOnce(&mut Dispatch) -> Result<T, Refusal>,
    ) -> Result<T, Failure> {
        work(&mut self.shared.lock()).map_err(failure)
    }

    /// Does what a request asks for, unless it was done before under the same key: then the answer is the first one.
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

    /// Forgets the answers about something that is deleted.
    pub(super) fn forget(&self, made: &str) {
        self.shared.answers().forget(made);
    }

    /// Reports where an order stands now, if that is news of it; before it shows, so that what cannot be kept changes
    /// nothing.
    pub(super) async fn report(
        &self,
        order: &OrderRef,
        status: Option<OrderStatus>,
    ) -> Result<(), Failure> {
        match (&self.shared.orders, status) {
            (Some(orders), Some(status)) => orders.report(order, status).await,
            _ => Ok(()),
        }
    }
}

/// Who asks, and under which key.
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
