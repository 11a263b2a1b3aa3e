//! The signals that stop a process, or make it read its configuration again.
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
        log::info!("a stop was requested");
    })
}

/// Like [`stop_signal`], for a process that can read its configuration again: a SIGHUP asks for
/// that, unless it says that the terminal is closed.
///
/// # Errors
/// The handlers cannot be installed.
pub fn stop_or_reload_signal() -> io::Result<(impl Future<Output = ()>, Hangups)> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let terminal = Terminal::of_process();
    let mut hangup = hangup()?;
    let reloads = Hangups {
        signal: self::hangup()?,
        terminal,
    };
    let stop = async move {
        let closed = async {
            loop {
                received(&mut hangup).await;
                if terminal.is_closed() {
                    return;
                }
            }
        };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            () = closed => {}
        }
        log::info!("a stop was requested");
    };
    Ok((stop, reloads))
}

/// The SIGHUPs that ask for a reload.
pub struct Hangups {
    signal: Option<Signal>,
    terminal: Terminal,
}

impl Hangups {
    /// Waits for the next one. Several that come at once count as one.
    pub async fn next(&mut self) {
        loop {
            received(&mut self.signal).await;
            if !self.terminal.is_closed() {
                return;
            }
        }
    }
}

/// The terminal that controls the process, if there was one at the start.
#[derive(Clone, Copy)]
struct Terminal {
    existed: bool,
}

impl Terminal {
    fn of_process() -> Self {
        Self { existed: exists() }
    }

    fn is_closed(self) -> bool {
        self.existed && !exists()
    }
}

/// Whether the process has a controlling terminal (`tty(4)`).
fn exists() -> bool {
    fs::File::open("/dev/tty").is_ok()
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
