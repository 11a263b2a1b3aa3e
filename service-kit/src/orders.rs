//! The order service, as the kitchen and delivery see it.
//!
//! They keep orders in memory and hear of them by events. After a restart they ask for what is still open, which together
//! with the events that they missed makes them whole again ([`Orders::run`]). What is marked with them goes the other way:
//! it is kept in a file until the order service has taken it or refused it as impossible ([`Orders::report`]), so that
//! nobody who marks an order waits for another service, and no mark is lost with the memory.

use std::collections::HashMap;
use std::sync::LazyLock;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::ContentType;
use awc::{Client, ClientRequest};
use futures_util::future::join;
use serde_json::{Value, json};
use shared_types::field::FromText as _;
use shared_types::id::{OrderId, OrderRef};
use shared_types::order::{Order, OrderStatus};
use shared_types::problem::Code;
use sqlx::migrate::Migrator;

use crate::database::{self, Database, DatabaseUrl, OpenError};
use crate::failure::Failure;
use crate::health::Readiness;
use crate::outbox::{self, Link, Message, News, Outbox, Verdict};
use crate::peer::PeerUrl;
use crate::serve::Draining;

/// The name of what waits for the order service.
const NAME: &str = "orders";

/// How long one page of open orders may take, and how long until a failed one is asked for again, up to four times as
/// long after a while.
const DEADLINE: Duration = Duration::from_secs(3);
const ASK_AGAIN: Duration = Duration::from_millis(500);

/// One line in the log for as many failed tries, which is one a minute.
const COMPLAIN_EVERY: u32 = 30;

/// The order service's own limit on a page, each order at its longest (50 lines).
const PAGE: usize = 200;
const MAX_PAGE_BYTES: usize = 16 << 20;

/// The tables of the outbox are all there is.
static NO_MIGRATIONS: LazyLock<Migrator> = LazyLock::new(|| Migrator::with_migrations(Vec::new()));

/// Handed to every worker; its copies share the connections.
#[derive(Clone, Debug)]
pub struct Orders {
    peer: PeerUrl,
    database: Database,
    outbox: Outbox,
}

impl Orders {
    /// Opens the file that keeps what the order service has not taken yet.
    ///
    /// # Errors
    /// It cannot be made, opened or migrated.
    pub async fn open(peer: PeerUrl, file: &DatabaseUrl) -> Result<Self, OpenError> {
        let database = Database::open(file, &[&NO_MIGRATIONS, &outbox::MIGRATIONS]).await?;
        let link = Link {
            name: NAME,
            peer: peer.clone(),
            request,
            verdict,
        };
        Ok(Self {
            peer,
            outbox: Outbox::new(database.clone(), vec![link]),
            database,
        })
    }

    /// The same, where there is an order service.
    ///
    /// # Errors
    /// As for [`open`](Self::open).
    pub async fn open_if_linked(
        peer: Option<PeerUrl>,
        file: &DatabaseUrl,
    ) -> Result<Option<Self>, OpenError> {
        match peer {
            Some(peer) => Self::open(peer, file).await.map(Some),
            None => Ok(None),
        }
    }

    /// Ready as long as marks can be kept.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        self.database.readiness()
    }

    #[must_use]
    pub fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// Sees to it that the order service hears that an order has become `status`; once this returns, even a crash of this
    /// process does not keep it from that. What is no order of the order service, such as a sample, concerns nobody else.
    ///
    /// # Errors
    /// It cannot be kept. The mark may be made again: what was told twice changes nothing.
    pub async fn report(&self, order: &OrderRef, status: OrderStatus) -> Result<(), Failure> {
        let Ok(id) = OrderId::from_text(order.as_str()) else {
            return Ok(());
        };
        let news = News {
            topic: &id.to_string(),
            step: status.rank(),
            body: &json!({"status": status}).to_string(),
        };
        let kept = async {
            let mut transaction = self.database.write().await?;
            self.outbox.put(&mut transaction, news).await?;
            transaction.commit().await
        };
        kept.await.map_err(database::failure)?;
        self.outbox.wake();
        Ok(())
    }

    /// Has `learn` hear of every order in one of `statuses`, the oldest first, and sends what is to be reported, until a
    /// stop is asked for.
    pub async fn run(
        self,
        statuses: &'static [OrderStatus],
        learn: impl Fn(&Order) -> Result<(), Failure>,
        draining: Draining,
    ) {
        let catch_up = async {
            tokio::select! {
                () = self.catch_up(statuses, learn) => {}
                () = draining.begun() => {}
            }
        };
        join(catch_up, self.outbox.clone().run(draining.clone())).await;
    }

    /// Asks until it knows all. An order that moves on meanwhile may be in none of the answers; its event tells of it.
    async fn catch_up(
        &self,
        statuses: &[OrderStatus],
        learn: impl Fn(&Order) -> Result<(), Failure>,
    ) {
        let client = self.peer.client();
        for tries in 0_u32.. {
            let why = match self.open_orders(&client, statuses).await {
                Ok(open) => match open.iter().try_for_each(&learn) {
                    Ok(()) => return log::info!("caught up: {} open orders", open.len()),
                    Err(failure) => format!("not all can be taken: {failure}"),
                },
                Err(error) => error,
            };
            let level = match tries % COMPLAIN_EVERY {
                0 => log::Level::Warn,
                _ => log::Level::Debug,
            };
            log::log!(level, "the open orders are not known yet: {why}");
            tokio::time::sleep(ASK_AGAIN * tries.clamp(1, 4)).await;
        }
    }

    /// The oldest first. What is still to be reported is ahead of what the order service answers.
    async fn open_orders(
        &self,
        client: &Client,
        statuses: &[OrderStatus],
    ) -> Result<Vec<Order>, String> {
        let unreported = self.unreported().await.map_err(|error| error.to_string())?;
        let mut open = Vec::new();
        for status in statuses {
            let mut cursor = String::new();
            loop {
                let path = format!("/commandes?status={status}&limit={PAGE}{cursor}");
                let page = tokio::time::timeout(DEADLINE, self.page(client, &path)).await;
                let (page, next) = page.map_err(|_elapsed| "out of time".to_owned())??;
                open.extend(page);
                match next {
                    Some(next) => cursor = format!("&cursor={next}"),
                    None => break,
                }
            }
        }
        for order in &mut open {
            let ahead = unreported.get(&order.id.to_string());
            let ahead = ahead.filter(|status| status.rank() > order.status.rank());
            order.status = *ahead.unwrap_or(&order.status);
        }
        open.sort_by_key(|order| (order.created_at, order.id));
        Ok(open)
    }

    /// How far each order is here of which the order service has yet to hear.
    async fn unreported(&self) -> sqlx::Result<HashMap<String, OrderStatus>> {
        let steps = self.outbox.furthest_steps(NAME).await?;
        let status = |step| OrderStatus::ALL.iter().find(|status| status.rank() == step);
        let known = steps
            .into_iter()
            .filter_map(|(id, step)| Some((id, *status(step)?)));
        Ok(known.collect())
    }

    async fn page(
        &self,
        client: &Client,
        path: &str,
    ) -> Result<(Vec<Order>, Option<OrderId>), String> {
        let request = client.get(self.peer.at(path));
        let mut answer = request.send().await.map_err(|error| error.to_string())?;
        if answer.status() != StatusCode::OK {
            return Err(format!("answered {}", answer.status()));
        }
        let next = answer
            .headers()
            .get("x-next-cursor")
            .and_then(|cursor| OrderId::from_text(cursor.to_str().ok()?).ok());
        let page = answer.json().limit(MAX_PAGE_BYTES).await;
        Ok((page.map_err(|error| error.to_string())?, next))
    }
}

fn request(client: &Client, peer: &PeerUrl, message: &Message) -> ClientRequest {
    let path = format!("/commandes/{}/status", message.topic);
    client
        .patch(peer.at(&path))
        .insert_header(ContentType::json())
}

/// Refused for good is only what the order service itself says of the order. Any other refusal may be somebody else's on
/// the way, or a mistake that will be mended.
fn verdict(status: StatusCode, body: &[u8]) -> Verdict {
    if status.is_success() {
        return Verdict::Taken;
    }
    let unknown = || {
        let problem: Value = serde_json::from_slice(body).unwrap_or_default();
        problem.get("code").and_then(Value::as_str) == Some(Code::OrderNotFound.as_str())
    };
    match status {
        StatusCode::CONFLICT => Verdict::Impossible,
        StatusCode::NOT_FOUND if unknown() => Verdict::Impossible,
        _ => Verdict::Refused,
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::StatusCode;

    use super::verdict;
    use crate::outbox::Verdict;

    #[test]
    fn only_the_order_services_own_word_is_final() {
        let unknown = br#"{"code": "order_not_found"}"#.as_slice();
        for (status, body, expected) in [
            (200, &b""[..], Verdict::Taken),
            (409, b"", Verdict::Impossible),
            (404, unknown, Verdict::Impossible),
            (404, br#"{"code": "route_not_found"}"#, Verdict::Refused),
            (404, b"<html>", Verdict::Refused),
            (429, b"", Verdict::Refused),
            (503, b"", Verdict::Refused),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(verdict(status, body), expected, "{status}");
        }
    }
}
