//! Counts the permits that are held, and says who may have the next one:
//!
//! 1. A sheddable request may have one while less than half of them are held. So what matters least
//!    feels the limit first.
//! 2. If a route to the upstream is critical, a tenth of the permits is for critical requests alone,
//!    and a tenth is for normal ones: neither can take everything from the other.
//! 3. Everyone else may have one while any is left.
//!
//! Ten permits make the first tenth: below that, only the half counts. All counts are in one word,
//! so that a permit costs one exchange and takes no lock.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crate::resilience::priority::{Priorities, Priority};

/// One held by a normal request, in the upper half of the word. All are counted in the lower half.
const NORMAL: u64 = 1 << 32;

pub(super) struct Places {
    /// The most that may be held now.
    limit: AtomicUsize,
    held: AtomicU64,
    priorities: Priorities,
}

impl Places {
    pub(super) fn new(limit: usize, priorities: Priorities) -> Self {
        Self {
            limit: AtomicUsize::new(limit),
            held: AtomicU64::new(0),
            priorities,
        }
    }

    pub(super) fn limit(&self) -> usize {
        self.limit.load(Ordering::SeqCst)
    }

    /// Those that are held beyond a smaller limit stay until they are given back.
    pub(super) fn set_limit(&self, limit: usize) {
        self.limit.store(limit, Ordering::SeqCst);
    }

    pub(super) fn held(&self) -> usize {
        total(self.held.load(Ordering::SeqCst))
    }

    /// Takes one, if the priority may have it.
    pub(super) fn take(&self, priority: Priority) -> bool {
        let limit = self.limit();
        let taken = self
            .held
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |held| {
                may_have(priority, held, limit, self.priorities).then(|| held + one(priority))
            });
        taken.is_ok()
    }

    pub(super) fn give_back(&self, priority: Priority) {
        self.held.fetch_sub(one(priority), Ordering::SeqCst);
    }
}

fn one(priority: Priority) -> u64 {
    match priority {
        Priority::Normal => NORMAL + 1,
        Priority::Critical | Priority::Sheddable => 1,
    }
}

fn total(held: u64) -> usize {
    usize::try_from(held % NORMAL).unwrap_or(usize::MAX)
}

fn may_have(priority: Priority, held: u64, limit: usize, priorities: Priorities) -> bool {
    let all = total(held);
    let normal = usize::try_from(held / NORMAL).unwrap_or(usize::MAX);
    let tenth = if priorities.has_critical {
        limit / 10
    } else {
        0
    };
    match priority {
        Priority::Sheddable => all < limit.div_ceil(2),
        Priority::Normal => all < limit - tenth || (all < limit && normal < tenth),
        Priority::Critical => {
            let for_normal = if priorities.has_normal { tenth } else { 0 };
            all < limit && all - normal.min(all) < limit - for_normal
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Places, Priorities, Priority};

    const ALL: Priorities = Priorities {
        has_critical: true,
        has_normal: true,
    };

    /// How many of this priority get one, one after the other.
    fn taken(places: &Places, priority: Priority) -> usize {
        (0..1000).filter(|_| places.take(priority)).count()
    }

    #[test]
    fn the_lowest_priority_feels_the_limit_first() {
        let places = Places::new(100, ALL);
        assert_eq!(taken(&places, Priority::Sheddable), 50);
        assert_eq!(taken(&places, Priority::Normal), 40);
        assert_eq!(taken(&places, Priority::Critical), 10);
        assert_eq!(places.held(), 100);
    }

    #[test]
    fn critical_requests_leave_normal_ones_their_tenth() {
        let places = Places::new(100, ALL);
        assert_eq!(taken(&places, Priority::Critical), 90);
        assert_eq!(taken(&places, Priority::Sheddable), 0);
        assert_eq!(taken(&places, Priority::Normal), 10);
    }

    #[test]
    fn where_nothing_is_critical_normal_requests_have_everything() {
        let normal = Priorities {
            has_normal: true,
            ..Priorities::default()
        };
        assert_eq!(taken(&Places::new(100, normal), Priority::Normal), 100);
        assert_eq!(taken(&Places::new(1, normal), Priority::Sheddable), 1);
    }

    #[test]
    fn where_everything_is_critical_nothing_is_left_for_others() {
        let critical = Priorities {
            has_critical: true,
            ..Priorities::default()
        };
        assert_eq!(taken(&Places::new(100, critical), Priority::Critical), 100);
    }

    proptest! {
        /// In any order of taking and giving back: the limit holds, the tenth of normal requests
        /// and that of critical ones are free or in their own hands, and nothing is left behind.
        #[test]
        fn nobody_takes_the_share_of_another(
            limit in 1_usize..60,
            steps in prop::collection::vec((0_usize..3, 0_u8..3), 0..400),
        ) {
            let places = Places::new(limit, ALL);
            let mut held = [0_usize; 3];
            for (index, action) in steps {
                let priorities = [Priority::Critical, Priority::Normal, Priority::Sheddable];
                let priority = priorities[index];
                if action > 0 {
                    let all = held.iter().sum::<usize>();
                    let is_taken = places.take(priority);
                    held[index] += usize::from(is_taken);
                    if priority == Priority::Normal && held[1] < limit / 10 {
                        prop_assert!(is_taken, "a normal request has a tenth");
                    }
                    if priority == Priority::Critical && held[0] < limit / 10 && held[1] >= limit / 10 {
                        prop_assert!(is_taken, "a critical request has a tenth");
                    }
                    if priority == Priority::Sheddable && is_taken {
                        prop_assert!(all < limit.div_ceil(2));
                    }
                } else if held[index] > 0 {
                    places.give_back(priority);
                    held[index] -= 1;
                }
                prop_assert!(places.held() <= limit);
                prop_assert_eq!(places.held(), held.iter().sum::<usize>());
            }
        }
    }
}
