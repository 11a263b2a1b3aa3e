//! Checks and reserves ports before anything starts.

use std::io;
use std::net::SocketAddr;

use service_kit::serve::cannot_listen;
use tokio::net::TcpSocket;

/// Holds ports: bound and not listening, so that the system gives them to nobody else, neither as a
/// free port nor as that of an outgoing connection. A server can listen there all the same (socket(7),
/// `SO_REUSEADDR`).
pub(crate) type Reserved = Vec<TcpSocket>;

/// Binds without listening. A server that listens there makes it fail.
pub(crate) fn reserve(bind: SocketAddr) -> io::Result<TcpSocket> {
    let socket = match bind {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    };
    let socket = socket.map_err(|error| cannot_listen(bind, &error))?;
    let bound = socket.set_reuseaddr(true).and_then(|()| socket.bind(bind));
    bound.map_err(|error| cannot_listen(bind, &error))?;
    Ok(socket)
}

/// Fails if one of the addresses is taken. Without this, a newcomer would find out after three
/// services have started and have written their databases.
pub(crate) fn check(addrs: impl IntoIterator<Item = SocketAddr>) -> io::Result<()> {
    let mut addrs = addrs.into_iter();
    addrs.try_for_each(|addr| reserve(addr).map(drop))
}
