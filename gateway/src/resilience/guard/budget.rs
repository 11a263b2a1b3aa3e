//! The retry budget: at most one retry for every five requests, so that an upstream in trouble gets
//! at most 1.2 times its load.
//!
//! It is strict from the first request on. An initial allowance was rejected: a fleet of gateways
//! that start together would all spend it at once.

use std::sync::atomic::{AtomicU32, Ordering};

/// A retry costs the deposits of five requests.
const PRICE: u32 = 5;

/// The most that is saved, 20 retries: a quiet hour must not pay for a storm.
const MOST: u32 = 20 * PRICE;

#[derive(Debug, Default)]
pub(super) struct Budget(AtomicU32);

impl Budget {
    /// Pays in for one request.
    pub(super) fn deposit(&self) {
        // The budget is usually full, and a load is cheaper than a store.
        if self.0.load(Ordering::Relaxed) < MOST {
            let _ = self
                .0
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |saved| {
                    (saved < MOST).then_some(saved + 1)
                });
        }
    }

    /// Pays for a retry, if the budget allows it.
    pub(super) fn withdraw(&self) -> bool {
        let paid = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |saved| {
                saved.checked_sub(PRICE)
            });
        paid.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Budget;

    #[test]
    fn a_long_quiet_time_pays_for_twenty_retries() {
        let budget = Budget::default();
        for _ in 0..1_000_000 {
            budget.deposit();
        }
        let retries = std::iter::repeat_with(|| budget.withdraw()).take_while(|paid| *paid);
        assert_eq!(retries.count(), 20);
    }

    proptest! {
        #[test]
        fn in_any_order_there_is_at_most_one_retry_for_five_requests(
            requests in prop::collection::vec(any::<bool>(), 0..500)
        ) {
            let budget = Budget::default();
            let (mut sent, mut retried) = (0, 0);
            for fails in requests {
                budget.deposit();
                sent += 1;
                if fails && budget.withdraw() {
                    retried += 1;
                }
                prop_assert!(retried * 5 <= sent);
            }
        }
    }
}
