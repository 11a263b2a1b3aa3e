//! Clients that send a head byte by byte and never end it. A client that is cut is replaced at
//! once.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// The time between two bytes.
const PAUSE: Duration = Duration::from_secs(1);

/// The beginning of a head that never ends; clients are cut before they have sent all of this.
const HEAD: &[u8] = b"GET /client-api/clients HTTP/1.1\r\nHost: slow.example\r\nUser-Agent: slow\r\nAccept: */*\r\n";

/// Clients that go when this is dropped.
pub(super) struct SlowHeads {
    cuts: Arc<Mutex<Cuts>>,
    _clients: JoinSet<()>,
}

/// How many were cut.
#[derive(Clone, Copy, Default)]
pub(super) struct Cuts {
    /// Cut with a 408.
    pub(super) told: u64,
    /// Cut without an answer.
    pub(super) untold: u64,
}

impl SlowHeads {
    /// Begins `count` clients, spread over `ramp`.
    pub(super) fn begin(addr: SocketAddr, count: usize, ramp: Duration) -> Self {
        let cuts = Arc::<Mutex<Cuts>>::default();
        let mut clients = JoinSet::new();
        for number in 0..count {
            let cuts = Arc::clone(&cuts);
            let delay = ramp.mul_f64(number as f64 / count as f64);
            clients.spawn(async move {
                tokio::time::sleep(delay).await;
                loop {
                    let was_told = dawdle(addr).await.unwrap_or(false);
                    let mut cuts = cuts.lock().unwrap_or_else(PoisonError::into_inner);
                    *(if was_told {
                        &mut cuts.told
                    } else {
                        &mut cuts.untold
                    }) += 1;
                }
            });
        }
        Self {
            cuts,
            _clients: clients,
        }
    }

    pub(super) fn cuts(&self) -> Cuts {
        *self.cuts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sends one slow head until it is cut. Gives whether a 408 came.
async fn dawdle(addr: SocketAddr) -> io::Result<bool> {
    let mut stream = TcpStream::connect(addr).await?;
    let mut answer = [0; 512];
    for byte in HEAD {
        stream.write_all(&[*byte]).await?;
        let read = tokio::time::timeout(PAUSE, stream.read(&mut answer)).await;
        if let Ok(count) = read {
            let answer = answer.get(..count?).unwrap_or_default();
            return Ok(answer.starts_with(b"HTTP/1.1 408 "));
        }
    }
    Ok(false)
}
