//! Reads how much memory and processor time a running process has used, as the kernel counts it.

use std::fs;
use std::time::Duration;

use crate::{Error, machine};

/// Sizes in bytes. They do not include what the kernel keeps for a process, above all its sockets'
/// buffers.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Memory {
    /// The memory that the process holds now.
    pub(crate) resident: u64,
    /// The most that it ever held.
    pub(crate) peak: u64,
}

/// The processor time that the process and its children have used so far, including the kernel's
/// for them.
pub(crate) fn cpu(id: u32) -> Result<Duration, Error> {
    let mut sum = 0;
    for id in [id].into_iter().chain(children(id)) {
        let stat = fs::read_to_string(format!("/proc/{id}/stat"))?;
        sum += ticks(&stat).ok_or("/proc/PID/stat cannot be read")?;
    }
    let per_second = machine::ticks_per_second()?;
    Ok(Duration::from_secs_f64(sum as f64 / per_second as f64))
}

/// The running processes that this one has started.
pub(crate) fn children(id: u32) -> Vec<u32> {
    let Ok(processes) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let ids = processes.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    ids.filter(|process| {
        let stat = fs::read_to_string(format!("/proc/{process}/stat"));
        stat.is_ok_and(|stat| parent(&stat) == Some(id))
    })
    .collect()
}

/// Reads the 4th field, which is the second after the name.
fn parent(stat: &str) -> Option<u32> {
    let (_, fields) = stat.rsplit_once(") ")?;
    fields.split(' ').nth(1)?.parse().ok()
}

/// The memory of the process and its children. Memory that they share counts once for each of them.
pub(crate) fn memory(id: u32) -> Result<Memory, Error> {
    let mut sum = Memory::default();
    for id in [id].into_iter().chain(children(id)) {
        let memory = memory_of_one(id)?;
        sum.resident += memory.resident;
        sum.peak += memory.peak;
    }
    Ok(sum)
}

fn memory_of_one(id: u32) -> Result<Memory, Error> {
    let status = fs::read_to_string(format!("/proc/{id}/status"))?;
    let read = |name| kibibytes(&status, name).map(|size| size * 1024);
    let memory = read("VmRSS").zip(read("VmHWM"));
    let (resident, peak) = memory.ok_or("/proc/PID/status cannot be read")?;
    Ok(Memory { resident, peak })
}

/// The sum of `utime` and `stime`, the 14th and 15th field. The second field is the program's name
/// in parentheses, which may contain spaces (`proc_pid_stat(5)`).
fn ticks(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut fields = fields.split(' ').skip(11);
    let mut next = || fields.next()?.parse::<u64>().ok();
    Some(next()? + next()?)
}

/// Reads a size from `/proc/PID/status`. Its `kB` are KiB (`proc_pid_status(5)`).
fn kibibytes(status: &str, name: &str) -> Option<u64> {
    let mut lines = status.lines();
    let size = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    size.trim().strip_suffix(" kB")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::process::{self, Command};

    use super::{children, kibibytes, ticks};

    #[test]
    fn a_process_has_its_children() {
        let mut sleeper = Command::new("sleep").arg("60").spawn().unwrap();
        assert!(children(process::id()).contains(&sleeper.id()));
        assert!(children(sleeper.id()).is_empty());
        sleeper.kill().unwrap();
        sleeper.wait().unwrap();
    }

    #[test]
    fn processor_time_is_found_after_a_name_with_spaces() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 9 0 99";
        assert_eq!(ticks(stat), Some(300));
    }

    #[test]
    fn a_size_is_found_by_its_whole_name() {
        let status =
            "Name:\tgateway\nVmHWM:\t    5124 kB\nVmRSS:\t    4096 kB\nRssAnon:\t    100 kB\n";
        assert_eq!(kibibytes(status, "VmHWM"), Some(5124));
        assert_eq!(kibibytes(status, "VmRSS"), Some(4096));
        assert_eq!(kibibytes(status, "Rss"), None);
    }
}
