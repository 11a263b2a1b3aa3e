//! The report of `idle`, which reads well as plain text and as Markdown.

use std::fmt::{self, Display};

use crate::Error;
use crate::markdown::table;
use crate::report::{Conditions, mebibytes, millis};
use crate::stats::over;

use super::Run;
use super::guest::Latency;

pub(super) struct Report {
    pub(super) conditions: Conditions,
    pub(super) connections: usize,
    pub(super) slow: usize,
    /// Requests of the guest per second.
    pub(super) rate: u32,
    /// The number of rounds and the length of each of their parts.
    pub(super) length: String,
    /// The proxies by name, the gateway first; nginx is missing if it is not installed.
    pub(super) rows: Vec<(String, Vec<Run>)>,
}

impl Report {
    /// # Errors
    /// An idle connection was closed.
    pub(super) fn verdict(&self) -> Result<(), Error> {
        let runs = self.rows.iter().flat_map(|(_, runs)| runs);
        match runs.map(|run| run.lost).sum() {
            0_usize => Ok(()),
            lost => Err(format!("{lost} idle connections were closed").into()),
        }
    }

    /// The memory that each idle connection costs the process.
    fn bytes_each(&self, run: &Run) -> f64 {
        let (_, alone) = run.alone;
        let more = run.idle.resident.saturating_sub(alone.resident);
        more as f64 / self.connections.max(1) as f64
    }

    fn guest_table(&self) -> String {
        let cell = |rounds: &[Run], latency: fn(&Run) -> Latency| {
            let median = over(rounds, |run| millis(latency(run).median));
            let p99 = over(rounds, |run| millis(latency(run).p99));
            [format!("{median:.2}"), format!("{p99:.2}")]
        };
        let rows: Vec<_> = self
            .rows
            .iter()
            .map(|(name, rounds)| {
                let [median, p99] = cell(rounds, |run| run.alone.0);
                let [crowded_median, crowded_p99] = cell(rounds, |run| run.crowded.0);
                [name.clone(), median, p99, crowded_median, crowded_p99]
            })
            .collect();
        let head = [
            "One client's wait",
            "median ms alone",
            "p99 ms alone",
            "median ms among them",
            "p99 ms among them",
        ];
        table(head, &rows)
    }

    fn memory_table(&self) -> String {
        let row = |(name, rounds): &(String, Vec<Run>)| {
            [
                name.clone(),
                format!("{:.1}", over(rounds, |run| mebibytes(run.alone.1.resident))),
                format!("{:.1}", over(rounds, |run| mebibytes(run.idle.resident))),
                format!("{:.0}", over(rounds, |run| self.bytes_each(run))),
                format!(
                    "{:.1}",
                    over(rounds, |run| mebibytes(run.crowded.1.resident))
                ),
                format!("{:.1}", over(rounds, |run| mebibytes(run.left))),
            ]
        };
        let rows: Vec<_> = self.rows.iter().map(row).collect();
        let head = [
            "Resident memory",
            "MiB before",
            "MiB with the idle",
            "bytes each",
            "MiB with slow heads too",
            "MiB once they have gone",
        ];
        table(head, &rows)
    }

    fn cpu_table(&self) -> String {
        let row = |(name, rounds): &(String, Vec<Run>)| {
            [
                name.clone(),
                format!("{:.1}", over(rounds, |run| run.idle.cpu * 100.0)),
                format!("{:.1}", over(rounds, |run| run.alone.1.cpu * 100.0)),
                format!("{:.1}", over(rounds, |run| run.crowded.1.cpu * 100.0)),
            ]
        };
        let rows: Vec<_> = self.rows.iter().map(row).collect();
        let head = [
            "% of a core",
            "with the idle alone",
            "with the one client alone",
            "with all of them",
        ];
        table(head, &rows)
    }

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

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (conditions, length, rate) = (&self.conditions, &self.length, self.rate);
        let (connections, slow) = (self.connections, self.slow);
        let (guest, memory, cpu) = (self.guest_table(), self.memory_table(), self.cpu_table());
        write!(
            f,
            "{conditions}\n\
             {length}: the median of the rounds (the lowest–the highest). {connections} idle keep-alive connections that have\n\
             made one request each, and {slow} clients that send a byte of a head each second and are replaced when they are cut:\n\
             \n{guest}\n{memory}\n{cpu}\n\
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
    use super::{Latency, Report};
    use crate::report::{Conditions, MIB};

    fn report(lost: usize) -> Report {
        let latency = |micros| Latency {
            median: Duration::from_micros(micros),
            p99: Duration::from_micros(2 * micros),
        };
        let cost = |mebibytes| Cost {
            resident: mebibytes * MIB,
            cpu: 0.015,
        };
        let run = Run {
            alone: (latency(200), cost(10)),
            idle: cost(20),
            crowded: (latency(300), cost(21)),
            left: 12 * MIB,
            cuts: Cuts { told: 7, untold: 1 },
            lost,
        };
        Report {
            conditions: Conditions::default(),
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
