//! Starts and kills a program as a process, and reads what the process has used.
//!
//! It relies only on what all programs share: they are configured by their environment and log
//! where they listen.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use procfs::process::{Process, all_processes};
use tokio::net::TcpStream;

use crate::Error;
use crate::machine::told;

/// A start takes milliseconds, or a second on a slow disk.
const PATIENCE: Duration = Duration::from_secs(20);

/// Logs everything except the line for each request, since that would measure the log as well.
const LOG_FILTER: &str = "info,actix_server=warn,access=off";

/// How a program is configured: variables and their values.
pub(crate) type Variables = [(&'static str, String)];

/// Killed when it is dropped.
pub(crate) struct Service {
    child: Child,
    addr: SocketAddr,
}

/// Sizes in bytes. They do not include what the kernel keeps for a process, above all its sockets'
/// buffers.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Memory {
    /// The memory that the process holds now.
    pub(crate) resident: u64,
    /// The most that it ever held.
    pub(crate) peak: u64,
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

    /// Sends a signal to the process, such as `TERM`.
    pub(crate) fn signal(&self, name: &str) -> Result<(), Error> {
        let arguments = [format!("-{name}"), self.id().to_string()];
        told(Path::new("kill"), &arguments.each_ref().map(String::as_str)).map(drop)
    }

    /// Whether the process has ended.
    pub(crate) fn has_ended(&mut self) -> Result<bool, Error> {
        Ok(self.child.try_wait()?.is_some())
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The processor time that the process and its children have used so far, including the
    /// kernel's for them.
    pub(crate) fn cpu(&self) -> Result<Duration, Error> {
        let family = family(self.id())?;
        family.iter().map(cpu_of).sum()
    }

    /// The memory of the process and its children. Memory that they share counts once for each of
    /// them.
    pub(crate) fn memory(&self) -> Result<Memory, Error> {
        let mut sum = Memory::default();
        for process in family(self.id())? {
            let status = process.status()?;
            let (resident, peak) = status.vmrss.zip(status.vmhwm).ok_or("it has ended")?;
            // The kernel's `kB` are KiB (`proc_pid_status(5)`).
            sum.resident += resident * 1024;
            sum.peak += peak * 1024;
        }
        Ok(sum)
    }
}

/// The processor time that a process has used so far.
pub(crate) fn cpu_of(process: &Process) -> Result<Duration, Error> {
    let stat = process.stat()?;
    let seconds = (stat.utime + stat.stime) as f64 / procfs::ticks_per_second() as f64;
    Ok(Duration::from_secs_f64(seconds))
}

/// A process and the running processes that it has started.
fn family(id: u32) -> Result<Vec<Process>, Error> {
    let id = i32::try_from(id)?;
    let mut family = vec![Process::new(id)?];
    // A process that ends meanwhile is nobody's child.
    family.extend(all_processes()?.filter_map(|process| {
        let process = process.ok()?;
        (process.stat().ok()?.ppid == id).then_some(process)
    }));
    Ok(family)
}

impl Drop for Service {
    fn drop(&mut self) {
        // Its children would live on after it, and it might replace them if they were killed first.
        let family = family(self.id()).unwrap_or_default();
        // It may have ended already, which is just as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
        for child in family.iter().skip(1) {
            let _ = Command::new("kill")
                .args(["-KILL", &child.pid().to_string()])
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
    use std::process::{self, Command};

    use super::{announced_addr, family};

    #[test]
    fn a_process_has_its_children() {
        let mut sleeper = Command::new("sleep").arg("60").spawn().unwrap();
        let ids = |id| {
            family(id)
                .unwrap()
                .iter()
                .map(|one| one.pid())
                .collect::<Vec<_>>()
        };
        let id = i32::try_from(sleeper.id()).unwrap();
        assert!(ids(process::id()).contains(&id));
        assert_eq!(ids(sleeper.id()), [id]);
        sleeper.kill().unwrap();
        sleeper.wait().unwrap();
    }

    #[test]
    fn the_address_is_read_from_a_whole_line() {
        let line = "[info] order-service listens on 127.0.0.1:40123";
        assert_eq!(announced_addr(line), None);
        let log = format!("[info] ready\n{line}\n");
        assert_eq!(announced_addr(&log), "127.0.0.1:40123".parse().ok());
    }
}
