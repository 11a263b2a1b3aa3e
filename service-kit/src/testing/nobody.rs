//! An address where no server is.

use std::net::SocketAddr;

use tokio::net::TcpSocket;

/// A port on which nobody listens. It stays bound until this process ends, so that no other test
/// gets it.
///
/// # Panics
/// No port can be bound.
#[must_use]
pub fn nobody() -> SocketAddr {
    let socket = TcpSocket::new_v4().expect("a socket can be made");
    let bound = socket.bind(SocketAddr::from(([127, 0, 0, 1], 0)));
    bound.expect("a port is free");
    let address = socket.local_addr().expect("it is bound");
    std::mem::forget(socket);
    address
}
