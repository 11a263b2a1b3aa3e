//! A PostgreSQL for one measurement, which listens only on a socket in a folder of its own.
//!
//! The shell of the tests keeps it, and ends it when this process is gone, even by SIGKILL.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::Error;
use crate::machine::told;

const KEEPER: &str = include_str!("../../../service-kit/src/testing/postgres.sh");

/// Each version has a folder here, which is not in `PATH`.
const DEBIAN: &str = "/usr/lib/postgresql";

/// Ends when it is dropped.
pub(crate) struct Postgres {
    keeper: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    /// The folder of its socket.
    folder: String,
    path: OsString,
}

impl Postgres {
    pub(crate) fn start() -> Result<Self, Error> {
        let programs =
            programs().ok_or("PostgreSQL is not installed (apt-get install postgresql)")?;
        let mut path = programs.into_os_string();
        path.push(":");
        path.push(env::var_os("PATH").unwrap_or_default());
        let mut shell = Command::new("sh");
        shell
            .args(["-c", KEEPER])
            .env("PATH", &path)
            // As in service: a commit waits for the disk.
            .env("FSYNC", "on")
            .current_dir("/")
            // An interrupt at the terminal is for this process, which ends the shell.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        if let Some((user, group)) = unprivileged() {
            shell.uid(user).gid(group);
        }
        let mut keeper = shell.spawn()?;
        let stdout = keeper.stdout.take().ok_or("the shell has no output")?;
        let mut postgres = Self {
            stdin: keeper.stdin.take(),
            stdout: BufReader::new(stdout),
            keeper,
            folder: String::new(),
            path,
        };
        postgres.folder = postgres.answer()?;
        if let Some(stdin) = &mut postgres.stdin {
            writeln!(stdin, "start")?;
        }
        match postgres.answer()?.as_str() {
            "done" => Ok(postgres),
            other => Err(format!("PostgreSQL does not start: {other}").into()),
        }
    }

    /// Makes an empty database and gives its URL.
    pub(crate) fn database(&self, name: &str) -> Result<String, Error> {
        let folder = &self.folder;
        let made = Command::new("createdb")
            .env("PATH", &self.path)
            .args([
                "--host",
                folder,
                "--port",
                "5432",
                "--username",
                "postgres",
                name,
            ])
            .status()?;
        if !made.success() {
            return Err(format!("the database {name} cannot be made").into());
        }
        Ok(format!(
            "postgres://postgres@localhost:5432/{name}?host={folder}"
        ))
    }

    fn answer(&mut self) -> Result<String, Error> {
        let mut line = String::new();
        self.stdout.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.stdin = None;
        // A shell that has ended before needs nothing.
        let _ = self.keeper.wait();
    }
}

/// The folder of the newest version's programs.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir(DEBIAN).ok()?.flatten();
    let numbers = versions.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let newest = Path::new(DEBIAN).join(numbers.max()?.to_string());
    Some(newest.join("bin"))
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
    told(Path::new("id"), arguments).ok()?.parse().ok()
}
