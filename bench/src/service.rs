//! A release program as a process of its own: built, started, killed.
//!
//! It must know only what all programs share: that they are configured by their environment and log where they listen.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::{Error, machine};

/// A start takes milliseconds, and a slow disk may make a second of it.
const PATIENCE: Duration = Duration::from_secs(20);

/// Everything but the line for each request, which measures the log as well.
const LOG_FILTER: &str = "info,actix_server=warn,access=off";

/// Nothing listens on a port below 1024 unless it was put there, and no connection takes one for itself by chance.
pub(crate) const NOBODY: [&str; 2] = ["http://127.0.0.1:1", "http://127.0.0.1:2"];

/// How a program is configured: variable and value.
pub(crate) type Variables = [(&'static str, String)];

/// What is measured, in the order of its start. The client service has no part in an order's life.
pub(crate) const PROGRAMS: [&str; 4] =
    ["order-service", "kitchen-mock", "delivery-mock", "gateway"];

/// Killed when it is dropped.
pub(crate) struct Service {
    child: Child,
    addr: SocketAddr,
}

/// The folder that this program was built into.
pub(crate) fn target_folder() -> Result<PathBuf, Error> {
    let own = std::env::current_exe()?;
    let target = own.parent().and_then(Path::parent);
    Ok(target
        .ok_or("this program is in no target folder")?
        .to_owned())
}

/// Builds the release binaries into `target` and says in which folder they are. Always all of them: a crate that they
/// share has the features that those that are built together ask of it, and would be built again for another selection.
pub(crate) fn build(target: &Path) -> Result<PathBuf, Error> {
    // Set by `cargo run`.
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args(["build", "--release"])
        .args(PROGRAMS.iter().flat_map(|program| ["-p", program]))
        .arg("--target-dir")
        .arg(target)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .status()?;
    if !built.success() {
        return Err("the programs cannot be built".into());
    }
    Ok(target.join("release"))
}

impl Service {
    /// Starts `program` with its database, if it keeps one, and its log in `folder`, and waits until it listens.
    pub(crate) async fn start(
        program: &Path,
        folder: &Path,
        variables: &Variables,
    ) -> Result<Self, Error> {
        let name = program.file_name().ok_or("a program without a name")?;
        let log = folder.join(name).with_extension("log");
        let database = folder.join(name).with_extension("db");
        let child = Command::new(program)
            // Nothing that happens to be set here changes what is measured.
            .env_clear()
            .env("DATABASE_URL", format!("sqlite://{}", database.display()))
            .env("RUST_LOG", LOG_FILTER)
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stderr(File::create(&log)?)
            .spawn()
            .map_err(|error| format!("{}: {error}", program.display()))?;
        let addr = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut service = Self { child, addr };
        let announced = service.announced(&log).await;
        service.addr = announced.map_err(|error| format!("{}: {error}", program.display()))?;
        Ok(service)
    }

    async fn announced(&mut self, log: &Path) -> Result<SocketAddr, Error> {
        let begun = Instant::now();
        loop {
            let lines = fs::read_to_string(log)?;
            if let Some(addr) = announced_addr(&lines) {
                return Ok(addr);
            }
            if self.child.try_wait()?.is_some() || begun.elapsed() > PATIENCE {
                return Err(format!("does not start:\n{lines}").into());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The processor time it has taken so far, its own and the kernel's for it.
    pub(crate) fn cpu(&self) -> Result<Duration, Error> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let ticks = ticks(&stat).ok_or("a line of /proc/PID/stat that cannot be read")?;
        let per_second = machine::ticks_per_second()?;
        Ok(Duration::from_secs_f64(ticks as f64 / per_second as f64))
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended by itself, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
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

/// `utime` and `stime` together, the 14th and 15th field. The second is the program's name in parentheses, which may
/// itself hold spaces (`proc_pid_stat(5)`).
fn ticks(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut fields = fields.split(' ').skip(11);
    let mut next = || fields.next()?.parse::<u64>().ok();
    Some(next()? + next()?)
}

#[cfg(test)]
mod tests {
    use super::{announced_addr, ticks};

    #[test]
    fn the_address_is_read_from_a_whole_line() {
        let line = "[info] order-service listens on 127.0.0.1:40123";
        assert_eq!(announced_addr(line), None);
        let log = format!("[info] ready\n{line}\n");
        assert_eq!(announced_addr(&log), "127.0.0.1:40123".parse().ok());
    }

    #[test]
    fn processor_time_is_found_behind_a_name_with_spaces() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 9 0 99";
        assert_eq!(ticks(stat), Some(300));
    }
}
