//! Slows down whoever tries one wrong password after another at one account. No I/O.
//!
//! Wrong passwords are counted for an account and a client address together. So nobody elsewhere
//! can lock the owner of an account out, and a class behind one address does not count as one
//! guesser. An address that has no account is counted like one that has.
//!
//! 1. The first wrong passwords cost nothing: people mistype.
//! 2. After each further one, the pair has to wait, twice as long as before. Meanwhile every
//!    password of the pair is refused, even the right one, and only one is tried at a time.
//! 3. The right password ends it, and so do fifteen quiet minutes.
//!
//! Each replica counts for itself: with several, a guesser has as many tries more.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use service_kit::client_address::ClientAddress;
use service_kit::peer::Backoff;

/// Wrong passwords without a wait.
const FREE: u32 = 5;

/// A minute between two tries leaves 1,440 a day. A longer one would hurt people who share the
/// address of a guesser.
const WAITS: Backoff = Backoff {
    first: Duration::from_secs(1),
    longest: Duration::from_secs(60),
};

const FORGOTTEN_AFTER: Duration = Duration::from_secs(15 * 60);

/// At 48 bytes each, half a megabyte.
const MAX_PAIRS: usize = 10_000;

/// An account, as a hash of its e-mail address, and the address that tries its password.
pub(super) type Pair = (u64, ClientAddress);

#[derive(Debug)]
struct Tries {
    wrong: u32,
    last: Instant,
    /// Nothing is tried before.
    until: Instant,
}

#[derive(Debug, Default)]
pub(super) struct Guesses(HashMap<Pair, Tries>);

impl Guesses {
    /// Whether the pair may try a password now.
    ///
    /// # Errors
    /// How long it has to wait.
    pub(super) fn admit(&mut self, pair: Pair, now: Instant) -> Result<(), Duration> {
        let Some(tries) = self.0.get_mut(&pair) else {
            return Ok(());
        };
        if now >= tries.last + FORGOTTEN_AFTER {
            self.0.remove(&pair);
            return Ok(());
        }
        if now < tries.until {
            return Err(tries.until - now);
        }
        if tries.wrong >= FREE {
            // Counted before it is known to be wrong: others that come at once have to wait.
            tries.note(now);
        }
        Ok(())
    }

    /// The password was wrong.
    pub(super) fn wrong(&mut self, pair: Pair, now: Instant) {
        if !self.0.contains_key(&pair) && self.0.len() >= MAX_PAIRS {
            self.make_room(now);
        }
        let tries = self.0.entry(pair).or_insert(Tries {
            wrong: 0,
            last: now,
            until: now,
        });
        // A slowed pair was counted when it was admitted.
        if tries.wrong < FREE {
            tries.note(now);
        }
    }

    /// The password was right.
    pub(super) fn right(&mut self, pair: Pair) {
        self.0.remove(&pair);
    }

    /// Removes what is forgotten, or else the pair with the fewest and oldest wrong passwords.
    fn make_room(&mut self, now: Instant) {
        self.0.retain(|_, tries| now < tries.last + FORGOTTEN_AFTER);
        if self.0.len() < MAX_PAIRS {
            return;
        }
        let least = self
            .0
            .iter()
            .min_by_key(|(_, tries)| (tries.wrong, tries.last));
        if let Some(pair) = least.map(|(pair, _)| *pair) {
            self.0.remove(&pair);
        }
    }
}

impl Tries {
    fn note(&mut self, now: Instant) {
        self.wrong = self.wrong.saturating_add(1);
        self.last = now;
        if let Some(earlier) = self.wrong.checked_sub(FREE) {
            self.until = now + WAITS.after(earlier);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};
    use std::time::{Duration, Instant};

    use super::{FORGOTTEN_AFTER, FREE, Guesses, MAX_PAIRS, Pair};

    const SECOND: Duration = Duration::from_secs(1);

    fn pair(account: u64, address: u8) -> Pair {
        let address = IpAddr::from(Ipv4Addr::new(203, 0, 113, address));
        (account, address.into())
    }

    /// The pair has used up its free tries.
    fn slowed(pair: Pair, now: Instant) -> Guesses {
        let mut guesses = Guesses::default();
        for _ in 0..FREE {
            assert_eq!(guesses.admit(pair, now), Ok(()));
            guesses.wrong(pair, now);
        }
        guesses
    }

    #[test]
    fn the_waits_double_up_to_a_minute() {
        let (pair, mut now) = (pair(1, 1), Instant::now());
        let mut guesses = slowed(pair, now);
        let mut waits = Vec::new();
        for _ in 0..8 {
            let wait = guesses.admit(pair, now).unwrap_err();
            waits.push(wait.as_secs());
            now += wait;
            assert_eq!(guesses.admit(pair, now), Ok(()));
            guesses.wrong(pair, now);
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
    }

    #[test]
    fn another_address_and_another_account_do_not_wait() {
        let now = Instant::now();
        let mut guesses = slowed(pair(1, 1), now);
        assert!(guesses.admit(pair(1, 1), now).is_err());
        assert_eq!(guesses.admit(pair(1, 2), now), Ok(()));
        assert_eq!(guesses.admit(pair(2, 1), now), Ok(()));
    }

    #[test]
    fn the_right_password_or_a_quiet_time_ends_the_waits() {
        let (pair, now) = (pair(1, 1), Instant::now());
        let mut guesses = slowed(pair, now);
        guesses.right(pair);
        assert_eq!(guesses.admit(pair, now), Ok(()));
        let mut guesses = slowed(pair, now);
        let later = now + FORGOTTEN_AFTER;
        for _ in 0..FREE {
            assert_eq!(guesses.admit(pair, later), Ok(()));
            guesses.wrong(pair, later);
        }
        assert_eq!(guesses.admit(pair, later), Err(SECOND));
    }

    #[test]
    fn of_those_that_come_at_once_a_slowed_pair_tries_one() {
        let (pair, now) = (pair(1, 1), Instant::now());
        let mut guesses = slowed(pair, now);
        let later = now + SECOND;
        assert_eq!(guesses.admit(pair, later), Ok(()));
        assert_eq!(guesses.admit(pair, later), Err(2 * SECOND));
    }

    #[test]
    fn the_table_is_bounded_and_keeps_those_who_guess_most() {
        let now = Instant::now();
        let guesser = pair(0, 1);
        let mut guesses = slowed(guesser, now);
        for account in 1..=2 * MAX_PAIRS as u64 {
            guesses.wrong(pair(account, 2), now + SECOND / 2);
        }
        assert_eq!(guesses.0.len(), MAX_PAIRS);
        assert!(guesses.admit(guesser, now).is_err());
    }
}
