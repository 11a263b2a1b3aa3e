//! The report of `bodies`.

use std::fmt::{self, Display};

use super::{Run, SLOW};
use crate::Error;
use crate::report::markdown::rounds_table;
use crate::report::stats::over;
use crate::report::{MIB, mebibytes};

/// The memory that the gateway must stay within, however long a body is.
const LIMIT: u64 = 40 * MIB;

pub(super) struct Report {
    /// The version of the gateway.
    pub(super) version: String,
    /// The length of each body in MiB.
    pub(super) mebibytes: u64,
    /// Each scenario with its runs, one for each round.
    pub(super) rows: Vec<(&'static str, Vec<Run>)>,
}

impl Run {
    fn per_second(&self) -> f64 {
        mebibytes(self.bytes) / self.elapsed.as_secs_f64()
    }

    /// Processor seconds per GiB.
    fn cost(&self) -> f64 {
        self.cpu.as_secs_f64() / mebibytes(self.bytes) * 1024.0
    }
}

impl Report {
    fn runs(&self) -> impl Iterator<Item = &Run> {
        self.rows.iter().flat_map(|(_, runs)| runs)
    }

    fn most(&self) -> u64 {
        self.runs().map(|run| run.after.peak).max().unwrap_or(0)
    }
}

impl crate::report::Report for Report {
    /// # Errors
    /// The gateway took more memory than its limit.
    fn verdict(&self) -> Result<(), Error> {
        if self.most() <= LIMIT {
            return Ok(());
        }
        let (most, limit) = (mebibytes(self.most()), mebibytes(LIMIT));
        Err(format!("the gateway took {most:.1} MiB, over {limit:.0} MiB").into())
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let table = rounds_table(
            "Through the gateway",
            &self.rows,
            &[
                ("MiB/s", 0, Run::per_second),
                ("CPU s/GiB", 2, Run::cost),
                ("peak MiB", 1, |run| mebibytes(run.after.peak)),
                ("after it MiB", 1, |run| mebibytes(run.after.resident)),
            ],
        );
        let (version, length) = (&self.version, self.mebibytes);
        let rounds = self.rows.first().map_or(0, |(_, rounds)| rounds.len());
        let before = over(self.runs(), |run| mebibytes(run.before.resident));
        let (most, limit, slow) = (mebibytes(self.most()), mebibytes(LIMIT), mebibytes(SLOW));
        write!(
            f,
            "{version} with one worker; {length} MiB each, {rounds} ×: the median (the lowest–the highest).\n\
             \n{table}\n\
             - Limit: {limit:.0} MiB of resident memory at any time. The most: {most:.1} MiB. Before a body: {before:.1} MiB.\n\
             - A slow upstream or client reads {slow:.0} MiB/s.\n\
             - Each row has a gateway of its own; its access log is off, and `limits.request_body` and the upstream's\n  \
               `timeout` are raised.\n\
             - Client and upstream are one thread: MiB/s is what all three make together, CPU and memory are the gateway's alone.\n"
        )
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{LIMIT, Report, Run};
    use crate::programs::service::Memory;
    use crate::report::{MIB, Report as _};

    fn report(peak: u64) -> Report {
        let run = Run {
            bytes: 2048 * MIB,
            elapsed: Duration::from_secs(4),
            cpu: Duration::from_secs(3),
            before: Memory::default(),
            after: Memory {
                resident: 5 * MIB,
                peak,
            },
        };
        Report {
            version: "gateway 1".to_owned(),
            mebibytes: 2048,
            rows: vec![("a", vec![run])],
        }
    }

    #[test]
    fn the_gateway_may_take_as_much_as_the_limit_and_no_more() {
        let kept = report(LIMIT);
        assert!(kept.verdict().is_ok());
        let text = kept.to_string();
        assert!(
            text.contains("|   512 |      1.50 |     40.0 |          5.0 |"),
            "{text}"
        );
        let broken = report(LIMIT + MIB);
        let error = broken.verdict().unwrap_err().to_string();
        assert_eq!(error, "the gateway took 41.0 MiB, over 40 MiB");
    }
}
