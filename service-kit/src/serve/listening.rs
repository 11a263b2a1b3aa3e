//! An address that a server cannot listen on.

use std::io;
use std::net::SocketAddr;

/// The system's own message names no address.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {bind}: {reason}")]
pub struct CannotListen {
    bind: SocketAddr,
    reason: String,
}

/// Keeps the kind of the system's error, and adds the address.
#[must_use]
pub fn cannot_listen(bind: SocketAddr, error: &io::Error) -> io::Error {
    let reason = error.to_string();
    io::Error::new(error.kind(), CannotListen { bind, reason })
}
