//! Hashing and checking passwords: argon2id with the crate's defaults, which are OWASP's (19 MiB, two passes, one
//! lane), away from the threads that serve.
//!
//! Each hash takes 19 MiB and a core for some 30 ms, so at most one runs per core, and only so many may wait: an
//! onslaught of logins gets a 503 instead of the machine's memory.

use std::sync::Arc;
use std::thread::available_parallelism;

use shared_types::account::{Password, PasswordAttempt};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;

use crate::failure::Error;

mod argon;

/// On two cores, the last of 64 waits about a second.
const MAX_WAITING: usize = 64;

pub(crate) struct Passwords {
    /// Those that run and those that wait.
    admitted: Arc<Semaphore>,
    running: Arc<Semaphore>,
    /// What a password is checked against where there is no account, so that both take the same time.
    decoy: String,
}

/// Held inside the thread that hashes: a client that hangs up does not free what is still being used.
type Permits = (OwnedSemaphorePermit, OwnedSemaphorePermit);

impl Passwords {
    /// # Errors
    /// The system gives no random salt.
    pub(crate) async fn new() -> Result<Self, Error> {
        let cores = available_parallelism().map_or(1, usize::from);
        Self::with_limits(cores, MAX_WAITING).await
    }

    async fn with_limits(running: usize, waiting: usize) -> Result<Self, Error> {
        let decoy = spawn_blocking(|| argon::hash(b"the password of nobody")).await??;
        Ok(Self {
            admitted: Arc::new(Semaphore::new(running + waiting)),
            running: Arc::new(Semaphore::new(running)),
            decoy,
        })
    }

    /// # Errors
    /// Too many wait already, or the system gives no random salt.
    pub(crate) async fn hash(&self, password: &Password) -> Result<String, Error> {
        let password = password.clone();
        let permits = self.admit().await?;
        let hash = spawn_blocking(move || {
            let _held: Permits = permits;
            argon::hash(password.expose().as_bytes())
        });
        Ok(hash.await??)
    }

    /// Whether `attempt` is the one that `stored` was made of; never where there is nothing stored, and not sooner.
    ///
    /// # Errors
    /// Too many wait already, or `stored` is no hash.
    pub(crate) async fn verify(
        &self,
        attempt: &PasswordAttempt,
        stored: Option<&str>,
    ) -> Result<bool, Error> {
        let attempt = attempt.clone();
        let compared = stored.unwrap_or(&self.decoy).to_owned();
        let permits = self.admit().await?;
        let matches = spawn_blocking(move || {
            let _held: Permits = permits;
            argon::matches(attempt.expose().as_bytes(), &compared)
        });
        Ok(matches.await?? && stored.is_some())
    }

    async fn admit(&self) -> Result<Permits, Error> {
        // A semaphore that is never closed fails only by being full.
        let overloaded = |_full| Error::HashingOverloaded;
        let admitted = Arc::clone(&self.admitted);
        let admitted = admitted.try_acquire_owned().map_err(overloaded)?;
        let running = Arc::clone(&self.running);
        let running = running
            .acquire_owned()
            .await
            .map_err(|_closed| Error::HashingOverloaded)?;
        Ok((admitted, running))
    }
}

#[cfg(test)]
mod tests {
    use shared_types::account::{Password, PasswordAttempt};
    use shared_types::field::FromText as _;

    use super::{Error, Passwords};

    fn password(text: &str) -> Password {
        Password::from_text(text).unwrap()
    }

    fn attempt(text: &str) -> PasswordAttempt {
        PasswordAttempt::from_text(text).unwrap()
    }

    #[actix_web::test]
    async fn a_password_matches_its_own_hash_only() {
        let passwords = Passwords::new().await.unwrap();
        let stored = passwords.hash(&password("tarte-aux-pommes")).await.unwrap();
        for (typed, expected) in [("tarte-aux-pommes", true), ("Tarte-aux-pommes", false)] {
            let verified = passwords.verify(&attempt(typed), Some(&stored)).await;
            assert_eq!(verified.unwrap(), expected);
        }
    }

    #[actix_web::test]
    async fn no_password_is_that_of_nobody() {
        let passwords = Passwords::new().await.unwrap();
        let guess = attempt("the password of nobody");
        assert!(!passwords.verify(&guess, None).await.unwrap());
    }

    #[actix_web::test]
    async fn one_password_too_many_is_refused_and_the_others_are_hashed() {
        let passwords = Passwords::with_limits(1, 1).await.unwrap();
        let password = password("tarte-aux-pommes");
        let (first, second, third) = tokio::join!(
            passwords.hash(&password),
            passwords.hash(&password),
            passwords.hash(&password),
        );
        assert!(first.is_ok() && second.is_ok());
        assert!(matches!(third, Err(Error::HashingOverloaded)));
        assert!(passwords.hash(&password).await.is_ok());
    }
}
