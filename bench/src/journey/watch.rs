//! Asks for one page again and again until it shows the change waited for.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::Error;
use crate::client::Client;

/// The pause between an answer and the next request. Tokio's timer rounds up to a whole
/// millisecond, so it may take two.
const PAUSE: Duration = Duration::from_millis(1);

/// Ten times the limit: what takes longer counts as lost, not as late.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) struct Watch {
    client: Client,
    path: String,
}

impl Watch {
    /// Opens a connection before the awaited change can happen, so that connecting is not measured.
    /// Each watch has its own connection: the gateway would close one that idles through a slow
    /// step.
    pub(super) async fn open(gateway: SocketAddr, path: &str) -> Result<Self, Error> {
        Ok(Self {
            client: Client::connect(gateway).await?,
            path: path.to_owned(),
        })
    }

    /// How long after `told` the page first `shows` the change.
    ///
    /// # Errors
    /// The page cannot be read, or has not shown the change within `PATIENCE`.
    pub(super) async fn since(
        mut self,
        told: Instant,
        shows: impl Fn(&Value) -> bool,
    ) -> Result<Duration, Error> {
        let seen = async {
            loop {
                let page = self.client.get(&self.path).await?;
                let answered = told.elapsed();
                if shows(&serde_json::from_slice(&page)?) {
                    return Ok(answered);
                }
                tokio::time::sleep(PAUSE).await;
            }
        };
        let seen = tokio::time::timeout(PATIENCE, seen).await;
        seen.unwrap_or_else(|_| {
            let (path, patience) = (&self.path, PATIENCE.as_secs());
            Err(format!("{path} did not show the change within {patience} s").into())
        })
    }
}
