//! Hashes and checks passwords on threads of their own: argon2id with the crate's defaults, which
//! are OWASP's (19 MiB, two passes, one lane).
//!
//! Each hash takes 19 MiB and a core for some 30 ms. If there are several cores, one is left to
//! everything else: tokens, reads, the database. The number of waiting passwords is limited, in all
//! and per client: a flood of logins is refused at once and takes neither the memory of the machine
//! nor the turns of others.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::available_parallelism;
use std::time::Instant;

use service_kit::client_address::ClientAddress;
use shared_types::account::{Email, Password, PasswordAttempt};
use tokio::task::spawn_blocking;

use crate::failure::Error;

mod argon;
mod guesses;
mod queue;
mod turns;

use guesses::Guesses;
use queue::Queue;
use turns::{Limits, Refusal};

/// With two cores, one hashes, and the last of 128 waits four seconds: less than the gateway's
/// deadline (5 s).
const MAX_WAITING: usize = 128;

/// A class of 35 who log in at once from one address, and a few who press the button twice.
const MAX_WAITING_PER_CLIENT: usize = 40;

pub(crate) struct Passwords {
    queue: Queue,
    /// The hash to check against when there is no account, so that both cases take the same time.
    decoy: String,
    guesses: Mutex<Guesses>,
    /// Hashes the addresses of accounts, so that nobody can choose two that are counted as one.
    accounts: RandomState,
}

impl Passwords {
    /// # Errors
    /// The system gives no random salt.
    pub(crate) async fn new() -> Result<Self, Error> {
        let cores = available_parallelism().map_or(1, usize::from);
        Self::with_limits(Limits {
            running: cores.saturating_sub(1).max(1),
            waiting: MAX_WAITING,
            per_client: MAX_WAITING_PER_CLIENT,
        })
        .await
    }

    async fn with_limits(limits: Limits) -> Result<Self, Error> {
        let decoy = spawn_blocking(|| argon::hash(b"the password of nobody")).await??;
        Ok(Self {
            queue: Queue::new(limits),
            decoy,
            guesses: Mutex::default(),
            accounts: RandomState::new(),
        })
    }

    /// # Errors
    /// Too many wait already, or the system gives no random salt.
    pub(crate) async fn hash(
        &self,
        password: &Password,
        client: Option<ClientAddress>,
    ) -> Result<String, Error> {
        let password = password.clone();
        let permit = self.queue.enter(client).await?;
        let hash = spawn_blocking(move || {
            let _held = permit;
            argon::hash(password.expose().as_bytes())
        });
        Ok(hash.await??)
    }

    /// Whether `attempt` is the password of `stored`, which belongs to the account of this e-mail
    /// address. Without `stored` it is false, after the same time.
    ///
    /// # Errors
    /// This client has tried too many wrong passwords of this account, too many wait already, or
    /// `stored` is not a hash.
    pub(crate) async fn check(
        &self,
        email: &str,
        attempt: &PasswordAttempt,
        stored: Option<&str>,
        client: Option<ClientAddress>,
    ) -> Result<bool, Error> {
        // Requests from inside the restaurant are exempt.
        let Some(address) = client else {
            return self.verify(attempt, stored, client).await;
        };
        let pair = (self.accounts.hash_one(Email::key_of(email)), address);
        let admitted = self.guesses().admit(pair, Instant::now());
        admitted.map_err(Error::TooManyGuesses)?;
        let is_right = self.verify(attempt, stored, client).await?;
        if is_right {
            self.guesses().right(pair);
        } else {
            self.guesses().wrong(pair, Instant::now());
        }
        Ok(is_right)
    }

    /// A panic elsewhere leaves the counts consistent: none of their steps panics.
    fn guesses(&self) -> MutexGuard<'_, Guesses> {
        self.guesses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether `attempt` is the password of `stored`. Without `stored` it is false, after the same
    /// time: every spelling of the attempt is tried, even after one that is right.
    ///
    /// # Errors
    /// Too many wait already, or `stored` is not a hash.
    async fn verify(
        &self,
        attempt: &PasswordAttempt,
        stored: Option<&str>,
        client: Option<ClientAddress>,
    ) -> Result<bool, Error> {
        let attempt = attempt.clone();
        let compared = stored.unwrap_or(&self.decoy).to_owned();
        let permit = self.queue.enter(client).await?;
        let matches = spawn_blocking(move || {
            let _held = permit;
            let mut matches = false;
            for spelling in attempt.expose() {
                matches |= argon::matches(spelling.as_bytes(), &compared)?;
            }
            Ok::<_, argon2::password_hash::Error>(matches)
        });
        Ok(matches.await?? && stored.is_some())
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Full => Self::HashingOverloaded,
            Refusal::Share => Self::TooManyPasswords,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use service_kit::client_address::ClientAddress;
    use shared_types::account::{Password, PasswordAttempt};
    use shared_types::field::FromText as _;

    use super::{Error, Limits, Passwords};

    fn password(text: &str) -> Password {
        Password::from_text(text).unwrap()
    }

    fn attempt(text: &str) -> PasswordAttempt {
        PasswordAttempt::from_text(text).unwrap()
    }

    #[actix_web::test]
    async fn a_password_matches_its_own_hash_only() {
        let passwords = Passwords::new().await.unwrap();
        let stored = passwords
            .hash(&password("tarte-aux-pommes"), None)
            .await
            .unwrap();
        for (typed, expected) in [("tarte-aux-pommes", true), ("Tarte-aux-pommes", false)] {
            let verified = passwords.verify(&attempt(typed), Some(&stored), None).await;
            assert_eq!(verified.unwrap(), expected);
        }
    }

    #[actix_web::test]
    async fn a_password_matches_its_hash_from_any_keyboard_and_the_hash_of_an_earlier_version() {
        let (composed, decomposed) = ("Crème brûlée", "Cre\u{300}me bru\u{302}le\u{301}e");
        let passwords = Passwords::new().await.unwrap();
        let hashed = passwords.hash(&password(decomposed), None).await.unwrap();
        // As it was typed.
        let older = super::argon::hash(decomposed.as_bytes()).unwrap();
        for (typed, stored, expected) in [
            (composed, &hashed, true),
            (decomposed, &hashed, true),
            (decomposed, &older, true),
            ("Cre\u{300}me bru\u{302}lee", &hashed, false),
            ("Cre\u{300}me bru\u{302}lee", &older, false),
        ] {
            let verified = passwords.verify(&attempt(typed), Some(stored), None).await;
            assert_eq!(verified.unwrap(), expected, "{typed:?}");
        }
        let nobody = passwords.verify(&attempt(decomposed), None, None).await;
        assert!(!nobody.unwrap());
    }

    #[actix_web::test]
    async fn without_an_account_no_password_is_right() {
        let passwords = Passwords::new().await.unwrap();
        let guess = attempt("the password of nobody");
        assert!(!passwords.verify(&guess, None, None).await.unwrap());
    }

    fn client(last: u8) -> Option<ClientAddress> {
        Some(IpAddr::from(Ipv4Addr::new(203, 0, 113, last)).into())
    }

    #[actix_web::test]
    async fn one_password_too_many_is_refused_and_the_others_are_hashed() {
        let limits = Limits {
            running: 1,
            waiting: 1,
            per_client: 1,
        };
        let passwords = Passwords::with_limits(limits).await.unwrap();
        let password = password("tarte-aux-pommes");
        let (first, second, third, fourth) = tokio::join!(
            passwords.hash(&password, client(1)),
            passwords.hash(&password, client(1)),
            passwords.hash(&password, client(1)),
            passwords.hash(&password, client(2)),
        );
        assert!(first.is_ok() && second.is_ok());
        assert!(matches!(third, Err(Error::TooManyPasswords)));
        assert!(matches!(fourth, Err(Error::HashingOverloaded)));
        assert!(passwords.hash(&password, None).await.is_ok());
    }
}
