//! The report of `idle`.

use std::fmt::{self, Display};

use super::Run;
use crate::Error;
use crate::report::markdown::rounds_table;
use crate::report::mebibytes;

pub(super) struct Report {
    pub(super) connections: usize,
    pub(super) slow: usize,
    /// Requests of the one other client per second.
    pub(super) rate: u32,
    /// The number of rounds and the length of each of their parts.
    pub(super) length: String,
    /// The proxies by name, the gateway first; nginx is missing if it is not installed.
    pub(super) rows: Vec<(String, Vec<Run>)>,
}

impl Run {
    /// The memory that each idle connection costs the process.
    fn bytes_each(&self) -> f64 {
        let (_, alone) = self.alone;
        let more = self.idle.resident.saturating_sub(alone.resident);
        more as f64 / self.connections.max(1) as f64
    }
}

impl Report {
    fn write_cuts(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, rounds) in &self.rows {
            let told: u64 = rounds.iter().map(|run| run.cuts.told).sum();
            let untold: u64 = rounds.iter().map(|run| run.cuts.untold).sum();
            let lost: usize = rounds.iter().map(|run| run.lost).sum();
            writeln!(
                f,
                "- {name}: {told} slow heads cut with 408, {untold} without a word; {lost} idle connections closed."
            )?;
        }
        if self.rows.len() < 2 {
            writeln!(f, "- nginx is not installed here: not measured.")?;
        }
        Ok(())
    }
}

impl crate::report::Report for Report {
    /// # Errors
    /// An idle connection was closed.
    fn verdict(&self) -> Result<(), Error> {
        let runs = self.rows.iter().flat_map(|(_, runs)| runs);
        match runs.map(|run| run.lost).sum() {
            0_usize => Ok(()),
            lost => Err(format!("{lost} idle connections were closed").into()),
        }
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (length, rate) = (&self.length, self.rate);
        let (connections, slow) = (self.connections, self.slow);
        let waits = rounds_table(
            "One client's wait",
            &self.rows,
            &[
                ("median ms alone", 2, |run| run.alone.0.ms(50.0)),
                ("p99 ms alone", 2, |run| run.alone.0.ms(99.0)),
                ("median ms among them", 2, |run| run.crowded.0.ms(50.0)),
                ("p99 ms among them", 2, |run| run.crowded.0.ms(99.0)),
            ],
        );
        let memory = rounds_table(
            "Resident memory",
            &self.rows,
            &[
                ("MiB before", 1, |run| mebibytes(run.alone.1.resident)),
                ("MiB with the idle", 1, |run| mebibytes(run.idle.resident)),
                ("bytes each", 0, Run::bytes_each),
                ("MiB with slow heads too", 1, |run| {
                    mebibytes(run.crowded.1.resident)
                }),
                ("MiB once they have gone", 1, |run| mebibytes(run.left)),
            ],
        );
        let cpu = rounds_table(
            "% of a core",
            &self.rows,
            &[
                ("with the idle alone", 1, |run| run.idle.cpu * 100.0),
                ("with the one client alone", 1, |run| {
                    run.alone.1.cpu * 100.0
                }),
                ("with all of them", 1, |run| run.crowded.1.cpu * 100.0),
            ],
        );
        write!(
            f,
            "{length}: the median of the rounds (the lowest–the highest). {connections} idle keep-alive connections that have\n\
             made one request each, and {slow} clients that send a byte of a head each second and are replaced when they are cut:\n\
             \n{waits}\n{memory}\n{cpu}\n\
             - The one client asks {rate} times a second on one connection, for a body of 1 KiB.\n\
             - Memory is that of the process. What the kernel keeps for each socket is not counted.\n\
             - nginx has its tables for twice as many connections in memory from the start. It is one process, a plain\n  \
               reverse proxy with keep-alive to the same upstream and the same timeouts; the gateway has one worker.\n\
             - Access logs are off. The clients and the upstream are one thread beside the proxy.\n"
        )?;
        self.write_cuts(f)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::slow::Cuts;
    use super::super::{Cost, Run};
    use super::Report;
    use crate::report::{MIB, Report as _};

    fn report(lost: usize) -> Report {
        let waits = |micros| [micros, micros, 2 * micros].map(Duration::from_micros);
        let cost = |mebibytes| Cost {
            resident: mebibytes * MIB,
            cpu: 0.015,
        };
        let run = Run {
            connections: 1024,
            alone: (waits(200).into_iter().collect(), cost(10)),
            idle: cost(20),
            crowded: (waits(300).into_iter().collect(), cost(21)),
            left: 12 * MIB,
            cuts: Cuts { told: 7, untold: 1 },
            lost,
        };
        Report {
            connections: 1024,
            slow: 5,
            rate: 100,
            length: "1 × 1 s".to_owned(),
            rows: vec![("gateway 1".to_owned(), vec![run])],
        }
    }

    #[test]
    fn the_report_has_the_memory_of_each_idle_connection() {
        let text = report(0).to_string();
        let memory = text.lines().find(|line| line.contains("20.0")).unwrap();
        let cells: Vec<_> = memory.split('|').map(str::trim).collect();
        assert_eq!(cells[2..7], ["10.0", "20.0", "10240", "21.0", "12.0"]);
    }

    #[test]
    fn the_report_has_the_wait_alone_and_among_the_others() {
        let text = report(0).to_string();
        let wait = text.lines().find(|line| line.contains("0.60")).unwrap();
        let cells: Vec<_> = wait.split('|').map(str::trim).collect();
        assert_eq!(cells[2..6], ["0.20", "0.40", "0.30", "0.60"]);
    }

    #[test]
    fn a_missing_nginx_is_named() {
        assert!(report(0).to_string().contains("nginx is not installed"));
    }

    #[test]
    fn a_closed_idle_connection_is_a_failure() {
        assert!(report(0).verdict().is_ok());
        let error = report(3).verdict().unwrap_err().to_string();
        assert_eq!(error, "3 idle connections were closed");
    }
}
