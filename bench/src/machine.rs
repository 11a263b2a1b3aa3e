//! Describes the machine, without which a figure says nothing, and finds its programs and ports.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use std::{env, fs, thread};

use chrono::Utc;
use procfs::{CpuInfo, Current as _, CurrentSI as _, KernelStats};

use crate::Error;

/// The first line of a report: the date, the machine, the file system of `folder`, and the share of
/// its time that the machine is at other work. Takes a second.
pub(crate) async fn conditions(folder: &Path) -> Result<String, Error> {
    let processors = CpuInfo::current()?;
    // ARM's /proc/cpuinfo has no model name.
    let model = processors.model_name(0).unwrap_or("unknown processor");
    let cores = thread::available_parallelism()?;
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let mounts = procfs::mounts()?;
    let mounts = mounts.iter().map(|it| (&*it.fs_file, &*it.fs_vfstype));
    let kind = file_system(mounts, &folder.canonicalize()?).unwrap_or("unknown");
    let (date, kernel) = (Utc::now().format("%Y-%m-%d"), kernel.trim());
    let busy = busy().await? * 100.0;
    Ok(format!(
        "{date}, {model}, {cores} cores, Linux {kernel}, {kind}, {busy:.0} % of it at other work before the start."
    ))
}

/// The path of the program `name`, if it is installed. A user's PATH often lacks the folder for
/// servers, so that is searched too.
pub(crate) fn installed(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut folders = env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    folders.find_map(|folder| Some(folder.join(name)).filter(|program| program.is_file()))
}

/// Runs a short command and gives what it says on standard output and standard error.
///
/// # Errors
/// The command fails; the error is what it says.
pub(crate) fn told(program: &Path, arguments: &[&str]) -> Result<String, Error> {
    let output = Command::new(program).args(arguments).output()?;
    let told = String::from_utf8([output.stdout, output.stderr].concat())?;
    match output.status.success() {
        true => Ok(told.trim().to_owned()),
        false => Err(format!("{}: {told}", program.display()).into()),
    }
}

/// Raises the limit of open files as far as allowed, for this process and those it starts.
///
/// # Errors
/// The limit stays below `needed`.
pub(crate) fn allow_files(needed: u64) -> Result<(), Error> {
    let allowed = rlimit::increase_nofile_limit(u64::MAX)?;
    if allowed < needed {
        return Err(
            format!("{needed} files must be open at once, but only {allowed} may be").into(),
        );
    }
    Ok(())
}

/// Holds this process to one core.
pub(crate) fn stay_on(core: &str) -> Result<(), Error> {
    let id = std::process::id().to_string();
    told(Path::new("taskset"), &["-acp", core, &id]).map(drop)
}

/// The address that takes any free port of this machine.
pub(crate) fn any() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}

/// Finds a free address by binding it and letting it go: most servers do not say which port they
/// took.
pub(crate) fn free_addr() -> Result<SocketAddr, Error> {
    Ok(TcpListener::bind(any())?.local_addr()?)
}

/// The share of the cores' time that others use, or spend waiting for the disk, while nothing is
/// measured.
async fn busy() -> Result<f64, Error> {
    let before = idle_and_all()?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let after = idle_and_all()?;
    let (idle, all) = (after.0 - before.0, after.1 - before.1);
    Ok(1.0 - idle as f64 / all.max(1) as f64)
}

/// The time that the cores were idle, and all their time. Guests' time is left out, since `user`
/// and `nice` include it (`proc_stat(5)`).
fn idle_and_all() -> Result<(u64, u64), Error> {
    let all = KernelStats::current()?.total;
    let waits = [all.iowait, all.irq, all.softirq, all.steal];
    let waits: u64 = waits.into_iter().flatten().sum();
    Ok((
        all.idle,
        all.user + all.nice + all.system + all.idle + waits,
    ))
}

/// The type of the file system that `folder` is on. This is the deepest mount above it, or the last
/// of several on the same point.
fn file_system<'m>(
    mounts: impl Iterator<Item = (&'m str, &'m str)>,
    folder: &Path,
) -> Option<&'m str> {
    mounts
        .filter(|(point, _)| folder.starts_with(point))
        .max_by_key(|(point, _)| point.len())
        .map(|(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::file_system;

    #[test]
    fn a_folder_is_on_the_deepest_mount_above_it() {
        let mounts = [("/", "ext4"), ("/tmp", "tmpfs"), ("/tmp/disk", "xfs")];
        for (folder, kind) in [
            ("/srv", "ext4"),
            ("/tmp/x", "tmpfs"),
            ("/tmp/disk/x", "xfs"),
            ("/tmpfoo", "ext4"),
        ] {
            let found = file_system(mounts.into_iter(), Path::new(folder));
            assert_eq!(found, Some(kind), "{folder}");
        }
    }
}
