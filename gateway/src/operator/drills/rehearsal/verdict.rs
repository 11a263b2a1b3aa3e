//! Judges a failure drill: whether each feature behaves as the configuration declares for an outage
//! of this upstream.

use std::fmt;

use serde::Serialize;
use shared_types::gateway::Availability;

/// The kind of answer that a client received.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Received {
    /// The usual answer.
    Works,
    /// A substitute, marked as one.
    Degraded,
    /// A problem that says when to retry.
    Refused,
    /// Anything else.
    Broken,
}

/// One feature while one upstream is down.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Cell {
    pub(crate) feature: String,
    pub(crate) upstream: String,
    pub(crate) declared: Availability,
    pub(crate) status: Availability,
    pub(crate) answer: Received,
    pub(crate) pass: bool,
}

/// The whole matrix.
#[derive(Debug, Serialize)]
pub(crate) struct Verdict {
    pass: bool,
    /// Upstreams that are really down. While one is, there is no verdict: `cells` holds what was
    /// seen before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    down: Vec<String>,
    cells: Vec<Cell>,
    /// Why some cells cannot be judged.
    remarks: Vec<String>,
}

impl Verdict {
    pub(crate) fn of(cells: Vec<Cell>, remarks: Vec<String>) -> Self {
        Self {
            pass: !cells.is_empty() && remarks.is_empty() && cells.iter().all(|cell| cell.pass),
            down: Vec::new(),
            cells,
            remarks,
        }
    }

    /// A verdict that cannot be given, because upstreams are down.
    pub(crate) fn impossible(down: Vec<String>, cells: Vec<Cell>) -> Self {
        let remark = |name: &String| format!("{name} is down: no drill shows anything");
        Self {
            pass: false,
            remarks: down.iter().map(remark).collect(),
            down,
            cells,
        }
    }
}

/// For the log.
impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.down.is_empty() {
            return write!(f, "no verdict: {} down", self.down.join(", "));
        }
        let failed = self.cells.iter().filter(|cell| !cell.pass).count();
        match self.pass {
            true => write!(f, "pass: {} cells", self.cells.len()),
            false => write!(f, "fail: {failed} of {} cells", self.cells.len()),
        }
    }
}

/// Whether `/status` and the client's answer match the declaration. Losing an optional upstream
/// need not show in the answer.
pub(crate) fn holds(
    is_needed: bool,
    declared: Availability,
    status: Availability,
    answer: Received,
) -> bool {
    let expected = match (declared, is_needed) {
        (Availability::Up, _) => answer == Received::Works,
        (Availability::Degraded, true) | (Availability::Deferred, _) => {
            answer == Received::Degraded
        }
        (Availability::Degraded, false) => matches!(answer, Received::Works | Received::Degraded),
        (Availability::Down, _) => answer == Received::Refused,
        // No configuration declares them.
        (Availability::Closed | Availability::Unknown, _) => false,
    };
    expected && status == declared
}

#[cfg(test)]
mod tests {
    use shared_types::gateway::Availability::{Deferred, Degraded, Down, Unknown, Up};

    use super::Received::{Broken, Refused, Works};
    use super::{Received, holds};

    #[test]
    fn a_cell_passes_only_if_status_and_answer_match_the_declaration() {
        for (needed, declared, status, answer, passes) in [
            (false, Up, Up, Works, true),
            (false, Up, Up, Refused, false),
            (false, Up, Degraded, Works, false),
            (true, Degraded, Degraded, Received::Degraded, true),
            (true, Degraded, Degraded, Refused, false),
            (true, Degraded, Degraded, Works, false),
            (false, Degraded, Degraded, Works, true),
            (false, Degraded, Degraded, Broken, false),
            (true, Deferred, Deferred, Received::Degraded, true),
            (true, Deferred, Deferred, Refused, false),
            (true, Deferred, Down, Refused, false),
            (true, Down, Down, Refused, true),
            (true, Down, Down, Broken, false),
            (true, Down, Up, Refused, false),
            (false, Up, Unknown, Works, false),
        ] {
            let held = holds(needed, declared, status, answer);
            assert_eq!(held, passes, "{declared:?} {status:?} {answer:?}");
        }
    }
}
