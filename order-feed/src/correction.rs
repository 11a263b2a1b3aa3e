//! Asks for the order of each mark that the order service refused for good, so that this service
//! has the order as it is: a delivery of a cancelled order ends, however it came to be opened.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix_web::http::StatusCode;
use awc::Client;
use service_kit::peer::PeerUrl;
use shared_types::field::FromText as _;
use shared_types::id::OrderId;
use shared_types::order::Order;
use tokio::sync::Notify;

use crate::local::{Admission, LocalOrders};

/// The deadline of one request.
const DEADLINE: Duration = Duration::from_secs(3);

/// The pause after a failed request.
const RETRY: Duration = Duration::from_secs(1);

/// More than one order of 50 lines has.
const MAX_BYTES: usize = 256 << 10;

/// The most orders that wait. Beyond it, the oldest is forgotten, and its delivery or ticket stays as
/// it is.
const MOST: usize = 10_000;

/// The orders that are not corrected yet.
#[derive(Debug, Default)]
pub(crate) struct Corrections {
    waiting: Mutex<VecDeque<OrderId>>,
    added: Notify,
}

impl Corrections {
    pub(crate) fn add(&self, order: &str) {
        let Ok(order) = OrderId::from_text(order) else {
            return;
        };
        let mut waiting = self.waiting();
        if !waiting.contains(&order) {
            waiting.push_back(order);
        }
        if waiting.len() > MOST {
            waiting.pop_front();
        }
        self.added.notify_one();
    }

    /// Corrects each order that is added. Never returns.
    pub(crate) async fn run(&self, peer: &PeerUrl, local: &impl LocalOrders) {
        let client = peer.client();
        loop {
            let Some(order) = self.next() else {
                self.added.notified().await;
                continue;
            };
            if let Err(why) = correct(order, &client, peer, local).await {
                log::debug!(request_id = order.to_string().as_str(); "the order is not corrected yet: {why}");
                self.waiting().push_back(order);
                tokio::time::sleep(RETRY).await;
            }
        }
    }

    fn next(&self) -> Option<OrderId> {
        self.waiting().pop_front()
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<OrderId>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn correct(
    order: OrderId,
    client: &Client,
    peer: &PeerUrl,
    local: &impl LocalOrders,
) -> Result<(), String> {
    let url = peer.at(&format!("/commandes/{order}"));
    let read = tokio::time::timeout(DEADLINE, read(client, &url)).await;
    let Some(order) = read.map_err(|_elapsed| "out of time".to_owned())?? else {
        return Ok(());
    };
    // It is here already if it is to be corrected.
    let learned = local.learn(&order, Admission::Closed).await;
    learned.map(drop).map_err(|failure| failure.to_string())
}

/// The order, or `None` if the order service refuses to give one.
async fn read(client: &Client, url: &str) -> Result<Option<Order>, String> {
    let answer = client.get(url).send().await;
    let mut answer = answer.map_err(|error| error.to_string())?;
    match answer.status() {
        StatusCode::OK => {
            let order = answer.json().limit(MAX_BYTES).await;
            order.map(Some).map_err(|error| error.to_string())
        }
        StatusCode::TOO_MANY_REQUESTS => Err("answered 429".to_owned()),
        // Asking again would not change this.
        status if status.is_client_error() => Ok(None),
        status => Err(format!("answered {status}")),
    }
}
