//! Tells all parts of a process that a stop was requested.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::env::{ConfigError, Env};

/// How long requests in flight may take once the process takes no new ones. Longer than any deadline
/// of the gateway, shorter than the 10 s after which Docker kills.
pub const DRAIN: Duration = Duration::from_secs(8);

/// `LAME_DUCK` of a service: how long it goes on taking requests after a stop was requested; 0 s by
/// default.
///
/// # Errors
/// The variable is no duration.
pub fn lame_duck(env: &Env) -> Result<Duration, ConfigError> {
    env.duration_or("LAME_DUCK", Duration::ZERO)
}

/// The way to a stop:
///
/// 1. It is announced. `/ready` answers 503, and everything else goes on, so that whoever sends
///    requests here has the time to look elsewhere (`GATEWAY_LAME_DUCK`, `LAME_DUCK`).
/// 2. It begins. Connections end after their next answer, and background work ends.
/// 3. After [`DRAIN`], what is still in flight is cut.
#[derive(Clone, Debug, Default)]
pub struct Draining(watch::Sender<Step>);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Step {
    #[default]
    Serving,
    Announced,
    Begun(Instant),
}

impl Draining {
    /// Whether a stop was announced, so that new requests should go elsewhere.
    #[must_use]
    pub fn is_announced(&self) -> bool {
        *self.0.borrow() != Step::Serving
    }

    /// Whether the stop has begun.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.since().is_some()
    }

    /// Whether requests in flight have had their time ([`DRAIN`]) and are cut.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.since().is_some_and(|since| since.elapsed() >= DRAIN)
    }

    fn since(&self) -> Option<Instant> {
        match *self.0.borrow() {
            Step::Begun(since) => Some(since),
            Step::Serving | Step::Announced => None,
        }
    }

    pub fn announce(&self) {
        self.0.send_if_modified(|step| {
            let is_news = *step == Step::Serving;
            if is_news {
                *step = Step::Announced;
            }
            is_news
        });
    }

    pub fn begin(&self) {
        self.0.send_if_modified(|step| {
            let is_news = !matches!(step, Step::Begun(_));
            if is_news {
                *step = Step::Begun(Instant::now());
            }
            is_news
        });
    }

    /// Completes when the stop begins.
    pub async fn begun(&self) {
        let begun = |step: &Step| matches!(step, Step::Begun(_));
        // Fails only without a sender, and `self` is one.
        let _ = self.0.subscribe().wait_for(begun).await;
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::{DRAIN, Draining};

    #[tokio::test(start_paused = true)]
    async fn a_stop_is_announced_before_it_begins_and_is_over_after_its_time() {
        let draining = Draining::default();
        let facts = || {
            (
                draining.is_announced(),
                draining.is_on(),
                draining.is_over(),
            )
        };
        assert_eq!(facts(), (false, false, false));
        draining.announce();
        assert_eq!(facts(), (true, false, false));
        draining.begin();
        draining.announce();
        draining.begun().await;
        assert_eq!(facts(), (true, true, false));
        advance(DRAIN).await;
        draining.begin();
        assert_eq!(facts(), (true, true, true));
    }
}
