//! The report of `journey`.

use std::fmt::{self, Display};
use std::time::Duration;

use crate::Error;
use crate::report::markdown::table;
use crate::report::stats::Waits;

/// The longest that any step may take while all services are up.
const LIMIT: Duration = Duration::from_secs(1);

pub(super) struct Report {
    /// Each step with the time it took for every order.
    pub(super) steps: [(&'static str, Vec<Duration>); 4],
}

impl Report {
    fn late(&self) -> usize {
        let times = self.steps.iter().flat_map(|(_, times)| times);
        times.filter(|time| **time > LIMIT).count()
    }

    fn table(&self) -> String {
        let rows = self.steps.iter().map(|(step, times)| {
            let waits: Waits = times.iter().copied().collect();
            // More digits would be noise: the pages are asked only every 1 to 2 ms.
            let figures = [50.0, 99.0, 100.0].map(|percent| format!("{:.1}", waits.ms(percent)));
            let [median, p99, max] = figures;
            [(*step).to_owned(), median, p99, max]
        });
        table(&["Step", "median ms", "p99 ms", "max ms"], rows)
    }
}

impl crate::report::Report for Report {
    /// # Errors
    /// A step took longer than the limit.
    fn verdict(&self) -> Result<(), Error> {
        match self.late() {
            0 => Ok(()),
            late => Err(format!("{late} steps took longer than {} s", LIMIT.as_secs()).into()),
        }
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [(_, first), ..] = &self.steps;
        let (rounds, limit, late) = (first.len(), LIMIT.as_secs(), self.late());
        let table = self.table();
        write!(
            f,
            "{rounds} orders, one after the other, through the gateway:\n\
             \n{table}\n\
             - Limit: {limit} s for each step of each order. Over it: {late}.\n\
             - From the answer that one domain gives to the first answer of the other that shows it; looked for again\n  \
               1 to 2 ms after each answer that does not.\n\
             - order-service, kitchen-mock, delivery-mock, gateway and the bench share the cores; SQLite with\n  \
               `synchronous=FULL`; the access log is off.\n"
        )
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{LIMIT, Report};
    use crate::report::Report as _;

    fn report(times: [Duration; 2]) -> Report {
        Report {
            steps: ["a", "b", "c", "d"].map(|step| (step, times.to_vec())),
        }
    }

    #[test]
    fn a_step_may_take_as_long_as_the_limit_and_no_longer() {
        let kept = report([Duration::from_micros(2340), LIMIT]);
        assert!(kept.verdict().is_ok());
        let text = kept.to_string();
        assert!(text.contains("| a    |       2.3 |"), "{text}");
        assert!(text.contains("| 1000.0 |\n"), "{text}");
        assert!(text.contains("Over it: 0."), "{text}");

        let broken = report([LIMIT, LIMIT + Duration::from_nanos(1)]);
        let error = broken.verdict().unwrap_err().to_string();
        assert_eq!(error, "4 steps took longer than 1 s");
        assert!(broken.to_string().contains("Over it: 4."));
    }
}
