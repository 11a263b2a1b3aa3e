//! What a service knows of the client service's tokens.

use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use jsonwebtoken::jwk::JwkSet;
use shared_types::value::Timestamp;

use super::ended::Ended;
use super::revocations::{EndedSession, PAGE, Revocations};
use super::token::{Claims, PublicKeys, TokenError};

#[derive(Debug, Default)]
pub(super) struct Known(RwLock<State>);

#[derive(Debug, Default)]
struct State {
    /// `None` until the client service has answered once.
    keys: Option<(JwkSet, PublicKeys)>,
    ended: Ended,
}

/// Why a token is not accepted.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    #[error(transparent)]
    Token(#[from] TokenError),
    #[error("the token's session has ended")]
    SessionEnded,
    #[error("the client service's keys are not known yet")]
    NoKeys,
}

impl Known {
    pub(super) fn check(&self, token: &str) -> Result<Claims, Refused> {
        let state = self.read();
        let (_, keys) = state.keys.as_ref().ok_or(Refused::NoKeys)?;
        let claims = keys.read(token)?;
        if state.ended.contains(claims.sid) {
            return Err(Refused::SessionEnded);
        }
        Ok(claims)
    }

    /// The first keys count once every ended session is known: until then, one of theirs would pass.
    /// Returns whether there was room for every ended session.
    pub(super) fn learn(&self, told: Revocations, now: Timestamp) -> bool {
        let mut state = self.write();
        let is_last_page = told.ended.len() < PAGE;
        let is_new = match &state.keys {
            Some((known, _)) => *known != told.keys,
            None => is_last_page,
        };
        if is_new {
            let keys = PublicKeys::of(&told.keys);
            state.keys = Some((told.keys, keys));
        }
        let add = |EndedSession { session, until, .. }| state.ended.add(session, until, now);
        // Every one is added, whether the one before found room or not.
        told.ended
            .into_iter()
            .map(add)
            .fold(true, |all, had_room| all & had_room)
    }

    pub(super) fn forget_expired(&self, now: Timestamp) {
        self.write().ended.forget_expired(now);
    }

    /// A panic elsewhere leaves the state consistent: each part is replaced or added in one step.
    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}
