//! A throw-away Redis for one test, which may freeze it, kill it and start it again.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::{Process, skip_one, unused_address};

/// If this variable is set, tests fail without Redis instead of being skipped.
const REQUIRED: &str = "REQUIRE_REDIS";

const TIMEOUT: Duration = Duration::from_secs(20);

/// Ends when it is dropped. It keeps nothing on disk.
pub struct Redis {
    address: SocketAddr,
    options: Vec<String>,
    process: Process,
}

impl Redis {
    /// Starts a server with these further options, such as `["--requirepass", "secret"]`.
    ///
    /// `None` if Redis is not installed; it says so.
    ///
    /// # Panics
    /// It does not start; or it is not installed, and `REQUIRE_REDIS` is set.
    #[must_use]
    pub fn start(options: &[&str]) -> Option<Self> {
        let version = Command::new("redis-server").arg("--version").output();
        if version.is_err() {
            let missing = "there is no redis-server in PATH";
            skip_one("a test with a shared store", missing, REQUIRED);
            return None;
        }
        let address = unused_address();
        let options = options.iter().map(|option| (*option).to_owned()).collect();
        let process = run(address, &options);
        Some(Self {
            address,
            options,
            process,
        })
    }

    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    /// Kills it. What it held is lost.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts it again after it was killed, empty.
    ///
    /// # Panics
    /// It does not start.
    pub fn start_again(&mut self) {
        self.process = run(self.address, &self.options);
    }

    /// Lets it hang: it accepts connections and answers nothing.
    ///
    /// # Panics
    /// The signal cannot be sent.
    pub fn freeze(&self) {
        self.process.signal("STOP");
    }

    /// # Panics
    /// The signal cannot be sent.
    pub fn thaw(&self) {
        self.process.signal("CONT");
    }

    /// The lines of its answer to a command.
    ///
    /// # Panics
    /// It cannot be asked, or answers with an error.
    #[must_use]
    pub fn ask(&self, words: &[&str]) -> Vec<String> {
        let mut client = Command::new("redis-cli");
        client
            .args(["-h", &self.address.ip().to_string()])
            .args(["-p", &self.address.port().to_string(), "-e"])
            .args(words);
        let output = client.output().expect("redis-cli starts");
        let answer = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{words:?}: {answer}");
        answer.lines().map(str::to_owned).collect()
    }
}

fn run(address: SocketAddr, options: &Vec<String>) -> Process {
    let mut command = Command::new("redis-server");
    command
        .args(["--bind", &address.ip().to_string()])
        .args(["--port", &address.port().to_string()])
        .args(["--save", "", "--appendonly", "no"])
        .args(options)
        .stdout(Stdio::null());
    let process = Process::start(&mut command);
    let begun = Instant::now();
    while !answers(address) {
        assert!(begun.elapsed() < TIMEOUT, "Redis does not start");
        std::thread::sleep(Duration::from_millis(5));
    }
    process
}

/// Whether it answers at all, be it with an error: it may want a password or TLS.
fn answers(address: SocketAddr) -> bool {
    let asked = TcpStream::connect(address).and_then(|mut stream| {
        stream.set_read_timeout(Some(Duration::from_secs(1)))?;
        stream.write_all(b"PING\r\n")?;
        stream.read(&mut [0; 1])
    });
    asked.is_ok()
}
