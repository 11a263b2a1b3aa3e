//! Identifies the caller: from the `Authorization` header to a client with a live session.

use std::time::Duration;

use actix_web::http::header::HeaderMap;
use service_kit::input::bearer_token;
use shared_types::id::SessionId;
use shared_types::value::Timestamp;

use super::{Action, Decision, Identity, judge};
use crate::Accounts;
use crate::failure::Error;

/// The precision of `lastSeenAt`. Noting every request would turn each read into a write.
const SEEN_EVERY: Duration = Duration::from_secs(60);

/// A client with a live session.
pub(crate) struct Caller {
    pub(crate) identity: Identity,
    pub(crate) session: SessionId,
}

impl Caller {
    /// # Errors
    /// The token is missing or invalid, or its session has ended.
    pub(crate) async fn identify(accounts: &Accounts, headers: &HeaderMap) -> Result<Self, Error> {
        let token = bearer_token(headers).ok_or(Error::TokenMissing)?;
        let claims = accounts.tokens.read(token)?;
        let now = Timestamp::now();
        let (client, session) = (claims.sub, claims.sid);
        let live = accounts.store.live_session(session, client, now).await?;
        let live = live.ok_or(Error::SessionEnded)?;
        // A time in the future was noted by a clock that was ahead.
        let is_noted = (live.last_seen_at..live.last_seen_at.after(SEEN_EVERY)).contains(&now);
        if !is_noted {
            // The request must not fail because of the note.
            if let Err(error) = accounts.store.note_seen(session, now).await {
                log::warn!("lastSeenAt was not noted: {error}");
            }
        }
        let role = live.role;
        Ok(Self {
            identity: Identity { client, role },
            session,
        })
    }
}

/// Lets a request pass if the rules allow it. The token is read only when the decision depends on
/// it: an open route ignores even an expired one.
pub(crate) async fn admit(
    accounts: &Accounts,
    headers: &HeaderMap,
    action: Action,
) -> Result<(), Error> {
    let mut verdict = judge(accounts.access, action, None);
    if verdict == Decision::TokenNeeded {
        let caller = Caller::identify(accounts, headers).await?;
        verdict = judge(accounts.access, action, Some(caller.identity));
    }
    match verdict {
        Decision::Allowed => Ok(()),
        Decision::TokenNeeded => Err(Error::TokenMissing),
        Decision::Forbidden => Err(Error::Forbidden),
    }
}

/// Lets a request pass that always needs a token, and identifies its caller.
pub(crate) async fn admit_known(
    accounts: &Accounts,
    headers: &HeaderMap,
    action: Action,
) -> Result<Caller, Error> {
    let caller = Caller::identify(accounts, headers).await?;
    match judge(accounts.access, action, Some(caller.identity)) {
        Decision::Allowed => Ok(caller),
        Decision::TokenNeeded | Decision::Forbidden => Err(Error::Forbidden),
    }
}
