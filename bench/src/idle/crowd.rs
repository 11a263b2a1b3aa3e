//! The idle clients: each asks once and then keeps its connection.

use std::net::SocketAddr;

use tokio::task::JoinSet;

use crate::Error;
use crate::client::Client;
use crate::gateway::PATH;

/// How many connect at once: fewer than may wait to be accepted before a system refuses (128 by
/// default).
const AT_ONCE: usize = 64;

pub(super) struct Crowd(Vec<Client>);

impl Crowd {
    /// Opens `count` connections and asks once on each.
    pub(super) async fn gather(addr: SocketAddr, count: usize) -> Result<Self, Error> {
        let mut coming = JoinSet::new();
        let mut crowd = Vec::with_capacity(count);
        for _ in 0..count {
            if coming.len() == AT_ONCE
                && let Some(client) = coming.join_next().await
            {
                crowd.push(client??);
            }
            coming.spawn(come(addr));
        }
        while let Some(client) = coming.join_next().await {
            crowd.push(client??);
        }
        Ok(Self(crowd))
    }

    /// How many of the connections were closed by the server.
    pub(super) fn lost(&self) -> usize {
        self.0.iter().filter(|client| !client.is_open()).count()
    }
}

async fn come(addr: SocketAddr) -> Result<Client, Error> {
    let mut client = Client::connect(addr).await?;
    client.get(PATH).await?;
    Ok(client)
}
