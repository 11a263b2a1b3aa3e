//! Pauses that double from one failure to the next (exponential backoff).

use std::time::Duration;

/// Enough doublings to exceed any longest pause.
const MOST_DOUBLINGS: u32 = 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The pause after the first failure.
    pub first: Duration,
    pub longest: Duration,
}

impl Backoff {
    /// The pause after a failure that came after `earlier` others.
    #[must_use]
    pub fn after(self, earlier: u32) -> Duration {
        let factor = 1_u32 << earlier.min(MOST_DOUBLINGS);
        self.first.saturating_mul(factor).min(self.longest)
    }

    /// A random part of that pause, at least `least` of it (0 to 1), so that those who failed
    /// together do not come back together. `random` is between 0 and 1.
    #[must_use]
    pub fn jittered(self, earlier: u32, least: f64, random: f64) -> Duration {
        let part = least + (1.0 - least) * random;
        self.after(earlier).mul_f64(part.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::Backoff;

    const BACKOFF: Backoff = Backoff {
        first: Duration::from_millis(100),
        longest: Duration::from_secs(60),
    };

    #[test]
    fn a_pause_doubles_up_to_the_longest() {
        let millis = |earlier| BACKOFF.after(earlier).as_millis();
        assert_eq!(
            [0, 1, 2, 9, 10].map(millis),
            [100, 200, 400, 51_200, 60_000]
        );
        assert_eq!(millis(u32::MAX), 60_000);
    }

    proptest! {
        #[test]
        fn a_jittered_pause_lies_between_its_least_part_and_the_whole(
            earlier in 0..40_u32,
            least in 0.0..1.0,
            random in 0.0..1.0,
        ) {
            let (whole, pause) = (BACKOFF.after(earlier), BACKOFF.jittered(earlier, least, random));
            prop_assert!(pause <= whole && pause >= whole.mul_f64(least));
        }
    }
}
