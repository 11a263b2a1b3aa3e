//! What was measured: the runs of each load with each peer.

use std::fmt::{self, Display};
use std::time::Duration;

use super::peer::Kind;
use crate::programs::service::Memory;
use crate::report::micros;
use crate::report::stats::{Spread, over};

/// The figures of one load on one peer.
pub(crate) struct Run {
    pub(super) requests: u64,
    pub(super) elapsed: Duration,
    /// The proxy's processor time.
    pub(super) cpu: Duration,
    /// The longest wait of the fastest 50 %, 99 % and 99.9 % of the requests, in ms.
    pub(super) waits: [f64; 3],
    pub(super) memory: Memory,
}

/// A load on a peer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Case {
    /// The scenario, or what grows.
    pub(crate) what: &'static str,
    /// The number of workers, or the size that it has grown to.
    pub(crate) number: usize,
    pub(crate) peer: Kind,
}

/// A run in each round, by case.
pub(crate) struct Runs(pub(crate) Vec<(Case, Vec<Run>)>);

impl Run {
    /// The proxy's processor time for a request, in µs.
    pub(crate) fn cost(&self) -> f64 {
        micros(self.cpu) / self.requests.max(1) as f64
    }

    pub(super) fn rate(&self) -> f64 {
        self.requests as f64 / self.elapsed.as_secs_f64()
    }
}

impl Runs {
    /// The runs of a case; empty if it was not measured.
    pub(crate) fn of(&self, case: Case) -> &[Run] {
        let found = self.0.iter().find(|(of, _)| *of == case);
        found.map_or(&[], |(_, runs)| runs)
    }

    /// The cost of a request for the peer, if it was measured.
    pub(crate) fn cost(&self, case: Case) -> Option<Spread> {
        let runs = self.of(case);
        (!runs.is_empty()).then(|| over(runs, Run::cost))
    }

    /// The gateway's cost divided by this peer's, round by round.
    pub(crate) fn ratio(&self, case: Case) -> Spread {
        let peer = Kind::Gateway;
        let rounds = self.of(Case { peer, ..case }).iter().zip(self.of(case));
        Spread::of(rounds.map(|(ours, theirs)| ours.cost() / theirs.cost()))
    }
}

impl Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, number, peer } = self;
        write!(f, "{what} ({number}): {peer}")
    }
}
