//! That a stop was asked for, for everybody who must know.

use tokio::sync::watch;

/// Whether a stop was asked for: `/ready` answers 503 from then on, and what runs beside the server comes to an end.
#[derive(Clone, Debug, Default)]
pub struct Draining(watch::Sender<bool>);

impl Draining {
    #[must_use]
    pub fn is_on(&self) -> bool {
        *self.0.borrow()
    }

    pub fn begin(&self) {
        self.0.send_replace(true);
    }

    /// Completes when a stop is asked for.
    pub async fn begun(&self) {
        // Fails only without a sender, and there is one here.
        let _ = self.0.subscribe().wait_for(|begun| *begun).await;
    }
}
