//! A release program as a process of its own: built, started, killed.
//!
//! It must know only what all programs share: that they are configured by their environment and log where they listen.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::net::TcpStream;

use crate::Error;
use crate::process::{self, Memory};

/// A start takes milliseconds, and a slow disk may make a second of it.
const PATIENCE: Duration = Duration::from_secs(20);

/// Everything but the line for each request, which measures the log as well.
const LOG_FILTER: &str = "info,actix_server=warn,access=off";

/// Nothing listens on a port below 1024 unless it was put there, and no connection takes one for itself by chance.
pub(crate) const NOBODY: [&str; 2] = ["http://127.0.0.1:1", "http://127.0.0.1:2"];

/// How a program is configured: variable and value.
pub(crate) type Variables = [(&'static str, String)];

/// The programs that are measured, in the order of their start.
pub(crate) const PROGRAMS: [&str; 5] = [
    "client-service",
    "order-service",
    "kitchen-mock",
    "delivery-mock",
    "gateway",
];

/// The profile of Cargo that programs are built with, which is also the name of their folder.
const PROFILE: &str = "dist";

/// Killed when it is dropped.
pub(crate) struct Service {
    child: Child,
    addr: SocketAddr,
}

/// Builds the programs and makes a folder for their files. Gives where both are.
pub(crate) fn prepare(data: Option<PathBuf>) -> Result<(PathBuf, TempDir), Error> {
    Ok((build()?, folder(data)?))
}

/// A folder in `data`, or in the target folder. It is taken away when it is dropped, whatever happens.
pub(crate) fn folder(data: Option<PathBuf>) -> Result<TempDir, Error> {
    let data = data.map_or_else(target_folder, Ok)?;
    fs::create_dir_all(&data)?;
    Ok(TempDir::with_prefix_in("bench-", data.canonicalize()?)?)
}

/// The folder that this program was built into.
fn target_folder() -> Result<PathBuf, Error> {
    let own = std::env::current_exe()?;
    let target = own.parent().and_then(Path::parent);
    Ok(target
        .ok_or("this program is in no target folder")?
        .to_owned())
}

/// Builds the programs as the images have them and says in which folder they are. Always all of them: a crate that they
/// share has the features that those that are built together ask of it, and would be built again for another selection.
pub(crate) fn build() -> Result<PathBuf, Error> {
    let target = target_folder()?;
    // Set by `cargo run`.
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args(["build", "--profile", PROFILE])
        .args(PROGRAMS.iter().flat_map(|program| ["-p", program]))
        .arg("--target-dir")
        .arg(&target)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .status()?;
    if !built.success() {
        return Err("the programs cannot be built".into());
    }
    Ok(target.join(PROFILE))
}

impl Service {
    /// Starts `program` with its database, if it keeps one, and its log in `folder`, and waits until it listens.
    pub(crate) async fn start(
        mut program: Command,
        folder: &Path,
        variables: &Variables,
    ) -> Result<Self, Error> {
        let path = PathBuf::from(program.get_program());
        let name = path.file_name().ok_or("a program without a name")?;
        let log = folder.join(name).with_extension("log");
        let database = folder.join(name).with_extension("db");
        program
            // Nothing that happens to be set here changes what is measured.
            .env_clear()
            .env("DATABASE_URL", format!("sqlite://{}", database.display()))
            .env("RUST_LOG", LOG_FILTER)
            .envs(variables.iter().map(|(name, value)| (name, value)));
        let addr = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut service = Self::spawn(program, &log, addr)?;
        let announced = service.announced(&log).await;
        service.addr = announced.map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(service)
    }

    /// Starts `program`, which is told to listen on `addr` and does not say when it does.
    pub(crate) async fn start_on(
        addr: SocketAddr,
        program: Command,
        log: &Path,
    ) -> Result<Self, Error> {
        let mut service = Self::spawn(program, log, addr)?;
        let begun = Instant::now();
        while TcpStream::connect(addr).await.is_err() {
            service.wait_on(begun, log).await?;
        }
        Ok(service)
    }

    /// Starts `program`, which is told to listen on `addr`, and waits for nothing.
    pub(crate) fn spawn(mut program: Command, log: &Path, addr: SocketAddr) -> Result<Self, Error> {
        let spawned = program
            .stdin(Stdio::null())
            .stderr(File::create(log)?)
            .spawn();
        let path = Path::new(program.get_program()).display();
        let child = spawned.map_err(|error| format!("{path}: {error}"))?;
        Ok(Self { child, addr })
    }

    async fn announced(&mut self, log: &Path) -> Result<SocketAddr, Error> {
        let begun = Instant::now();
        loop {
            let lines = fs::read_to_string(log)?;
            if let Some(addr) = announced_addr(&lines) {
                return Ok(addr);
            }
            self.wait_on(begun, log).await?;
        }
    }

    /// Waits a moment for a start that began at `begun`.
    ///
    /// # Errors
    /// It has failed, or takes too long; with what was logged.
    async fn wait_on(&mut self, begun: Instant, log: &Path) -> Result<(), Error> {
        if self.child.try_wait()?.is_some() || begun.elapsed() > PATIENCE {
            let lines = fs::read_to_string(log)?;
            return Err(format!("does not start:\n{lines}").into());
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
        Ok(())
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The processor time it has taken so far.
    pub(crate) fn cpu(&self) -> Result<Duration, Error> {
        process::cpu(self.child.id())
    }

    pub(crate) fn memory(&self) -> Result<Memory, Error> {
        process::memory(self.child.id())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // Its own children would live on, and it might make new ones in their place.
        let children = process::children(self.child.id());
        // It may have ended by itself, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
        for child in children {
            let _ = Command::new("kill")
                .args(["-KILL", &child.to_string()])
                .status();
        }
    }
}

/// Only of a whole line: half an address may look like one.
fn announced_addr(log: &str) -> Option<SocketAddr> {
    let lines = log
        .split_inclusive('\n')
        .filter(|line| line.ends_with('\n'));
    lines
        .filter_map(|line| line.split_once(" listens on "))
        .find_map(|(_, rest)| rest.split([',', ' ', '\n']).next()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::announced_addr;

    #[test]
    fn the_address_is_read_from_a_whole_line() {
        let line = "[info] order-service listens on 127.0.0.1:40123";
        assert_eq!(announced_addr(line), None);
        let log = format!("[info] ready\n{line}\n");
        assert_eq!(announced_addr(&log), "127.0.0.1:40123".parse().ok());
    }
}
