//! The report of `siege`.

use std::fmt::{self, Display};

use clap::ValueEnum as _;

use super::Run;
use super::attack::Attack;
use super::guest::Visit;
use crate::Error;
use crate::report::markdown::table;
use crate::report::mebibytes;

/// The most that the p99 under attack may be, as a multiple of the p99 before it.
const MOST_TIMES: f64 = 2.0;

pub(super) struct Report {
    pub(super) runs: Vec<Run>,
    /// Whether nginx is installed.
    pub(super) has_nginx: bool,
    /// Seconds that the honest client asks, before and during an attack.
    pub(super) seconds: [u64; 2],
}

/// One kind of the honest client's requests in one run.
struct Row<'r> {
    run: &'r Run,
    what: &'r str,
    quiet: &'r Visit,
    attacked: &'r Visit,
}

impl Row<'_> {
    fn times(&self) -> f64 {
        let quiet = self.quiet.waits.ms(99.0);
        self.attacked.waits.ms(99.0) / quiet.max(f64::MIN_POSITIVE)
    }

    /// Whether this is the gateway's row and its limit is not kept.
    fn is_missed(&self) -> bool {
        let is_fast = self.times() <= MOST_TIMES;
        self.run.is_gateway && (self.attacked.refusals() > 0 || !is_fast)
    }

    fn cells(&self) -> [String; 9] {
        let ms = |visit: &Visit| {
            if visit.refusals() == visit.asked {
                return ["–", "–"].map(str::to_owned);
            }
            [50.0, 99.0].map(|percent| format!("{:.1}", visit.waits.ms(percent)))
        };
        let [quiet_median, quiet_p99] = ms(self.quiet);
        let [median, p99] = ms(self.attacked);
        let times = if p99 == "–" {
            p99.clone()
        } else {
            format!("{:.1}", self.times())
        };
        [
            self.run.proxy.clone(),
            self.what.to_owned(),
            refused(self.quiet),
            refused(self.attacked),
            quiet_median,
            median,
            quiet_p99,
            p99,
            times,
        ]
    }
}

/// Such as `37 of 250 (503: 30, no connection: 7)`.
fn refused(visit: &Visit) -> String {
    let mut text = format!("{} of {}", visit.refusals(), visit.asked);
    if !visit.refused.is_empty() {
        let ends = visit.refused.iter();
        let ends: Vec<_> = ends.map(|(end, count)| format!("{end}: {count}")).collect();
        text += &format!(" ({})", ends.join(", "));
    }
    text
}

impl Report {
    fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.runs.iter().flat_map(|run| {
            run.visits.iter().map(move |(what, [quiet, attacked])| Row {
                run,
                what,
                quiet,
                attacked,
            })
        })
    }

    fn write_attack(&self, attack: Attack, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = self.rows().filter(|row| row.run.attack == attack);
        let mut rows = rows.map(|row| row.cells()).peekable();
        if rows.peek().is_none() {
            return Ok(());
        }
        let head = [
            attack.plan().name,
            "another client asks for",
            "refused before",
            "refused under attack",
            "p50 ms before",
            "under attack",
            "p99 ms before",
            "under attack",
            "×",
        ];
        write!(f, "\n{}", table(&head, rows))
    }

    fn write_memory(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for run in self.runs.iter().filter(|run| run.attack == Attack::Pages) {
            let [before, peak, left] = run.resident.map(mebibytes);
            writeln!(
                f,
                "- {}: {before:.0} MiB before the slow readers of its page, {peak:.0} MiB at the most, {left:.0} MiB a second\n  \
                 after they have gone.",
                run.proxy
            )?;
        }
        Ok(())
    }
}

impl crate::report::Report for Report {
    /// # Errors
    /// The gateway refused the honest client or kept it waiting too long.
    fn verdict(&self) -> Result<(), Error> {
        let missed = self.rows().filter(Row::is_missed);
        let missed: Vec<_> = missed
            .map(|row| format!("{}: {}", row.run.attack.plan().name, row.what))
            .collect();
        if missed.is_empty() {
            return Ok(());
        }
        Err(format!("the limits were not kept: {}", missed.join("; ")).into())
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [quiet, attacked] = self.seconds;
        write!(
            f,
            "Each attack comes from one address, the slow bodies from four, within the gateway's default limits or against them;\n\
             another client asks for {quiet} s before it and for {attacked} s under it, each time on a new connection:\n"
        )?;
        for attack in Attack::value_variants().iter().copied() {
            self.write_attack(attack, f)?;
        }
        write!(
            f,
            "\n- Limit for the gateway: none refused, and a p99 of at most {MOST_TIMES} times the one before.\n"
        )?;
        self.write_memory(f)?;
        write!(
            f,
            "- An attacker that is cut or refused begins again, up to 100 times a second all together.\n\
             - Refused is whatever is no 2xx, and what takes longer than 3 s. Times are of the others.\n\
             - Both proxies have one worker, 10,000 connections, 60 requests a second of one address and 600 at once\n  \
               (`limit_req`), 1,000 connections of one address (`limit_conn`), 1,000 requests under way to an upstream\n  \
               (`max_conns`), and the gateway's timeouts. What each refuses the attacker beyond that is its own.\n\
             - New accounts and logins go to the real client-service, all else to an upstream that answers at once. Attackers,\n  \
               the other client and the upstream share two threads beside the proxy.\n"
        )?;
        if !self.has_nginx {
            writeln!(f, "- nginx is not installed here: not measured.")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use super::super::Run;
    use super::super::attack::Attack;
    use super::{Report, Visit};
    use crate::report::{MIB, Report as _};

    fn visit(p99: u64, refused: usize) -> Visit {
        let all = (refused > 0).then(|| ("503".to_owned(), refused));
        Visit {
            asked: 250,
            refused: BTreeMap::from_iter(all),
            waits: [1, 1, p99].map(Duration::from_millis).into_iter().collect(),
        }
    }

    fn report(is_gateway: bool, p99: u64, refused: usize) -> Report {
        let run = Run {
            attack: Attack::Pages,
            proxy: "a proxy".to_owned(),
            is_gateway,
            visits: vec![("an order", [visit(2, 0), visit(p99, refused)])],
            resident: [10 * MIB, 30 * MIB, 20 * MIB],
        };
        Report {
            runs: vec![run],
            has_nginx: true,
            seconds: [3, 5],
        }
    }

    #[test]
    fn the_report_says_how_many_were_refused_and_why() {
        let text = report(true, 3, 30).to_string();
        assert!(text.contains("30 of 250 (503: 30)"), "{text}");
        assert!(text.contains("10 MiB before"), "{text}");
    }

    #[test]
    fn a_refusal_or_a_wait_is_a_failure_of_the_gateway_alone() {
        assert!(report(true, 4, 0).verdict().is_ok());
        assert!(report(true, 5, 0).verdict().is_err());
        assert!(report(true, 2, 1).verdict().is_err());
        assert!(report(false, 9, 9).verdict().is_ok());
    }
}
