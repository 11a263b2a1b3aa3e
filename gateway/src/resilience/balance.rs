//! Spreads the requests for an upstream over its replicas. Decides and does no I/O.
//!
//! Of two replicas taken at random, the one with the lower cost gets the request ("power of two
//! choices"). The cost grows with the square of the replica's latency, its requests in flight and its
//! recent failures. So a slow or failing replica gets little, and no two gateways rush to the same one.
//!
//! A replica gets nothing new while its probe fails, or while it is ejected ([`ejection`]). If that
//! leaves none, all of them are tried: whether the upstream as a whole is down is for its circuit to
//! decide.

pub(crate) mod ejection;
pub(crate) mod replica;
#[cfg(test)]
mod simulation;

use std::time::Instant;

use replica::ReplicaState;

/// The replicas that the tries of one request have used, by the bits of their seats.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tried(u64);

impl Tried {
    pub(crate) fn add(&mut self, replica: &ReplicaState) {
        self.0 |= replica.bit();
    }

    pub(crate) fn has(self, replica: &ReplicaState) -> bool {
        self.0 & replica.bit() != 0
    }
}

/// The replicas to choose from, by their indexes.
pub(crate) trait Replicas {
    fn count(&self) -> usize;
    /// `None` if there are not so many.
    fn state(&self, index: usize) -> Option<&ReplicaState>;
}

/// Chooses a replica for a request, if there is any. One that was tried already, or gets nothing
/// new, is chosen only if there is no other. `random` may be any number.
pub(crate) fn choose(
    replicas: &(impl Replicas + ?Sized),
    tried: Tried,
    random: impl FnOnce() -> u64,
    now: impl FnOnce() -> Instant,
) -> Option<usize> {
    let count = replicas.count();
    if count < 2 {
        return (count == 1).then_some(0);
    }
    let (random, now) = (random(), now());
    let is_untried = |one: &ReplicaState| !tried.has(one);
    let is_good = |one: &ReplicaState| is_untried(one) && one.is_available(now);
    let from = |half: u64| {
        // A part of 32 random bits, scaled to the count: no division, and no bias worth a name.
        let begin = usize::try_from((half * count as u64) >> 32).unwrap_or(0);
        (begin..count).chain(0..begin)
    };
    let (one, other) = (random & 0xffff_ffff, random >> 32);
    let pair = |is_candidate: &dyn Fn(&ReplicaState) -> bool| {
        let candidate = |index| {
            let state = replicas.state(index)?;
            is_candidate(state).then_some((index, state))
        };
        let (one, first) = from(one).find_map(candidate)?;
        let other = from(other)
            .filter(|index| *index != one)
            .find_map(candidate);
        let other = other.filter(|(_, second)| second.is_cheaper_than(first, now));
        Some(other.map_or(one, |(other, _)| other))
    };
    pair(&is_good)
        .or_else(|| pair(&is_untried))
        .or_else(|| pair(&|_| true))
}

#[cfg(test)]
mod tests;
