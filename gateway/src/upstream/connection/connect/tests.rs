//! How connections are made, and how they fail.

use std::net::SocketAddr;
use std::time::Duration;

use service_kit::env::Env;
use socket2::{Domain, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::{ConnectError, Connector};
use crate::config::Config;

/// A connector for the upstream of the compiled-in file. It never resolves a name: tests give the
/// addresses.
fn connector() -> Connector {
    let config = Config::load(None, &Env::of_pairs([])).unwrap();
    Connector::new(&config.upstreams[0], &None)
}

async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// A port on which nobody listens.
async fn refusing() -> SocketAddr {
    listener().await.1
}

/// A listener that accepts nothing and whose queue is full: the system swallows the next SYN.
struct Swallowing {
    address: SocketAddr,
    _listener: Socket,
    _queue: Vec<TcpStream>,
}

async fn swallowing() -> Swallowing {
    let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
    listener.bind(&any.into()).unwrap();
    listener.listen(0).unwrap();
    let address = listener.local_addr().unwrap().as_socket().unwrap();
    let mut queue = Vec::new();
    while let Ok(connected) = timeout(Duration::from_millis(200), TcpStream::connect(address)).await
    {
        queue.push(connected.unwrap());
    }
    Swallowing {
        address,
        _listener: listener,
        _queue: queue,
    }
}

#[tokio::test]
async fn an_upstream_is_reached_although_its_first_address_swallows_packets() {
    let (swallowing, refusing, (_listener, there)) =
        (swallowing().await, refusing().await, listener().await);
    for resolved in [
        &[swallowing.address, there][..],
        &[refusing, there],
        &[swallowing.address, refusing, there],
        &[swallowing.address, there, refusing],
    ] {
        let connector = connector();
        let opened = timeout(connector.timeout, connector.open_first_of(resolved)).await;
        assert_eq!(
            opened.unwrap().unwrap().peer_addr().unwrap(),
            there,
            "{resolved:?}"
        );
        // The next connection begins with it.
        assert_eq!(connector.last.get(), Some(there));
    }
}

#[tokio::test]
async fn an_upstream_is_unreachable_if_no_address_accepts_a_connection() {
    let (one, other) = (refusing().await, refusing().await);
    let refused = connector().open_first_of(&[one, other]).await;
    assert!(
        matches!(refused, Err(ConnectError::Refused(_))),
        "{refused:?}"
    );
    let nowhere = connector().open_first_of(&[]).await;
    assert!(
        matches!(nowhere, Err(ConnectError::NoAddress)),
        "{nowhere:?}"
    );
}
