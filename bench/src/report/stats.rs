//! Percentiles of waits, and the spread of a figure over several rounds.

use std::fmt::{self, Display};
use std::time::Duration;

use hdrhistogram::Histogram;

use super::millis;

/// Longer than any wait; a longer one would count as this.
const LONGEST: Duration = Duration::from_secs(3600);

/// How long requests took, exact to a thousandth, and the longest of them.
#[derive(Clone, Debug)]
pub(crate) struct Waits {
    histogram: Histogram<u64>,
    max: Duration,
}

impl Default for Waits {
    #[expect(clippy::expect_used, reason = "the bounds are constants")]
    fn default() -> Self {
        let longest = LONGEST.as_nanos() as u64;
        let histogram = Histogram::new_with_bounds(1, longest, 3);
        Self {
            histogram: histogram.expect("the bounds of a histogram are valid"),
            max: Duration::ZERO,
        }
    }
}

impl Waits {
    pub(crate) fn add(&mut self, wait: Duration) {
        let nanos = u64::try_from(wait.as_nanos()).unwrap_or(u64::MAX);
        self.histogram.saturating_record(nanos);
        self.max = self.max.max(wait);
    }

    /// Adds all waits of another.
    pub(crate) fn merge(&mut self, other: &Self) {
        // They have the same bounds.
        let _ = self.histogram.add(&other.histogram);
        self.max = self.max.max(other.max);
    }

    pub(crate) fn count(&self) -> u64 {
        self.histogram.len()
    }

    /// The wait that `percent` of all waits do not exceed; zero if there are none.
    pub(crate) fn percentile(&self, percent: f64) -> Duration {
        let value = self.histogram.value_at_quantile(percent / 100.0);
        Duration::from_nanos(self.histogram.median_equivalent(value)).min(self.max)
    }

    /// The same in milliseconds.
    pub(crate) fn ms(&self, percent: f64) -> f64 {
        millis(self.percentile(percent))
    }
}

impl FromIterator<Duration> for Waits {
    fn from_iter<T: IntoIterator<Item = Duration>>(all: T) -> Self {
        let mut waits = Self::default();
        for wait in all {
            waits.add(wait);
        }
        waits
    }
}

/// A figure over several rounds: its median, lowest and highest value.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Spread {
    pub(crate) low: f64,
    pub(crate) median: f64,
    pub(crate) high: f64,
}

impl Spread {
    pub(crate) fn of(rounds: impl IntoIterator<Item = f64>) -> Self {
        let mut rounds: Vec<f64> = rounds.into_iter().collect();
        rounds.sort_unstable_by(f64::total_cmp);
        let at = |index: usize| rounds.get(index).copied().unwrap_or_default();
        let last = rounds.len().saturating_sub(1);
        Self {
            low: at(0),
            // The mean of the two in the middle if their number is even.
            median: f64::midpoint(at(last / 2), at(last.div_ceil(2))),
            high: at(last),
        }
    }
}

/// The spread of one figure over all rounds.
pub(crate) fn over<'r, T: 'r>(
    rounds: impl IntoIterator<Item = &'r T>,
    figure: impl Fn(&T) -> f64,
) -> Spread {
    Spread::of(rounds.into_iter().map(figure))
}

/// Written as `1200 (1150–1260)`, with the decimals asked for; as `1200` if all rounds are equal.
impl Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = f.precision().unwrap_or(0);
        let Self { low, median, high } = self;
        write!(f, "{median:.digits$}")?;
        if low == high {
            return Ok(());
        }
        write!(f, " ({low:.digits$}–{high:.digits$})")
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Spread, Waits};

    #[test]
    fn a_percentile_is_the_nearest_rank_to_a_thousandth() {
        let waits: Waits = (1..=200).rev().map(Duration::from_millis).collect();
        for (percent, expected) in [(50.0, 100.0), (99.0, 198.0), (100.0, 200.0)] {
            let found = waits.ms(percent);
            assert!((found / expected - 1.0).abs() < 0.001, "{found}");
        }
        assert_eq!(waits.count(), 200);
        assert_eq!(Waits::default().percentile(50.0), Duration::ZERO);
    }

    #[test]
    fn rounds_are_shown_as_their_median_and_their_ends() {
        assert_eq!(format!("{}", Spread::of([3.0, 1.0, 2.0])), "2 (1–3)");
        assert_eq!(format!("{:.1}", Spread::of([1.0, 2.0])), "1.5 (1.0–2.0)");
        assert_eq!(format!("{}", Spread::of([7.0])), "7");
        assert_eq!(Spread::of([]), Spread::default());
    }
}
