//! Counts a proxy's system calls for a request with strace.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use tokio::time::sleep;

use super::load::Load;
use crate::Error;
use crate::service::Service;

/// Time for strace to attach to every thread.
const ATTACHING: Duration = Duration::from_millis(300);

const SPAN: Duration = Duration::from_secs(1);

/// The system calls for each request of `load`. Counting slows the proxy down a great deal.
pub(super) async fn count(
    strace: &Path,
    proxy: &Service,
    load: &Load,
    folder: &Path,
) -> Result<f64, Error> {
    let mut crowd = load.crowd();
    // The first run opens the connections, so that this does not count.
    crowd.run(SPAN / 2).await?;
    let summary = folder.join("strace");
    let mut counting = Command::new(strace)
        .args(["-f", "-c", "-o"])
        .arg(&summary)
        .arg("-p")
        .arg(proxy.id().to_string())
        .stderr(std::process::Stdio::null())
        .spawn()?;
    sleep(ATTACHING).await;
    let outcome = crowd.run(SPAN).await?;
    // On SIGINT, strace detaches and writes its summary.
    let id = counting.id().to_string();
    Command::new("kill").args(["-INT", &id]).status()?;
    counting.wait()?;
    let calls = total(&fs::read_to_string(summary)?).ok_or("strace has counted nothing")?;
    Ok(calls as f64 / outcome.requests.max(1) as f64)
}

/// Reads the total from `100.00 0.61 12 50309 420 total`, in which the errors may be missing.
fn total(summary: &str) -> Option<u64> {
    let line = summary.lines().find(|line| line.ends_with(" total"))?;
    line.split_whitespace().nth(3)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::total;

    #[test]
    fn the_total_is_read_from_the_summary() {
        let summary = "\
% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 78.40    0.480808        1397      3955       344 sendto
------ ----------- ----------- --------- --------- ----------------
100.00    0.613234          32     18904       412 total
";
        assert_eq!(total(summary), Some(18904));
        assert_eq!(total(""), None);
    }
}
