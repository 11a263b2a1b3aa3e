//! The ways in which a service fails.

use std::net::SocketAddr;
use std::time::Duration;

use service_kit::testing::eventually;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use crate::processes::Processes;

pub(crate) const FAULTS: [Fault; 4] = [Fault::Killed, Fault::Frozen, Fault::Slow, Fault::Failing];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// `kill -9`: connections are refused.
    Killed,
    /// `kill -STOP`: the system accepts connections, and nobody answers.
    Frozen,
    /// It answers later than any deadline.
    Slow,
    /// It answers 503 to every request.
    Failing,
}

/// A fault that has begun.
pub(crate) struct Trouble {
    fault: Fault,
    /// A server in the service's place, on its port.
    stand_in: Option<JoinHandle<()>>,
}

/// Longer than any deadline of the gateway.
const SLOW: Duration = Duration::from_secs(60);

impl Fault {
    pub(crate) async fn begin(self, restaurant: &mut Processes, service: &str) -> Trouble {
        let stand_in = match self {
            Self::Frozen => {
                restaurant.process(service).signal("STOP");
                None
            }
            Self::Killed => {
                restaurant.kill(service);
                None
            }
            Self::Slow | Self::Failing => {
                restaurant.kill(service);
                let delay = if self == Self::Slow {
                    SLOW
                } else {
                    Duration::ZERO
                };
                Some(stand_in(restaurant.addr(service), delay).await)
            }
        };
        Trouble {
            fault: self,
            stand_in,
        }
    }
}

impl Trouble {
    pub(crate) async fn end(self, restaurant: &mut Processes, service: &'static str) {
        if self.fault == Fault::Frozen {
            restaurant.process(service).signal("CONT");
            return;
        }
        // Its connections end with it.
        if let Some(stand_in) = self.stand_in {
            stand_in.abort();
            // It has released its port by then.
            assert!(stand_in.await.unwrap_err().is_cancelled());
        }
        restaurant.start_one(service);
    }
}

async fn stand_in(addr: SocketAddr, delay: Duration) -> JoinHandle<()> {
    let listener = eventually("the port of the killed service", async || {
        TcpListener::bind(addr).await.ok()
    })
    .await;
    tokio::task::spawn_local(async move {
        let mut guests = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            guests.spawn_local(answer(stream, delay));
        }
    })
}

/// Each connection is for one request, whose body stays unread.
async fn answer(mut stream: TcpStream, delay: Duration) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let Ok(byte) = stream.read_u8().await else {
            return;
        };
        head.push(byte);
    }
    tokio::time::sleep(delay).await;
    let answer =
        b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    // A client that has disconnected needs no answer.
    let _ = stream.write_all(answer).await;
}
