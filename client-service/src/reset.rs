//! New passwords by mail: the outbox of the requests, and the mails to those who have an account.
//!
//! 1. A request is written down, whether its address has an account or not. So both are answered
//!    alike and after the same time.
//! 2. The outbox claims it, looks for the account, and drops the request if there is none.
//! 3. It makes a token, stores the token's hash, and sends the mail. So no mail waits with a token
//!    in it, and a repeated mail has a new one.
//! 4. A mail that is not taken is repeated after a growing pause, across restarts, until nobody
//!    waits for it any more.

mod link;
mod mail;
pub(crate) mod token;

use std::sync::Arc;
use std::time::Duration;

use service_kit::peer::Backoff;
use service_kit::serve::Draining;
use shared_types::value::Timestamp;
use tokio::sync::Notify;

pub use link::ResetLink;
use mail::SendError;
pub(crate) use mail::page;
pub use mail::{Mail, SmtpServer};
use token::FreshToken;

use crate::failure::Error;
use crate::store::{LIFETIME, Letter, ResetRequest, Store};

/// Longer than a mail server may take, so that no other replica sends the same mail meanwhile.
const LEASE: Duration = Duration::from_secs(180);

const BACKOFF: Backoff = Backoff {
    first: Duration::from_secs(1),
    longest: Duration::from_secs(120),
};

/// Another replica may have written a request and died.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);

/// Between two looks at a table that another replica empties, or that cannot be read.
const SHORTEST_SLEEP: Duration = Duration::from_millis(200);

/// Clones are the same outbox.
#[derive(Clone)]
pub(crate) struct Outbox {
    store: Store,
    mail: Mail,
    link: ResetLink,
    written: Arc<Notify>,
}

enum Turn {
    Handled,
    /// Nothing is due for so long.
    Idle(Duration),
}

#[derive(Debug, thiserror::Error)]
enum Unsent {
    #[error(transparent)]
    Service(#[from] Error),
    #[error(transparent)]
    Mail(#[from] SendError),
}

impl Outbox {
    /// `None` without a way for mails.
    pub(crate) fn new(store: Store, mail: Mail, link: ResetLink) -> Option<Self> {
        if matches!(mail, Mail::Off) {
            return None;
        }
        Some(Self {
            store,
            mail,
            link,
            written: Arc::default(),
        })
    }

    pub(crate) fn is_shown(&self) -> bool {
        matches!(self.mail, Mail::DevOutbox)
    }

    /// Handles a request that was just written.
    pub(crate) fn wake(&self) {
        self.written.notify_one();
    }

    /// Handles requests until a stop is requested.
    pub(crate) async fn run(self, draining: Draining) {
        if let Err(error) = self.store.release_reset_requests(Timestamp::now()).await {
            log::warn!("mails in flight at the last stop wait until their leases end: {error}");
        }
        loop {
            let sleep = match self.turn().await {
                Ok(Turn::Handled) => Duration::ZERO,
                Ok(Turn::Idle(sleep)) => sleep.clamp(SHORTEST_SLEEP, LONGEST_SLEEP),
                Err(error) => {
                    log::warn!("requests for new passwords cannot be read: {error}");
                    LONGEST_SLEEP
                }
            };
            tokio::select! {
                biased;
                () = draining.begun() => return,
                () = self.written.notified() => {}
                () = tokio::time::sleep(sleep) => {}
            }
        }
    }

    async fn turn(&self) -> Result<Turn, Error> {
        let now = Timestamp::now();
        let Some(request) = self.store.claim_reset_request(now, LEASE).await? else {
            let due = self.store.next_reset_request().await?;
            let sleep = due.map_or(LONGEST_SLEEP, |due| due.since(now));
            return Ok(Turn::Idle(sleep));
        };
        match self.handle(&request, now).await {
            Ok(()) => self.store.settle_reset_request(&request).await?,
            Err(error) => {
                let earlier = u32::try_from(request.attempts.saturating_sub(1)).unwrap_or(u32::MAX);
                let pause = BACKOFF.after(earlier);
                let cause = service_kit::program::chain(&error);
                log::warn!(
                    "a mail for a new password waits for {} s: {cause}",
                    pause.as_secs()
                );
                let due = Timestamp::now().after(pause);
                self.store.postpone_reset_request(&request, due).await?;
            }
        }
        Ok(Turn::Handled)
    }

    /// `Ok` for a request that is done with, with a mail or without.
    async fn handle(&self, request: &ResetRequest, now: Timestamp) -> Result<(), Unsent> {
        if request.requested_at.after(LIFETIME) <= now {
            log::error!("a mail for a new password was not taken in time and is given up");
            return Ok(());
        }
        let found = self.store.credentials(&request.email).await?;
        let Some(client) = found
            .map(|found| found.client)
            .filter(|client| client.is_active)
        else {
            return Ok(());
        };
        let token = FreshToken::new()?;
        let hash = token::hash(token.expose());
        let is_first = request.attempts <= 1;
        if !self
            .store
            .issue_reset(client.id, &hash, now, is_first)
            .await?
        {
            log::info!("an account has had its share of mails for new passwords for now");
            return Ok(());
        }
        let mail = &request.lang.sentences().accounts.reset_mail;
        let minutes = LIFETIME.as_secs() / 60;
        let letter = Letter {
            recipient: client.email,
            subject: mail.subject.to_owned(),
            body: (mail.body)(&self.link.with(&token), minutes),
        };
        self.send(&letter).await
    }

    async fn send(&self, letter: &Letter) -> Result<(), Unsent> {
        match &self.mail {
            Mail::Off => Ok(()),
            Mail::DevOutbox => Ok(self.store.show_mail(letter, Timestamp::now()).await?),
            Mail::Smtp(server) => Ok(server.send(letter).await?),
        }
    }
}
