//! Follows the closures: tells the log and the console when one begins or ends, and ends the drills
//! that it overlaps.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use service_kit::serve::Draining;
use shared_types::gateway::ClosureTarget;

use super::named;
use crate::operator::Operator;
use crate::operator::drills::overlaps;

/// Runs until the gateway drains.
pub(crate) async fn run(operator: Operator, draining: Draining) {
    // A reload keeps the same closures.
    let closures = &operator.site().closures;
    let mut before = BTreeSet::new();
    loop {
        let present = closures.present();
        if present != before {
            tell(&before, &present);
            end_drills(&operator);
            operator.feed.wake();
            before = present;
        }
        tokio::select! {
            () = closures.wait() => {}
            () = draining.begun() => return,
        }
    }
}

fn tell(before: &BTreeSet<ClosureTarget>, present: &BTreeSet<ClosureTarget>) {
    for target in present.difference(before) {
        log::info!("a closure begins: {}", named(target));
    }
    for target in before.difference(present) {
        log::info!("a closure is over: {}", named(target));
    }
}

/// Ends the drills of what is closed now.
fn end_drills(operator: &Operator) {
    let Some(drills) = &operator.drills else {
        return;
    };
    let site = operator.site();
    for place in drills.places(Instant::now()) {
        if overlaps(&site, &place, Duration::ZERO) && drills.end(&place) {
            log::warn!("a failure drill ends for a closure: {}", place.name());
        }
    }
}
