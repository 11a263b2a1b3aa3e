//! Has the order service forget the clients that were erased, and the kitchen and delivery by it.
//!
//! 1. The request deletes the account and notes the erasure, in one transaction.
//! 2. The order service is told. It makes the client's ended orders anonymous, and so does delivery.
//! 3. The order service answers whether that is all. If an order has not ended yet or a service is
//!    away, it is told again after a pause, across restarts.
//! 4. For some seconds its answer does not count: the client's token may still pass elsewhere, and
//!    place another order.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;
use awc::Client;
use awc::error::SendRequestError;
use service_kit::peer::PeerUrl;
use service_kit::request_id;
use service_kit::serve::Draining;
use shared_types::event::MEDIA_TYPE;
use shared_types::value::Timestamp;
use tokio::sync::Notify;

use crate::failure::Error;
use crate::store::{Store, Unfinished};

/// The order service writes as many rows as the client has orders.
const DEADLINE: Duration = Duration::from_secs(30);

/// Longer than the deadline, so that no other replica tells the same meanwhile.
const LEASE: Duration = Duration::from_secs(40);

/// An erasure that takes a second is seen to be complete soon, and one that waits for an order is
/// asked for no more often than its wait is worth.
const SHORTEST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// The other services know within a second that the client's sessions have ended. What they admitted
/// before has been done by then.
const SETTLED: Duration = Duration::from_secs(3);

/// How long an order service that does not answer is left alone.
const REST: Duration = Duration::from_secs(2);

/// Another replica may have noted an erasure and died.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);

/// Clones are the same.
#[derive(Clone)]
pub(crate) struct Erasures {
    store: Store,
    orders: PeerUrl,
    noted: Arc<Notify>,
}

enum Turn {
    Told,
    /// Nothing is due for so long.
    Idle(Duration),
}

#[derive(Debug, thiserror::Error)]
enum Untold {
    #[error("the order service does not answer")]
    Unanswered(#[from] SendRequestError),
    #[error("the order service answers {0}")]
    Refused(StatusCode),
    #[error(transparent)]
    Service(#[from] Error),
}

impl Erasures {
    pub(crate) fn new(store: Store, orders: PeerUrl) -> Self {
        Self {
            store,
            orders,
            noted: Arc::default(),
        }
    }

    /// Tells of an erasure that was just noted.
    pub(crate) fn wake(&self) {
        self.noted.notify_one();
    }

    /// Tells the order service until a stop is requested.
    pub(crate) async fn run(self, draining: Draining) {
        let client = self.orders.client();
        let mut is_failing = false;
        loop {
            let turn = tokio::select! {
                biased;
                () = draining.begun() => return,
                turn = self.turn(&client) => turn,
            };
            let sleep = match turn {
                Ok(Turn::Told) => {
                    if is_failing {
                        log::info!("erasures go on");
                    }
                    is_failing = false;
                    continue;
                }
                Ok(Turn::Idle(sleep)) => sleep.clamp(SHORTEST_PAUSE, LONGEST_SLEEP),
                Err(error) => {
                    let level = if is_failing {
                        log::Level::Debug
                    } else {
                        log::Level::Warn
                    };
                    is_failing = true;
                    log::log!(
                        level,
                        "erasures wait: {}",
                        service_kit::program::chain(&error)
                    );
                    REST
                }
            };
            tokio::select! {
                biased;
                () = draining.begun() => return,
                () = self.noted.notified() => {}
                () = tokio::time::sleep(sleep) => {}
            }
        }
    }

    async fn turn(&self, client: &Client) -> Result<Turn, Untold> {
        let now = Timestamp::now();
        let Some(unfinished) = self.store.claim_erasure(now, LEASE).await? else {
            let due = self.store.next_erasure().await?;
            let sleep = due.map_or(LONGEST_SLEEP, |due| due.since(now));
            return Ok(Turn::Idle(sleep));
        };
        let is_settled = unfinished.requested_at.after(SETTLED) <= now;
        let told = self.tell(client, &unfinished).await;
        let now = Timestamp::now();
        let id = unfinished.event.id;
        match told {
            Ok(true) if is_settled => self.store.complete_erasure(id, now).await?,
            Ok(_) | Err(_) => {
                let due = now.after(pause(unfinished.requested_at, now));
                self.store.postpone_erasure(id, due).await?;
            }
        }
        told.map(|_is_done| Turn::Told)
    }

    /// Returns whether every service has forgotten the client.
    async fn tell(&self, client: &Client, unfinished: &Unfinished) -> Result<bool, Untold> {
        let answer = client
            .post(self.orders.at("/events"))
            .timeout(DEADLINE)
            .insert_header((CONTENT_TYPE, MEDIA_TYPE))
            .insert_header((request_id::HEADER, unfinished.event.id.to_string()))
            .send_json(&unfinished.event)
            .await?;
        match answer.status() {
            StatusCode::NO_CONTENT => Ok(true),
            StatusCode::ACCEPTED => Ok(false),
            refused => Err(Untold::Refused(refused)),
        }
    }
}

/// An eighth of the time that the client has waited.
fn pause(requested_at: Timestamp, now: Timestamp) -> Duration {
    (now.since(requested_at) / 8).clamp(SHORTEST_PAUSE, LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use shared_types::value::Timestamp;

    use super::pause;

    #[test]
    fn the_pause_grows_with_the_wait_and_has_its_bounds() {
        let requested = Timestamp::now();
        let after = |seconds| pause(requested, requested.after(Duration::from_secs(seconds)));
        assert_eq!(after(0), Duration::from_millis(250));
        assert_eq!(after(80), Duration::from_secs(10));
        assert_eq!(after(86_400), Duration::from_secs(60));
        // The clock was ahead when the client asked.
        let earlier = pause(requested, requested.before(Duration::from_secs(5)));
        assert_eq!(earlier, Duration::from_millis(250));
    }
}
