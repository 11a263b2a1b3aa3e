//! An address that is kept free for one test.

use std::net::SocketAddr;

use tokio::net::TcpSocket;

/// An address where no server is until this test starts one there.
///
/// The port stays bound until this process ends, so that the system gives it to nobody else, not
/// even while the server there is restarted. A server that sets `SO_REUSEADDR`, as nearly all do,
/// can listen on it all the same, since the socket here never does.
///
/// # Panics
/// No port can be bound.
#[must_use]
pub fn unused_address() -> SocketAddr {
    let socket = TcpSocket::new_v4().expect("a socket can be made");
    let shared = socket.set_reuseaddr(true);
    shared.expect("a new socket can share its port");
    let bound = socket.bind(SocketAddr::from(([127, 0, 0, 1], 0)));
    bound.expect("a port is free");
    let address = socket.local_addr().expect("it is bound");
    std::mem::forget(socket);
    address
}
