//! What is measured beside the load: the time from a start to the first answer, and the system
//! calls for a request.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::sleep;

use super::peer::{Peer, USUAL};
use super::{Crowd, Load};
use crate::Error;
use crate::machine::free_addr;
use crate::programs::service::Service;

/// The pause between two tries, which is also the precision of the figure.
const PAUSE: Duration = Duration::from_millis(1);

const PATIENCE: Duration = Duration::from_secs(20);

/// Any answer counts, whatever its status. Only its first bytes are read, since not every peer
/// closes the connection after it.
const REQUEST: &[u8] = b"GET /live HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";

/// How long it takes from a start of the peer to its first answer.
pub(super) async fn startup(
    peer: &Peer,
    upstream: SocketAddr,
    folder: &Path,
) -> Result<Duration, Error> {
    let addr = free_addr()?;
    let command = peer.command(addr, upstream, folder, USUAL)?;
    let begun = Instant::now();
    let _service = Service::spawn(command, &folder.join("peer.log"), addr)?;
    while begun.elapsed() < PATIENCE {
        if answers(addr).await.unwrap_or(false) {
            return Ok(begun.elapsed());
        }
        sleep(PAUSE).await;
    }
    Err(format!("{} does not start", peer.name()).into())
}

async fn answers(addr: SocketAddr) -> Result<bool, Error> {
    let mut stream = TcpStream::connect(addr).await?;
    stream.write_all(REQUEST).await?;
    let mut begins = [0; 9];
    stream.read_exact(&mut begins).await?;
    Ok(&begins == b"HTTP/1.1 ")
}

/// Time for strace to attach to every thread.
const ATTACHING: Duration = Duration::from_millis(300);

const SPAN: Duration = Duration::from_secs(1);

/// The system calls for each request of `load`. Counting slows the proxy down a great deal.
pub(super) async fn system_calls(
    strace: &Path,
    proxy: &Service,
    load: &Load,
    folder: &Path,
) -> Result<f64, Error> {
    let mut crowd = Crowd::new(proxy.addr(), load);
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
    let waits = crowd.run(SPAN).await?;
    // On SIGINT, strace detaches and writes its summary.
    let id = counting.id().to_string();
    Command::new("kill").args(["-INT", &id]).status()?;
    counting.wait()?;
    let calls = total(&fs::read_to_string(summary)?).ok_or("strace has counted nothing")?;
    Ok(calls as f64 / waits.count().max(1) as f64)
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
