//! The signals that stop a process.
//!
//! SIGINT (Ctrl-C), SIGTERM (`docker stop`) and SIGHUP (the terminal is closed) all mean the same:
//! finish the requests in flight, then end. Without a handler, SIGHUP would end the process at once
//! and break off every request.

use std::fs;
use std::future::Future;
use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Completes when the process receives a stop signal.
///
/// # Errors
/// The handlers cannot be installed.
pub fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = hangup()?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            () = received(&mut hangup) => {}
        }
    })
}

/// `None` when SIGHUP is ignored: a process started with `nohup` is meant to outlive the terminal.
fn hangup() -> io::Result<Option<Signal>> {
    if is_hangup_ignored() {
        return Ok(None);
    }
    signal(SignalKind::hangup()).map(Some)
}

/// Whether this process, and so its children, ignores SIGHUP.
pub(crate) fn is_hangup_ignored() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    ignores_hangup(&status)
}

async fn received(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => {
            signal.recv().await;
        }
        None => std::future::pending().await,
    }
}

/// Reads the set of ignored signals from `/proc/self/status` (`proc_pid_status(5)`). Bit 0 is
/// signal 1, SIGHUP.
fn ignores_hangup(status: &str) -> bool {
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    ignored
        .and_then(|set| u64::from_str_radix(set.trim(), 16).ok())
        .is_some_and(|set| set & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::ignores_hangup;

    #[test]
    fn an_ignored_hangup_is_read_from_the_set_of_ignored_signals() {
        for (status, expected) in [
            ("Name:\tgateway\nSigIgn:\t0000000000001001\n", true),
            (
                "SigBlk:\t0000000000000001\nSigIgn:\t0000000000001000\n",
                false,
            ),
            ("SigIgn:\tnonsense\n", false),
            ("", false),
        ] {
            assert_eq!(ignores_hangup(status), expected, "{status}");
        }
    }
}
