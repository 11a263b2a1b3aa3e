//! Tells all parts of a process that a stop was requested.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

/// How long requests in flight may take after a stop was requested. Longer than any deadline of the
/// gateway, shorter than the 10 s after which Docker kills.
pub const DRAIN: Duration = Duration::from_secs(8);

/// Whether a stop was requested. From then on `/ready` answers 503, and background work ends.
#[derive(Clone, Debug, Default)]
pub struct Draining(watch::Sender<Option<Instant>>);

impl Draining {
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.0.borrow().is_some()
    }

    /// Whether requests in flight have had their time ([`DRAIN`]) and are cut.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.0
            .borrow()
            .is_some_and(|since| since.elapsed() >= DRAIN)
    }

    pub fn begin(&self) {
        self.0
            .send_if_modified(|begun| begun.replace(Instant::now()).is_none());
    }

    /// Completes when a stop is requested.
    pub async fn begun(&self) {
        // Fails only without a sender, and `self` is one.
        let _ = self.0.subscribe().wait_for(Option::is_some).await;
    }
}
