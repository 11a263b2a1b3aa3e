//! What a service knows of the client service's tokens.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use jsonwebtoken::jwk::JwkSet;
use shared_types::value::Timestamp;

use super::ended::Ended;
use super::revocations::{EndedSession, Revocations};
use super::token::{Claims, PublicKeys, TokenError};
use super::verified::Verified;

#[derive(Debug, Default)]
pub(super) struct Known(RwLock<State>);

#[derive(Debug, Default)]
struct State {
    /// `None` until the client service has answered once.
    keys: Option<(JwkSet, Arc<PublicKeys>)>,
    /// By these keys.
    verified: Verified,
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

impl State {
    fn live(&self, claims: Claims) -> Result<Claims, Refused> {
        if self.ended.contains(claims.sid) {
            return Err(Refused::SessionEnded);
        }
        Ok(claims)
    }
}

impl Known {
    pub(super) fn check(&self, token: &str, now: Timestamp) -> Result<Claims, Refused> {
        let state = self.read();
        if let Some(claims) = state.verified.get(token) {
            if claims.exp < now.millis().div_euclid(1000) {
                return Err(TokenError::Expired.into());
            }
            return state.live(claims.clone());
        }
        let (_, keys) = state.keys.as_ref().ok_or(Refused::NoKeys)?;
        let keys = Arc::clone(keys);
        // Nobody else waits while a signature is checked.
        drop(state);
        let claims = keys.read(token)?;
        let mut state = self.write();
        // Its key may be gone by now.
        if state
            .keys
            .as_ref()
            .is_some_and(|(_, known)| Arc::ptr_eq(known, &keys))
        {
            state.verified.add(token, claims.clone());
        }
        state.live(claims)
    }

    /// The first keys count once every ended session is known: until then, one of theirs would pass.
    /// Returns whether there was room for every ended session.
    pub(super) fn learn(&self, told: Revocations, now: Timestamp) -> bool {
        let mut state = self.write();
        let is_new = match &state.keys {
            Some((known, _)) => *known != told.keys,
            None => told.is_complete(),
        };
        if is_new {
            let keys = Arc::new(PublicKeys::of(&told.keys));
            state.keys = Some((told.keys, keys));
            state.verified.clear();
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jsonwebtoken::jwk::JwkSet;
    use shared_types::account::Role;
    use shared_types::id::{ClientId, SessionId};
    use shared_types::value::Timestamp;

    use super::super::revocations::{EndedSession, PAGE, Revocations};
    use super::super::token::{Claims, SigningKey, TokenError};
    use super::{Known, Refused};

    const HOUR: Duration = Duration::from_secs(3600);

    fn key(secret: u8) -> SigningKey {
        SigningKey::derived_from(&[secret; 32]).unwrap()
    }

    fn claims(now: Timestamp) -> Claims {
        let (client, session) = (ClientId::generate(), SessionId::generate());
        Claims::new(client, session, Role::Client, (now, now.after(HOUR)))
    }

    fn told(key: &SigningKey, ended: Vec<SessionId>, now: Timestamp) -> Revocations {
        let ended = (1..).zip(ended).map(|(number, session)| EndedSession {
            number,
            session,
            until: now.after(HOUR),
        });
        Revocations {
            keys: JwkSet {
                keys: vec![key.public().clone()],
            },
            ended: ended.collect(),
        }
    }

    #[test]
    fn no_token_passes_before_every_session_that_ended_is_known() {
        let (known, key, now) = (Known::default(), key(1), Timestamp::now());
        let token = key.sign(&claims(now)).unwrap();
        assert!(matches!(known.check(&token, now), Err(Refused::NoKeys)));
        let page = (0..PAGE).map(|_| SessionId::generate()).collect();
        known.learn(told(&key, page, now), now);
        assert!(matches!(known.check(&token, now), Err(Refused::NoKeys)));
        known.learn(told(&key, Vec::new(), now), now);
        assert!(known.check(&token, now).is_ok());
    }

    #[test]
    fn a_token_that_passed_is_refused_once_it_is_over() {
        let (known, key, now) = (Known::default(), key(1), Timestamp::now());
        let claims = claims(now);
        let token = key.sign(&claims).unwrap();
        known.learn(told(&key, Vec::new(), now), now);
        for _ in 0..2 {
            assert_eq!(known.check(&token, now).unwrap(), claims);
        }
        let later = now.after(HOUR + Duration::from_secs(2));
        let over = known.check(&token, later).unwrap_err();
        assert!(
            matches!(over, Refused::Token(TokenError::Expired)),
            "{over}"
        );
        known.learn(told(&key, vec![claims.sid], now), now);
        assert!(matches!(
            known.check(&token, now),
            Err(Refused::SessionEnded)
        ));
    }

    #[test]
    fn a_token_that_passed_is_refused_once_its_key_is_gone() {
        let (known, old, now) = (Known::default(), key(1), Timestamp::now());
        let token = old.sign(&claims(now)).unwrap();
        known.learn(told(&old, Vec::new(), now), now);
        assert!(known.check(&token, now).is_ok());
        known.learn(told(&key(2), Vec::new(), now), now);
        let refused = known.check(&token, now).unwrap_err();
        assert!(
            matches!(refused, Refused::Token(TokenError::UnknownKey)),
            "{refused}"
        );
    }
}
