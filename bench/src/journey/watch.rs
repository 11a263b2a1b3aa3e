//! Somebody who looks at one page again and again, until it shows what they wait for.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::Error;
use crate::client::Client;

/// Between an answer and the next question. Tokio's timer rounds up to a whole millisecond, which makes it up to two.
const PAUSE: Duration = Duration::from_millis(1);

/// Ten times the limit: what takes longer is not late but lost.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) struct Watch {
    client: Client,
    path: String,
}

impl Watch {
    /// Opened before what it waits for can happen, so that connecting is not measured. A connection for each watch:
    /// one that idles through a slow step would be closed by the gateway.
    pub(super) async fn open(gateway: SocketAddr, path: &str) -> Result<Self, Error> {
        Ok(Self {
            client: Client::connect(gateway).await?,
            path: path.to_owned(),
        })
    }

    /// How long after `told` the page first `shows` it.
    ///
    /// # Errors
    /// The page cannot be had, or has not shown it within `PATIENCE`.
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
            Err(format!("{path} does not show it within {patience} s").into())
        })
    }
}
