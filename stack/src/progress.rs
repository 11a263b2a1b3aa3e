//! What a start tells the person who waits for it.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use service_kit::program::RunError;

#[derive(Clone, Copy, Debug)]
pub enum Progress<'a> {
    /// A server with this name listens on this address.
    Ready(&'a str, SocketAddr),
    /// A service is not ready yet, since its database takes long: it is large, its disk is slow, or
    /// another process uses it.
    Waiting(&'a str, &'a Path),
}

/// Shorter than a person wonders, and longer than any start without trouble takes.
const LONG: Duration = Duration::from_millis(700);

/// Calls `wait` if the start takes long.
pub(crate) async fn watched<T>(
    started: impl Future<Output = Result<T, RunError>>,
    wait: impl FnOnce() -> io::Result<()>,
) -> Result<T, RunError> {
    let mut started = std::pin::pin!(started);
    match tokio::time::timeout(LONG, &mut started).await {
        Ok(started) => started,
        Err(_elapsed) => {
            wait()?;
            started.await
        }
    }
}
