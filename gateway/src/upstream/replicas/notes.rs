//! What is noted of each replica: how exchanges with it go, and what its probe says. From it follows
//! which replicas get requests, and what is said for and against the upstream.

use std::sync::PoisonError;
use std::time::Instant;

use super::{Replica, Replicas};
use crate::resilience::balance::replica::Outcome;
use crate::resilience::balance::{Tried, ejection};
use crate::resilience::guard::{Evidence, Witness};

impl Replicas {
    /// Whether a replica that gets requests was not tried yet.
    pub(in crate::upstream) fn has_untried(&self, tried: Tried) -> bool {
        let (all, now) = (self.all(), Instant::now());
        let states = all.iter().map(|one| &one.state);
        let mut good = states.filter(|state| state.is_available(now));
        good.any(|state| !tried.has(state))
    }

    /// Notes how an exchange with a replica went.
    pub(in crate::upstream) fn note(&self, replica: &Replica, outcome: Outcome) {
        let now = Instant::now();
        if matches!(outcome, Outcome::Answered(_)) {
            replica.state.note(outcome, now);
            return;
        }
        if matches!(outcome, Outcome::Unreachable) {
            // It may have moved before the answer that named it was out of date.
            self.resolver.doubt();
        }
        let ejected = {
            let _one_at_a_time = self.ejecting.lock().unwrap_or_else(PoisonError::into_inner);
            ejection::settle(&*self.all(), &replica.state, outcome, now)
        };
        if let Some(time) = ejected {
            let why = match outcome {
                Outcome::Unreachable => "accepts no connection",
                _ => "fails its requests",
            };
            // The longer times that follow without a good time in between say nothing new.
            let level = if time == ejection::FIRST {
                log::Level::Warn
            } else {
                log::Level::Debug
            };
            log::log!(
                level, upstream = &*self.name, replica = replica.address.to_string().as_str();
                "the replica {why}, it gets nothing new for {}",
                humantime::format_duration(time)
            );
        }
    }

    /// Notes what the probe of a replica says.
    pub(in crate::upstream) fn probed(&self, replica: &Replica, is_well: bool) {
        let is_news = replica.state.probed(is_well, Instant::now());
        // With one replica, this is the state of the upstream, which is told already.
        if !is_news || self.is_one() {
            return;
        }
        let (upstream, address) = (&*self.name, replica.address.to_string());
        if is_well {
            log::info!(upstream = upstream, replica = address.as_str(); "the replica is well again");
        } else {
            log::warn!(
                upstream = upstream, replica = address.as_str();
                "the replica's probe fails, it gets nothing new"
            );
        }
    }

    /// The replica as a witness of its outcome.
    pub(in crate::upstream) fn witness(&self, replica: &Replica, evidence: Evidence) -> Witness {
        let others = match evidence {
            Evidence::Answered => 0,
            _ => {
                let (all, now) = (self.all(), Instant::now());
                let others = all.iter().filter(|one| !std::ptr::eq(&***one, replica));
                let others = others.filter(|one| one.state.is_available(now));
                others.fold(0, |bits, one| bits | one.state.bit())
            }
        };
        Witness {
            own: replica.state.bit(),
            others,
        }
    }
}
