//! Builds a program as for the images, and starts and kills it as a process.
//!
//! It relies only on what all programs share: they are configured by their environment and log
//! where they listen.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::net::TcpStream;

use crate::Error;
use crate::process::{self, Memory};

/// A start takes milliseconds, or a second on a slow disk.
const PATIENCE: Duration = Duration::from_secs(20);

/// Logs everything except the line for each request, since that would measure the log as well.
const LOG_FILTER: &str = "info,actix_server=warn,access=off";

/// URLs where nobody listens: ports below 1024 are used only on purpose, and no connection gets one
/// by chance.
pub(crate) const NOBODY: [&str; 2] = ["http://127.0.0.1:1", "http://127.0.0.1:2"];

/// How a program is configured: variables and their values.
pub(crate) type Variables = [(&'static str, String)];

/// The programs that are measured, in the order of their start.
pub(crate) const PROGRAMS: [&str; 5] = [
    "client-service",
    "order-service",
    "kitchen-mock",
    "delivery-mock",
    "gateway",
];

/// The Cargo profile that the programs are built with, which is also the name of their folder.
const PROFILE: &str = "dist";

/// Killed when it is dropped.
pub(crate) struct Service {
    child: Child,
    addr: SocketAddr,
}

/// Builds the programs and makes a folder for their files. Gives both folders.
pub(crate) fn prepare(data: Option<PathBuf>) -> Result<(PathBuf, TempDir), Error> {
    Ok((build()?, folder(data)?))
}

/// Makes a folder in `data`, or in the target folder. It is removed when it is dropped, whatever
/// happens.
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

/// Builds the programs as for the images and gives their folder. It always builds all of them: the
/// features of a shared crate depend on what is built together, so another selection would build
/// that crate again.
pub(crate) fn build() -> Result<PathBuf, Error> {
    let target = target_folder()?;
    // `cargo run` sets this.
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
    /// Starts `program` with its log and its database, if it has one, in `folder`, and waits until
    /// it listens.
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
            // Variables that happen to be set here must not change what is measured.
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

    /// Starts `program`, which is told to listen on `addr`, and tries to connect until it listens.
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

    /// Starts `program`, which is told to listen on `addr`, and does not wait.
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
    /// The start has failed or takes too long; the error has the log.
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

    /// The processor time that it has used so far.
    pub(crate) fn cpu(&self) -> Result<Duration, Error> {
        process::cpu(self.child.id())
    }

    pub(crate) fn memory(&self) -> Result<Memory, Error> {
        process::memory(self.child.id())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // Its children would live on after it, and it might replace them if they were killed first.
        let children = process::children(self.child.id());
        // It may have ended already, which is just as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
        for child in children {
            let _ = Command::new("kill")
                .args(["-KILL", &child.to_string()])
                .status();
        }
    }
}

/// Reads the address only from a whole line: half an address may look like one.
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
