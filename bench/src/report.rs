//! The parts that all reports share: their first line, their units, and where they are written.

use std::fmt::{self, Display};
use std::io::{self, Write as _};
use std::path::Path;
use std::time::Duration;

use chrono::Utc;

use crate::{Error, machine, markdown};

pub(crate) const MIB: u64 = 1024 * 1024;

/// The machine and its state during a measurement, as the first line of its report.
#[derive(Default)]
pub(crate) struct Conditions {
    machine: String,
    /// The share of its time that the machine was at other work just before.
    busy: f64,
}

impl Conditions {
    /// The conditions now, for a measurement with its files in `folder`.
    pub(crate) async fn of(folder: &Path) -> Result<Self, Error> {
        Ok(Self {
            machine: machine::facts(folder)?,
            busy: machine::busy().await?,
        })
    }
}

impl Display for Conditions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let date = Utc::now().format("%Y-%m-%d");
        let (machine, busy) = (&self.machine, self.busy * 100.0);
        write!(
            f,
            "{date}, {machine}, {busy:.0} % of it at other work before the start."
        )
    }
}

/// Prints a report and, if `markdown` is given, writes it into that file's section.
pub(crate) fn publish(section: &str, report: &str, markdown: Option<&Path>) -> Result<(), Error> {
    write!(io::stdout().lock(), "{report}")?;
    markdown.map_or(Ok(()), |file| {
        markdown::write_section(file, section, report)
    })
}

pub(crate) fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

pub(crate) fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// Bytes as MiB.
pub(crate) fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / MIB as f64
}
