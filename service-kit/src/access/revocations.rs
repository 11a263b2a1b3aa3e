//! What the client service tells the other services about its tokens.

use jsonwebtoken::jwk::JwkSet;
use serde::{Deserialize, Serialize};
use shared_types::id::SessionId;
use shared_types::value::Timestamp;

/// The path at the client service, before `/CURSOR`.
pub const PATH: &str = "/auth/revocations";

/// The most sessions that one answer names.
pub const PAGE: usize = 1000;

/// The cursor of whoever has seen no ended session.
pub const START: &str = "0";

/// The answer to `GET /auth/revocations/CURSOR`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Revocations {
    /// The keys whose tokens are accepted.
    pub keys: JwkSet,
    /// The sessions that ended early after the one of the cursor, in the order of their numbers;
    /// [`PAGE`] at most. All of them if the client service does not know the cursor: its database is
    /// another one, or the session's token has expired.
    pub ended: Vec<EndedSession>,
}

impl Revocations {
    /// Whether no further session has ended.
    pub(super) fn is_complete(&self) -> bool {
        self.ended.len() < PAGE
    }
}

/// A session that ended before its token expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndedSession {
    pub number: i64,
    pub session: SessionId,
    /// When its token expires.
    pub until: Timestamp,
}

impl EndedSession {
    /// Names the session by its number and its id: the number alone could be that of another session
    /// in another database.
    #[must_use]
    pub fn cursor(&self) -> String {
        format!("{}.{}", self.number, self.session)
    }
}
