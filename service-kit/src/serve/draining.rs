//! That a stop was asked for, for everybody who must know.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

/// How long what is in flight may take to finish after a stop was asked for. Longer than any deadline of the
/// gateway, shorter than the 10 s after which Docker kills.
pub const DRAIN: Duration = Duration::from_secs(8);

/// Whether a stop was asked for: `/ready` answers 503 from then on, and what runs beside the server comes to an end.
#[derive(Clone, Debug, Default)]
pub struct Draining(watch::Sender<Option<Instant>>);

impl Draining {
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.0.borrow().is_some()
    }

    /// Whether what was in flight has had its time ([`DRAIN`]), and is cut.
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

    /// Completes when a stop is asked for.
    pub async fn begun(&self) {
        // Fails only without a sender, and there is one here.
        let _ = self.0.subscribe().wait_for(Option::is_some).await;
    }
}
