//! Writes the observed behaviour as a table.

use std::fmt;

use crate::declared::{FEATURES, Outcome, UPSTREAMS};
use crate::fault::{FAULTS, Fault};

/// One outage.
pub(crate) struct Row {
    pub(crate) upstream: &'static str,
    pub(crate) fault: Fault,
    /// In the order of the features.
    pub(crate) outcomes: Vec<Outcome>,
}

pub(crate) struct Table(Vec<Row>);

impl Table {
    pub(crate) fn of(rows: Vec<Row>) -> Self {
        assert_eq!(rows.len(), UPSTREAMS.len() * FAULTS.len());
        Self(rows)
    }
}

const INTRO: &str = "# Outages

This page says what a guest gets of each feature while a service is down. A test fills in every
cell. It starts the five programs, takes one service away in each of four ways, and waits until
`/status` shows it. Then it asks for every feature, checks every answer down to its fields, and
checks that everything works once the service is back.
`cargo test -p integration-tests --test outages` repeats this and fails if this page differs.
`WRITE_DOCS=1` writes the page.

The faults:

- **killed**: `kill -9`. The service takes no connection.
- **frozen**: `kill -STOP`. The service takes connections and does not answer.
- **slow**: the service answers after every deadline.
- **failing**: the service answers every request with a 503.

The cells:

- **works**: the answer is the usual one. With *degraded*, `/status` names a part that suffers
  elsewhere, such as a kitchen that gets the order later.
- **last good**: the answer is the last good one, marked `X-Degraded: stale`, with its age.
- **partial**: the answer names its missing parts and is marked `X-Degraded: partial`.
- **refused**: the answer is an immediate 503 `upstream_unavailable` that names the service, with
  `Retry-After`.

The gateway notices an outage after a few failures or a few seconds. Until then, a refusal is a 502
`upstream_unreachable` or a 504 `upstream_timeout`.
";

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(INTRO)?;
        let names: Vec<_> = FEATURES.iter().map(|feature| feature.name).collect();
        writeln!(f, "\n| Service | Fault | {} |", names.join(" | "))?;
        writeln!(f, "|---|---|{}", "---|".repeat(names.len()))?;
        for row in &self.0 {
            let cells: Vec<_> = row.outcomes.iter().map(|outcome| outcome.shown()).collect();
            let fault = row.fault.shown();
            writeln!(f, "| {} | {fault} | {} |", row.upstream, cells.join(" | "))?;
        }
        Ok(())
    }
}

impl Outcome {
    fn shown(self) -> &'static str {
        match self {
            Self::Works => "works",
            Self::WorksDegraded => "works, *degraded*",
            Self::Stale => "last good",
            Self::Partial => "partial",
            Self::Refused => "refused",
        }
    }
}

impl Fault {
    fn shown(self) -> &'static str {
        match self {
            Self::Killed => "killed",
            Self::Frozen => "frozen",
            Self::Slow => "slow",
            Self::Failing => "failing",
        }
    }
}
