//! Medians, percentiles, and the spread of a figure over several rounds.

use std::fmt::{self, Display};
use std::time::Duration;

/// The value that `percent` of all samples do not exceed, by nearest rank; zero if there are no
/// samples.
pub(crate) fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let rank = (sorted.len() * percent).div_ceil(100);
    let index = rank.saturating_sub(1);
    sorted.get(index).copied().unwrap_or_default()
}

/// The same for `part` in a thousand.
pub(crate) fn per_mille(sorted: &[Duration], part: usize) -> Duration {
    let rank = (sorted.len() * part).div_ceil(1000);
    let index = rank.saturating_sub(1);
    sorted.get(index).copied().unwrap_or_default()
}

/// Median and 99th percentile.
pub(crate) fn median_and_p99(mut samples: Vec<Duration>) -> (Duration, Duration) {
    samples.sort_unstable();
    (percentile(&samples, 50), percentile(&samples, 99))
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
pub(crate) fn over<T>(rounds: &[T], figure: impl Fn(&T) -> f64) -> Spread {
    Spread::of(rounds.iter().map(figure))
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

    use super::{Spread, median_and_p99, percentile};

    #[test]
    fn a_percentile_is_the_nearest_rank_of_the_sorted_samples() {
        let samples = (1..=200).rev().map(Duration::from_millis).collect();
        let expected = (Duration::from_millis(100), Duration::from_millis(198));
        assert_eq!(median_and_p99(samples), expected);
        let one = [Duration::from_millis(7)];
        assert_eq!(percentile(&one, 1), one[0]);
        assert_eq!(percentile(&one, 99), one[0]);
        assert_eq!(percentile(&[], 50), Duration::ZERO);
    }

    #[test]
    fn rounds_are_shown_as_their_median_and_their_ends() {
        assert_eq!(format!("{}", Spread::of([3.0, 1.0, 2.0])), "2 (1–3)");
        assert_eq!(format!("{:.1}", Spread::of([1.0, 2.0])), "1.5 (1.0–2.0)");
        assert_eq!(format!("{}", Spread::of([7.0])), "7");
        assert_eq!(Spread::of([]), Spread::default());
    }
}
