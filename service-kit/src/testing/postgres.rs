//! A throw-away PostgreSQL for the tests of one process, which listens only on a socket in a folder
//! of its own.
//!
//! A shell runs it (`postgres.sh`) and ends it when this process is gone, even by SIGKILL. A
//! container was rejected: every contributor would need Docker, and it would take longer to start
//! than all tests to run.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, fs};

use super::skip;

/// Each version has a folder here, which is not in `PATH`.
const DEBIAN: &str = "/usr/lib/postgresql";

/// If this variable is set, tests fail without PostgreSQL instead of being skipped.
const REQUIRED: &str = "REQUIRE_POSTGRES";

/// Ends when it is dropped, or with this process.
pub struct Postgres {
    keeper: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    folder: String,
    databases: AtomicU32,
}

/// The server that all tests of this process share, started by the first of them.
///
/// If PostgreSQL is not installed, this says so and ends the process with success.
///
/// # Panics
/// It does not start; or it is not installed, and `REQUIRE_POSTGRES` is set.
#[must_use]
pub fn postgres_or_skip() -> &'static Postgres {
    static SHARED: OnceLock<Postgres> = OnceLock::new();
    SHARED.get_or_init(Postgres::start)
}

impl Postgres {
    /// A server for one test, which may stop it. Skips as [`postgres_or_skip`] does.
    ///
    /// # Panics
    /// As [`postgres_or_skip`].
    #[must_use]
    pub fn start() -> Self {
        if !is_installed() {
            let missing = format!("there is no initdb in PATH nor in {DEBIAN}");
            skip("the tests on PostgreSQL", &missing, REQUIRED);
        }
        let mut keeper = keeper().spawn().expect("a shell starts");
        let stdout = keeper.stdout.take().expect("standard output is piped");
        let mut postgres = Self {
            stdin: keeper.stdin.take(),
            stdout: BufReader::new(stdout),
            keeper,
            folder: String::new(),
            databases: AtomicU32::new(0),
        };
        postgres.folder = postgres.answer();
        postgres.resume();
        postgres
    }

    /// The URL of a new, empty database.
    ///
    /// # Panics
    /// It cannot be created.
    #[must_use]
    pub fn fresh_database(&self) -> String {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        self.run(&format!("CREATE DATABASE test{number}"));
        format!(
            "postgres://postgres@localhost:5432/test{number}?host={}",
            self.folder
        )
    }

    /// Runs a statement as the superuser in a database that no test uses, and returns its rows, one
    /// a line.
    ///
    /// # Panics
    /// It fails.
    pub fn run(&self, sql: &str) -> String {
        let mut psql = Command::new("psql");
        psql.env("PATH", search_path())
            .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align"])
            .args(["--host", &self.folder, "--port", "5432"])
            .args(["--username", "postgres", "--command", sql, "postgres"]);
        let output = psql.output().expect("psql starts");
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{sql}: {complaint}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Cuts every connection and accepts no other until [`resume`](Self::resume).
    ///
    /// # Panics
    /// It does not stop.
    pub fn stop(&mut self) {
        self.tell("stop");
    }

    /// # Panics
    /// It does not start within a minute.
    pub fn resume(&mut self) {
        self.tell("start");
    }

    fn tell(&mut self, command: &str) {
        let stdin = self.stdin.as_mut().expect("open until it is dropped");
        // If the shell has ended, its message is read below.
        let _ = writeln!(stdin, "{command}");
        let answer = self.answer();
        if answer != "done" {
            let mut rest = String::new();
            let _ = self.stdout.read_to_string(&mut rest);
            panic!("PostgreSQL does not {command}:\n{answer}\n{rest}");
        }
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        let read = self.stdout.read_line(&mut line);
        read.expect("the shell speaks UTF-8");
        line.trim_end().to_owned()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.stdin = None;
        // A shell that has ended before needs nothing.
        let _ = self.keeper.wait();
    }
}

fn keeper() -> Command {
    let mut shell = Command::new("sh");
    shell
        .args(["-c", include_str!("postgres.sh")])
        .env("PATH", search_path())
        // The current folder may be closed to the account below.
        .current_dir("/")
        // An interrupt at the terminal is for the tests; the shell still has to clean up after
        // them.
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    if let Some((user, group)) = unprivileged() {
        shell.uid(user).gid(group);
    }
    shell
}

/// The account to use instead of root, which PostgreSQL refuses.
fn unprivileged() -> Option<(u32, u32)> {
    if id(&["-u"]) != Some(0) {
        return None;
    }
    let mut accounts = ["postgres", "nobody"].into_iter();
    accounts.find_map(|name| Some((id(&["-u", name])?, id(&["-g", name])?)))
}

fn id(arguments: &[&str]) -> Option<u32> {
    let output = Command::new("id").args(arguments).output();
    let output = output.expect("id starts").stdout;
    String::from_utf8_lossy(&output).trim().parse().ok()
}

fn is_installed() -> bool {
    let mut initdb = Command::new("initdb");
    let version = initdb.env("PATH", search_path()).arg("--version");
    version.output().is_ok()
}

/// `PATH`, then Debian's newest version.
fn search_path() -> OsString {
    let versions = fs::read_dir(DEBIAN).into_iter().flatten().flatten();
    let newest = versions
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .max();
    let mut path = env::var_os("PATH").unwrap_or_default();
    if let Some(version) = newest {
        path.push(":");
        path.push(Path::new(DEBIAN).join(version.to_string()).join("bin"));
    }
    path
}
