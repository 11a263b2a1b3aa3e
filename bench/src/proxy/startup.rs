//! Measures how long it takes from a start to the first answer.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::sleep;

use super::peer::{Peer, USUAL};
use crate::Error;
use crate::machine::free_addr;
use crate::service::Service;

/// The pause between two tries, which is also the precision of the figure.
const PAUSE: Duration = Duration::from_millis(1);

const PATIENCE: Duration = Duration::from_secs(20);

/// Any answer counts, whatever its status. Only its first bytes are read, since not every peer
/// closes the connection after it.
const REQUEST: &[u8] = b"GET /live HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";

pub(super) async fn measure(
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
