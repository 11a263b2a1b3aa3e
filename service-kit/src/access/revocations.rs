//! What the client service tells the other services about its tokens.

use jsonwebtoken::jwk::JwkSet;
use serde::{Deserialize, Serialize};
use shared_types::id::SessionId;
use shared_types::value::Timestamp;

/// The path at the client service, before `/NUMBER`.
pub const PATH: &str = "/auth/revocations";

/// The most sessions that one answer names.
pub const PAGE: usize = 1000;

/// The answer to `GET /auth/revocations/NUMBER`: what happened after the session with this number ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Revocations {
    /// The keys whose tokens are accepted.
    pub keys: JwkSet,
    /// The sessions that ended early, in the order of their numbers; [`PAGE`] at most.
    pub ended: Vec<EndedSession>,
    /// The number of the session that ended last of all. If it is lower than the number that was sent, the client
    /// service has another database than before.
    pub last: i64,
}

/// A session that ended before its token expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndedSession {
    pub number: i64,
    pub session: SessionId,
    /// When its token expires.
    pub until: Timestamp,
}
