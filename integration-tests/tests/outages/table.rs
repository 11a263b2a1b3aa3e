//! Writes the observed behaviour as a table.

use std::fmt::Write as _;

use crate::declared::{FEATURES, Outcome, UPSTREAMS};
use crate::fault::{FAULTS, Fault};
use crate::words::Words;

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

    /// The whole page, `docs/OUTAGES.md` or its French twin.
    pub(crate) fn page(&self, words: &Words) -> String {
        let mut page = words.intro.to_owned();
        let names: Vec<_> = FEATURES.iter().map(|feature| feature.name).collect();
        writeln!(page, "\n| {} | {} |", words.titles, names.join(" | ")).unwrap();
        writeln!(page, "|---|---|{}", "---|".repeat(names.len())).unwrap();
        for row in &self.0 {
            let fault = row.fault.shown(words);
            write!(page, "| {} | {} |", row.upstream, fault).unwrap();
            for outcome in &row.outcomes {
                write!(page, " {} |", outcome.shown(words)).unwrap();
            }
            page.push('\n');
        }
        page
    }
}

impl Outcome {
    fn shown(self, words: &Words) -> &'static str {
        match self {
            Self::Works => words.works,
            Self::WorksDegraded => words.works_degraded,
            Self::Stale => words.stale,
            Self::Partial => words.partial,
            Self::Kept => words.kept,
            Self::Refused => words.refused,
        }
    }
}

impl Fault {
    fn shown(self, words: &Words) -> &'static str {
        match self {
            Self::Killed => words.killed,
            Self::Frozen => words.frozen,
            Self::Slow => words.slow,
            Self::Failing => words.failing,
        }
    }
}
