//! Which replicas speak for an upstream, or for a route.
//!
//! A circuit is for the whole upstream. So the failures of one replica do not count against it while
//! there is another that gets requests and did not fail the last time: the replica is to blame, and
//! gets fewer requests.

use std::sync::atomic::{AtomicU64, Ordering};

/// The replica that an outcome comes from, as the bit of its seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Witness {
    pub(crate) own: u64,
    /// The others that get requests. Only needed for a failure.
    pub(crate) others: u64,
}

impl Witness {
    /// The upstream has one replica.
    pub(crate) const ALONE: Self = Self { own: 0, others: 0 };
}

/// The replicas whose latest outcome was a failure.
#[derive(Debug, Default)]
pub(super) struct Witnesses(AtomicU64);

impl Witnesses {
    pub(super) fn succeeded(&self, witness: Witness) {
        // An unconditional store would make all cores fetch the cache line again.
        if self.0.load(Ordering::Relaxed) & witness.own != 0 {
            self.0.fetch_and(!witness.own, Ordering::Relaxed);
        }
    }

    /// Returns whether another replica speaks against blaming all.
    pub(super) fn failed(&self, witness: Witness) -> bool {
        if witness.own == 0 {
            return false;
        }
        let failing = self.0.fetch_or(witness.own, Ordering::Relaxed);
        witness.others & !failing != 0
    }
}

#[cfg(test)]
mod tests {
    use super::{Witness, Witnesses};

    const ONE: Witness = Witness {
        own: 1,
        others: 0b110,
    };
    const OTHER: Witness = Witness {
        own: 0b10,
        others: 0b101,
    };
    const THIRD: Witness = Witness {
        own: 0b100,
        others: 0b011,
    };

    #[test]
    fn a_failure_is_the_replicas_own_until_the_others_have_failed_too() {
        let witnesses = Witnesses::default();
        assert!(witnesses.failed(ONE));
        assert!(witnesses.failed(ONE));
        assert!(witnesses.failed(OTHER));
        assert!(!witnesses.failed(THIRD));
        assert!(!witnesses.failed(ONE));
        witnesses.succeeded(OTHER);
        assert!(witnesses.failed(ONE));
    }

    #[test]
    fn a_replica_that_gets_nothing_new_speaks_for_nobody() {
        let witnesses = Witnesses::default();
        assert!(!witnesses.failed(Witness { others: 0, ..ONE }));
    }

    #[test]
    fn alone_nobody_speaks_for_it() {
        let witnesses = Witnesses::default();
        witnesses.succeeded(Witness::ALONE);
        assert!(!witnesses.failed(Witness::ALONE));
    }
}
