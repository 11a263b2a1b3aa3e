//! The sessions that ended before their tokens expire. No I/O, no clock.

use std::collections::HashMap;

use shared_types::id::SessionId;
use shared_types::value::Timestamp;

/// How many are remembered. A login costs its sender the hash of a password, so this many in one
/// day are an attack; each takes about 40 bytes.
const CAPACITY: usize = 500_000;

/// Sessions whose tokens are refused, each until its token expires by itself.
#[derive(Debug, Default)]
pub(super) struct Ended {
    until: HashMap<SessionId, Timestamp>,
}

impl Ended {
    pub(super) fn contains(&self, session: SessionId) -> bool {
        self.until.contains_key(&session)
    }

    /// Returns whether there was room. Expired ones make room for others.
    pub(super) fn add(&mut self, session: SessionId, until: Timestamp, now: Timestamp) -> bool {
        if until <= now {
            return true; // its token is refused already
        }
        if self.until.len() >= CAPACITY {
            self.forget_expired(now);
        }
        if self.until.len() >= CAPACITY {
            return false;
        }
        self.until.insert(session, until);
        true
    }

    pub(super) fn forget_expired(&mut self, now: Timestamp) {
        self.until.retain(|_, until| *until > now);
        if self.until.capacity() > 4 * (self.until.len() + 64) {
            self.until.shrink_to_fit();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use shared_types::id::SessionId;
    use shared_types::value::Timestamp;

    use super::{CAPACITY, Ended};

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn an_ended_session_is_remembered_until_its_token_expires() {
        let (mut ended, now) = (Ended::default(), Timestamp::now());
        let session = SessionId::generate();
        assert!(ended.add(session, now.after(HOUR), now));
        assert!(ended.contains(session));
        ended.forget_expired(now.after(HOUR));
        assert!(!ended.contains(session));
    }

    #[test]
    fn a_full_memory_makes_room_by_what_has_expired_only() {
        let (mut ended, now) = (Ended::default(), Timestamp::now());
        for _ in 0..CAPACITY {
            assert!(ended.add(SessionId::generate(), now.after(HOUR), now));
        }
        let late = SessionId::generate();
        assert!(!ended.add(late, now.after(HOUR), now));
        assert!(ended.add(late, now.after(2 * HOUR), now.after(HOUR)));
        assert!(ended.contains(late));
    }
}
