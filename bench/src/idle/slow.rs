//! Clients that send a head byte by byte and never end it. A client that is cut is replaced at
//! once.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
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
    tally: Arc<Tally>,
    _clients: JoinSet<()>,
}

#[derive(Default)]
struct Tally {
    told: AtomicU64,
    untold: AtomicU64,
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
        let tally = Arc::<Tally>::default();
        let mut clients = JoinSet::new();
        for number in 0..count {
            let tally = Arc::clone(&tally);
            let delay = ramp.mul_f64(number as f64 / count as f64);
            clients.spawn(async move {
                tokio::time::sleep(delay).await;
                loop {
                    tally.note(dawdle(addr).await);
                }
            });
        }
        Self {
            tally,
            _clients: clients,
        }
    }

    pub(super) fn cuts(&self) -> Cuts {
        Cuts {
            told: self.tally.told.load(Ordering::Relaxed),
            untold: self.tally.untold.load(Ordering::Relaxed),
        }
    }
}

impl Tally {
    fn note(&self, was_told: io::Result<bool>) {
        let count = match was_told {
            Ok(true) => &self.told,
            Ok(false) | Err(_) => &self.untold,
        };
        count.fetch_add(1, Ordering::Relaxed);
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
