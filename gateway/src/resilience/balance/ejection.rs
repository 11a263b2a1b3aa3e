//! Decides when a replica gets nothing new for a while: it refuses connections, has failed several
//! times in a row, or fails much more often than its siblings. One that has just returned fails once
//! for that.
//!
//! One bad client can make every replica fail its requests. So at most half of the replicas are
//! without requests because of this at any time, those whose probes fail included.

use std::time::{Duration, Instant};

use super::Replicas;
use super::replica::{Outcome, ReplicaState};

/// This many failures in a row eject a replica.
const IN_A_ROW: u32 = 5;

/// So does a share of failures that is this much above the mean of its siblings; right after a
/// return, any share above it.
const ABOVE_SIBLINGS: f64 = 0.3;

/// The time of a first ejection. It doubles with each further one.
pub(crate) const FIRST: Duration = Duration::from_secs(1);

const LONGEST: Duration = Duration::from_secs(30);

/// Notes the outcome of an exchange with a replica. Returns for how long it is ejected, if it is.
pub(crate) fn settle(
    replicas: &(impl Replicas + ?Sized),
    replica: &ReplicaState,
    outcome: Outcome,
    now: Instant,
) -> Option<Duration> {
    replica.note(outcome, now);
    if matches!(outcome, Outcome::Answered(_)) || !replica.is_available(now) {
        return None;
    }
    let is_worth = outcome == Outcome::Unreachable
        || replica.failures_in_a_row() >= IN_A_ROW
        || (outcome == Outcome::Failed && replica.is_on_trial())
        || is_outlier(replicas, replica, now);
    let ejects = is_worth && is_room_for_one_more(replicas, now);
    ejects.then(|| replica.eject(FIRST, LONGEST, now))
}

fn is_outlier(replicas: &(impl Replicas + ?Sized), replica: &ReplicaState, now: Instant) -> bool {
    let above = match (replica.is_known(), replica.is_on_trial()) {
        (true, _) => ABOVE_SIBLINGS,
        (false, true) => 0.0,
        (false, false) => return false,
    };
    let siblings = states(replicas).filter(|one| one.bit() != replica.bit());
    let (sum, count) = siblings.fold((0.0, 0.0), |(sum, count), one| {
        (sum + one.failing(now), count + 1.0)
    });
    count > 0.0 && replica.failing(now) > sum / count + above
}

fn is_room_for_one_more(replicas: &(impl Replicas + ?Sized), now: Instant) -> bool {
    let away = states(replicas)
        .filter(|one| !one.is_available(now))
        .count();
    away < replicas.count() / 2
}

fn states(replicas: &(impl Replicas + ?Sized)) -> impl Iterator<Item = &ReplicaState> {
    (0..replicas.count()).filter_map(|index| replicas.state(index))
}
