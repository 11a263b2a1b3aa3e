//! Describes the machine, without which a figure says nothing, and finds its programs and ports.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use std::{env, fs, thread};

use crate::Error;

/// The processor, cores, kernel and the file system of `folder`, on one line.
pub(crate) fn facts(folder: &Path) -> Result<String, Error> {
    let processors = fs::read_to_string("/proc/cpuinfo")?;
    // ARM's /proc/cpuinfo has no model name.
    let model = processors
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("unknown processor", |(_, model)| model);
    let cores = thread::available_parallelism()?;
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let mounts = fs::read_to_string("/proc/mounts")?;
    let folder = folder.canonicalize()?;
    let file_system = file_system(&mounts, &folder).unwrap_or("unknown");
    let kernel = kernel.trim();
    Ok(format!(
        "{model}, {cores} cores, Linux {kernel}, {file_system}"
    ))
}

/// The path of the program `name`, if it is installed. A user's PATH often lacks the folder for
/// servers, so that is searched too.
pub(crate) fn installed(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut folders = env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    folders.find_map(|folder| Some(folder.join(name)).filter(|program| program.is_file()))
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

/// Finds a free address by binding it and letting it go: most servers do not say which port they
/// took.
pub(crate) fn free_addr() -> Result<SocketAddr, Error> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

/// The share of the cores' time that others use, or spend waiting for the disk, while nothing is
/// measured. Takes a second.
pub(crate) async fn busy() -> Result<f64, Error> {
    let before = idle_and_all()?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let after = idle_and_all()?;
    let (idle, all) = (after.0 - before.0, after.1 - before.1);
    Ok(1.0 - idle / all.max(1.0))
}

/// The time that the cores were idle, and all their time (`proc_stat(5)`).
fn idle_and_all() -> Result<(f64, f64), Error> {
    let stat = fs::read_to_string("/proc/stat")?;
    let cores = stat.lines().next().unwrap_or_default();
    let times: Vec<f64> = cores
        .split(' ')
        .filter_map(|time| time.parse().ok())
        .collect();
    let idle = times.get(3).ok_or("/proc/stat cannot be read")?;
    // The fields after the eighth are guests' time, which the first two already include.
    Ok((*idle, times.iter().take(8).sum()))
}

/// The type of the file system that `folder` is on. This is the deepest mount above it, or the last
/// of several on the same point.
fn file_system<'a>(mounts: &'a str, folder: &Path) -> Option<&'a str> {
    let mounts = mounts.lines().filter_map(|line| {
        let mut fields = line.split(' ').skip(1);
        Some((fields.next()?, fields.next()?))
    });
    mounts
        .filter(|(point, _)| folder.starts_with(point))
        .max_by_key(|(point, _)| point.len())
        .map(|(_, kind)| kind)
}

/// The unit in which the kernel counts processor time (`proc_pid_stat(5)`).
pub(crate) fn ticks_per_second() -> Result<u64, Error> {
    let told = Command::new("getconf").arg("CLK_TCK").output()?;
    Ok(String::from_utf8(told.stdout)?.trim().parse()?)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::file_system;

    #[test]
    fn a_folder_is_on_the_deepest_mount_above_it() {
        let mounts =
            "/dev/vda / ext4 rw 0 0\ntmpfs /tmp tmpfs rw 0 0\n/dev/vdb /tmp/disk xfs rw 0 0\n";
        for (folder, kind) in [
            ("/srv", "ext4"),
            ("/tmp/x", "tmpfs"),
            ("/tmp/disk/x", "xfs"),
            ("/tmpfoo", "ext4"),
        ] {
            assert_eq!(
                file_system(mounts, Path::new(folder)),
                Some(kind),
                "{folder}"
            );
        }
    }
}
