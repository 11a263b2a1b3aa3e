//! How many wrong secrets one client may send: few at once, and then one at a time.
//!
//! Only wrong ones count, so a program with the right one may ask as often as it likes. A client
//! that is over the limit is refused with the right one too: otherwise the answer would still tell
//! it. One that has shown the right one lately is not: somebody who shares its address, behind a
//! proxy or a tunnel, could keep it out. Whoever shares that address can guess without a limit, and
//! has only the secret's length against them.
//!
//! A client's state is two moments in tables of fixed size, the first one as in GCRA.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::by_client::ByClient;
use super::client::Client;

/// 8 KiB for each table. Few clients guess, and those that meet in a slot share a limit.
const SLOTS: usize = 1024;

/// How many may be wrong at once: a person has mistyped it, or a program has an old one.
pub(crate) const AT_ONCE: u32 = 10;

/// How soon one more may be: 14,400 a day, of 2^64 or more.
pub(crate) const INTERVAL: Duration = Duration::from_secs(6);

/// How long it is remembered that a client has shown the right one. Monitoring asks more often.
pub(crate) const REMEMBERED: Duration = Duration::from_secs(60 * 60);

pub(crate) struct Guesses {
    /// For each client, when all its wrong ones are forgotten: milliseconds since `began`.
    forgotten: ByClient<AtomicU64, SLOTS>,
    /// For each client, until when it is remembered that it has shown the right one.
    remembered: ByClient<AtomicU64, SLOTS>,
    began: Instant,
}

impl Guesses {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            forgotten: ByClient::new(),
            remembered: ByClient::new(),
            began: now,
        }
    }

    /// # Errors
    /// The client has to wait this long.
    pub(crate) fn may_try(&self, address: IpAddr, now: Instant) -> Result<(), Duration> {
        let forgotten = self.forgotten.of(&Client::from(address));
        let ahead = forgotten.load(Ordering::Relaxed);
        let ahead = ahead.saturating_sub(self.millis(now));
        let most = millis(INTERVAL) * u64::from(AT_ONCE - 1);
        match ahead.checked_sub(most) {
            None | Some(0) => Ok(()),
            Some(wait) => Err(Duration::from_millis(wait)),
        }
    }

    /// Counts a wrong one.
    pub(crate) fn was_wrong(&self, address: IpAddr, now: Instant) {
        let now = self.millis(now);
        let forgotten = self.forgotten.of(&Client::from(address));
        let later = |was: u64| Some(was.max(now) + millis(INTERVAL));
        // It always gives a value.
        let _ = forgotten.fetch_update(Ordering::Relaxed, Ordering::Relaxed, later);
    }

    /// Remembers that this client has shown the right one.
    pub(crate) fn was_right(&self, address: IpAddr, now: Instant) {
        let until = self.millis(now) + millis(REMEMBERED);
        let remembered = self.remembered.of(&Client::from(address));
        remembered.store(until, Ordering::Relaxed);
    }

    /// Whether this client has shown the right one lately.
    pub(crate) fn remember(&self, address: IpAddr, now: Instant) -> bool {
        let remembered = self.remembered.of(&Client::from(address));
        self.millis(now) < remembered.load(Ordering::Relaxed)
    }

    fn millis(&self, now: Instant) -> u64 {
        millis(now.saturating_duration_since(self.began))
    }
}

/// 2^64 milliseconds are longer than any process runs.
fn millis(duration: Duration) -> u64 {
    duration.as_millis() as u64
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::time::{Duration, Instant};

    use super::{AT_ONCE, Guesses, INTERVAL, REMEMBERED};

    #[test]
    fn a_client_that_guesses_has_to_wait_and_another_has_not() {
        let now = Instant::now();
        let guesses = Guesses::new(now);
        let [one, other] = ["192.0.2.1", "2001:db8::1"].map(|text| text.parse::<IpAddr>().unwrap());
        for _ in 0..AT_ONCE {
            assert_eq!(guesses.may_try(one, now), Ok(()));
            guesses.was_wrong(one, now);
        }
        assert_eq!(guesses.may_try(one, now), Err(INTERVAL));
        assert_eq!(guesses.may_try(other, now), Ok(()));
        let soon = now + INTERVAL - Duration::from_millis(1);
        assert_eq!(guesses.may_try(one, soon), Err(Duration::from_millis(1)));
        let later = now + INTERVAL;
        assert_eq!(guesses.may_try(one, later), Ok(()));
        guesses.was_wrong(one, later);
        assert_eq!(guesses.may_try(one, later), Err(INTERVAL));
    }

    #[test]
    fn all_is_forgotten_in_the_end_and_right_ones_never_count() {
        let now = Instant::now();
        let guesses = Guesses::new(now);
        let one = "192.0.2.1".parse::<IpAddr>().unwrap();
        for _ in 0..AT_ONCE {
            guesses.was_wrong(one, now);
        }
        let later = now + INTERVAL * AT_ONCE;
        for _ in 0..AT_ONCE {
            assert_eq!(guesses.may_try(one, later), Ok(()));
            guesses.was_wrong(one, later);
        }
        assert!(guesses.may_try(one, later).is_err());
    }
    #[test]
    fn a_client_that_has_shown_the_right_one_is_remembered_for_an_hour() {
        let now = Instant::now();
        let guesses = Guesses::new(now);
        let [one, other] = ["192.0.2.1", "2001:db8::1"].map(|text| text.parse::<IpAddr>().unwrap());
        assert!(!guesses.remember(one, now));
        guesses.was_right(one, now);
        assert!(guesses.remember(one, now + REMEMBERED - Duration::from_millis(1)));
        assert!(!guesses.remember(one, now + REMEMBERED));
        assert!(!guesses.remember(other, now));
    }
}
