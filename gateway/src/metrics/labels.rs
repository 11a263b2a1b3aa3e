//! The values of labels: each from a short list.

use prometheus::IntCounter;

/// In place of a class or a code: an announced closure refused the request. It is no failure, so
/// that no alert need except it.
pub(crate) const PLANNED: &str = "planned";

/// A counter for each class of statuses (RFC 9110 §15).
#[derive(Debug)]
pub(super) struct ByClass([IntCounter; 5]);

impl ByClass {
    /// `of` gives the counter of a class by its label.
    pub(super) fn new(
        of: impl Fn(&str) -> prometheus::Result<IntCounter>,
    ) -> prometheus::Result<Self> {
        let [one, two, three, four, five] = ["1xx", "2xx", "3xx", "4xx", "5xx"].map(of);
        Ok(Self([one?, two?, three?, four?, five?]))
    }

    pub(super) fn count(&self, status: u16) {
        let class = usize::from(status / 100).saturating_sub(1);
        if let Some(counter) = self.0.get(class) {
            counter.inc();
        }
    }
}

/// How an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The server dropped the exchange because the client had gone.
    Gone,
    /// The gateway had to stop before the answer was out.
    Draining,
    /// The upstream's answer broke off.
    Broken,
    Complete,
}

impl Outcome {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Gone => "client_gone",
            Self::Draining => "draining",
            Self::Broken => "broken_off",
            Self::Complete => "complete",
        }
    }
}
