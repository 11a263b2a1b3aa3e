//! What was seen, for people.

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

What a guest gets of each feature while a service is down. Every cell is seen, not meant: a test starts the five programs,
takes one service away in each of four ways, waits until `/status` shows it, asks for everything, checks each answer down
to its fields, and sees that all is back once the service is. `cargo test -p integration-tests --test outages` does it again
and fails where this page says otherwise; `WRITE_DOCS=1` writes it.

- **killed**: `kill -9`; no connection is taken.
- **frozen**: `kill -STOP`; connections are taken, and nobody answers.
- **slow**: answers come later than anyone waits.
- **failing**: every answer is a 503.

The cells:

- **works**: as on any other day. *Degraded* beside it: so it does, but `/status` says what suffers elsewhere, such as the
  kitchen that will hear of an order later.
- **last good**: the last good answer, marked `X-Degraded: stale`, with its age.
- **partial**: what there is of it, marked `X-Degraded: partial`; what is missing is named.
- **refused**: at once, a 503 `upstream_unavailable` that names the service, with `Retry-After`.

Before the gateway has noticed, which takes a few failures or a few seconds, a refusal is a 502 `upstream_unreachable` or a
504 `upstream_timeout` instead.
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
