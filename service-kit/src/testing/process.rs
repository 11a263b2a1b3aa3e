//! A real process under test: started on a free port, observed by its log, stopped or killed.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::serve::is_hangup_ignored;

const TIMEOUT: Duration = Duration::from_secs(20);

/// Killed when it is dropped.
pub struct Process {
    child: Child,
    log: Arc<Mutex<Vec<String>>>,
}

impl Process {
    /// Starts `command` and collects its standard error.
    ///
    /// # Panics
    /// It cannot be started.
    #[must_use]
    pub fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let stderr = child.stderr.take().expect("standard error is piped");
        let log = Arc::new(Mutex::new(Vec::new()));
        let lines = Arc::clone(&log);
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                lines
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(line);
            }
        });
        Self { child, log }
    }

    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// A size in bytes from `/proc/PID/status` (`proc_pid_status(5)`), such as `VmRSS`.
    #[must_use]
    pub fn size(&self, name: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id()))
            .expect("the process runs");
        let mut lines = status.lines().filter_map(|line| line.split_once(':'));
        let (_, size) = lines.find(|(key, _)| *key == name).expect(name);
        let kibibytes = size.trim().strip_suffix(" kB").expect("a size in kB");
        kibibytes.parse::<u64>().expect("a number") * 1024
    }

    /// Its log so far.
    #[must_use]
    pub fn log(&self) -> Vec<String> {
        self.log
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Waits for a log line that contains `text`, and returns the first one.
    ///
    /// # Panics
    /// There is none within 20 s.
    #[must_use]
    #[track_caller]
    pub fn line_with(&self, text: &str) -> String {
        let begun = Instant::now();
        loop {
            if let Some(line) = self.log().into_iter().find(|line| line.contains(text)) {
                return line;
            }
            assert!(
                begun.elapsed() < TIMEOUT,
                "no line with {text:?} in {:#?}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The address in its line `… listens on 127.0.0.1:PORT`.
    ///
    /// # Panics
    /// There is no such line within 20 s.
    #[must_use]
    #[track_caller]
    pub fn addr(&self) -> SocketAddr {
        addr_after(&self.line_with(" listens on "), " listens on ")
    }

    /// Sends SIGTERM, as `docker stop` does.
    ///
    /// # Panics
    /// The signal cannot be sent.
    pub fn terminate(&self) {
        self.signal("TERM");
    }

    /// Sends SIGHUP, as a closed terminal does. If the tests run under `nohup`, their processes
    /// ignore it, so it is not sent.
    ///
    /// # Panics
    /// The signal cannot be sent.
    pub fn hang_up(&self) {
        self.signal(if is_hangup_ignored() { "TERM" } else { "HUP" });
    }

    /// Sends the signal with that name.
    ///
    /// # Panics
    /// It cannot be sent.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("sh")
            .args(["-c", &format!("kill -{name} {}", self.child.id())])
            .status();
        assert!(sent.expect("sh runs").success());
    }

    /// Limits the size of its files, in bytes or `unlimited` (`prlimit(1)`).
    ///
    /// # Panics
    /// The limit cannot be set.
    pub fn set_file_size_limit(&self, limit: &str) {
        let set = Command::new("prlimit")
            .args(["--pid", &self.child.id().to_string()])
            .arg(format!("--fsize={limit}:"))
            .status();
        assert!(set.expect("prlimit runs").success());
    }

    /// Sends SIGKILL and waits.
    pub fn kill(&mut self) {
        // It may have ended by itself already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// # Panics
    /// The process cannot be asked.
    pub fn has_ended(&mut self) -> bool {
        let status = self.child.try_wait();
        status.expect("the process can be asked").is_some()
    }

    /// # Panics
    /// It does not end within 20 s.
    pub fn wait(&mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self
                .child
                .try_wait()
                .expect("the process can be waited for")
            {
                return status;
            }
            assert!(begun.elapsed() < TIMEOUT, "it goes on: {:#?}", self.log());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// The address right after `marker` in a log line.
///
/// # Panics
/// There is none.
#[must_use]
#[track_caller]
pub fn addr_after(line: &str, marker: &str) -> SocketAddr {
    let (_, rest) = line.split_once(marker).expect("the marker is in the line");
    let end = rest.find([',', ' ']).unwrap_or(rest.len());
    rest.split_at(end).0.parse().expect("an address")
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}
