//! The parts that all reports share: their units, their tables, and where they are written.

pub(crate) mod markdown;
pub(crate) mod plot;
pub(crate) mod stats;

use std::fmt::Display;
use std::io::{self, Write as _};
use std::path::Path;
use std::time::Duration;

use crate::Error;

pub(crate) const MIB: u64 = 1024 * 1024;

/// The result of a measurement. It reads well as plain text and as Markdown.
pub(crate) trait Report: Display {
    /// # Errors
    /// A limit was not kept; the error names it.
    fn verdict(&self) -> Result<(), Error> {
        Ok(())
    }
}

/// A report and the conditions under which it was made.
pub(crate) struct Measured {
    pub(crate) conditions: String,
    pub(crate) report: Box<dyn Report>,
}

/// Prints what was measured and, if `file` is given, writes it into that file's section.
///
/// # Errors
/// It cannot be written, or a limit was not kept.
pub(crate) fn publish(
    section: &str,
    file: Option<&Path>,
    measured: &Measured,
) -> Result<(), Error> {
    let Measured { conditions, report } = measured;
    let text = format!("{conditions}\n{report}");
    write!(io::stdout().lock(), "{text}")?;
    if let Some(file) = file {
        markdown::write_section(file, section, &text)?;
    }
    report.verdict()
}

/// Measures each case once in every round, so that a slow minute of the machine affects all alike.
/// Gives the figures of all rounds by the name of the case.
///
/// # Errors
/// A measurement failed; the error names its case.
pub(crate) async fn in_turns<N: Display, C, T>(
    rounds: u64,
    cases: impl IntoIterator<Item = (N, C)>,
    measure: impl AsyncFn(&C) -> Result<T, Error>,
) -> Result<Vec<(N, Vec<T>)>, Error> {
    let (names, cases): (Vec<_>, Vec<_>) = cases.into_iter().unzip();
    let mut all: Vec<_> = names.into_iter().map(|name| (name, Vec::new())).collect();
    for round in 1..=rounds {
        tell(format!("round {round} of {rounds}"))?;
        for ((name, figures), case) in all.iter_mut().zip(&cases) {
            tell(format!("  {name}"))?;
            let measured = measure(case).await;
            figures.push(measured.map_err(|error| format!("{name}: {error}"))?);
        }
    }
    Ok(all)
}

/// Tells the person who waits what happens now.
pub(crate) fn tell(what: impl Display) -> io::Result<()> {
    writeln!(io::stderr(), "{what}")
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
