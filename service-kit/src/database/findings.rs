//! Remembers the last findings about a database, for `/ready` and the log.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::Notify;

/// How often writes are checked while no request writes.
pub(super) const IDLE_INTERVAL: Duration = Duration::from_secs(10);

/// The last findings. All are true until a check fails.
#[derive(Debug)]
pub(super) struct Findings {
    pub(super) reads: Finding,
    pub(super) writes: Finding,
    pub(super) files: Finding,
    /// Whether a request has written since the last check.
    used: AtomicBool,
    /// Notified when a write has broken its connection.
    suspect: Notify,
}

/// Logs only a change, so that a probe every second does not fill the log.
#[derive(Debug)]
pub(super) struct Finding {
    works: AtomicBool,
    broken: &'static str,
    mended: &'static str,
}

impl Default for Findings {
    fn default() -> Self {
        Self {
            reads: Finding::new("the database does not answer", "the database answers again"),
            writes: Finding::new(
                "the database cannot be written to, /ready answers 503",
                "the database can be written to again",
            ),
            files: Finding::new(
                "writes to the database would be lost, /ready answers 503",
                "the files of the database are back",
            ),
            used: AtomicBool::new(false),
            suspect: Notify::new(),
        }
    }
}

impl Findings {
    /// Notes that a request writes.
    pub(super) fn note_use(&self) {
        self.used.store(true, Ordering::Relaxed);
    }

    /// Notes that a write failed in a way that may affect all other writes.
    pub(super) fn suspect_writes(&self) {
        self.note_use();
        self.suspect.notify_one();
    }

    /// Waits for [`suspect_writes`](Self::suspect_writes).
    pub(super) async fn suspected(&self) {
        self.suspect.notified().await;
    }

    /// Whether to check now, `since_last` after the last check.
    pub(super) fn is_check_due(&self, since_last: Duration) -> bool {
        let used = self.used.swap(false, Ordering::Relaxed);
        used || !self.writes.works() || since_last >= IDLE_INTERVAL
    }
}

impl Finding {
    fn new(broken: &'static str, mended: &'static str) -> Self {
        Self {
            works: AtomicBool::new(true),
            broken,
            mended,
        }
    }

    pub(super) fn note<T>(&self, result: &sqlx::Result<T>) {
        let (works, known) = (
            result.is_ok(),
            self.works.swap(result.is_ok(), Ordering::Relaxed),
        );
        match result {
            Err(error) if known => log::error!("{}: {error}", self.broken),
            Ok(_) if works && !known => log::info!("{}", self.mended),
            _ => {}
        }
    }

    pub(super) fn works(&self) -> bool {
        self.works.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::{Findings, IDLE_INTERVAL};

    #[test]
    fn an_idle_database_is_checked_less_often_than_a_busy_or_a_broken_one() {
        let (findings, soon) = (Findings::default(), IDLE_INTERVAL / 5);
        assert!(!findings.is_check_due(soon));
        assert!(findings.is_check_due(IDLE_INTERVAL));
        findings.note_use();
        assert!(findings.is_check_due(soon));
        assert!(!findings.is_check_due(soon));
        findings.writes.note::<()>(&Err(sqlx::Error::WorkerCrashed));
        assert!(findings.is_check_due(soon));
        findings.writes.note(&Ok(()));
        assert!(!findings.is_check_due(soon));
    }
}
