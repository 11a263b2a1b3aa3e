//! The order service, as the kitchen and delivery see it.
//!
//! They keep orders in memory and hear of them by events. After a restart they ask for what is still open, which together
//! with the events that they missed makes them whole again ([`Orders::run`]). What is marked with them goes the other way:
//! it is kept in a file until the order service has taken it or refused it as impossible ([`Orders::report`]), so that
//! nobody who marks an order waits for another service, and no mark is lost with the memory.

mod catch_up;

use actix_web::http::StatusCode;
use actix_web::http::header::ContentType;
use awc::{Client, ClientRequest};
use futures_util::future::join3;
use serde_json::{Value, json};
use shared_types::field::FromText as _;
use shared_types::id::{OrderId, OrderRef};
use shared_types::order::{Order, OrderStatus};
use shared_types::problem::Code;

use crate::database::{self, Database, DatabaseUrl, Migrations, OpenError};
use crate::failure::Failure;
use crate::health::Readiness;
use crate::outbox::{self, Link, Message, News, Outbox, Verdict};
use crate::peer::PeerUrl;
use crate::serve::Draining;

/// The name of what waits for the order service.
const NAME: &str = "orders";

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
        // Without steps of its own, for the table that tells whether a database answers.
        let database = Database::open(file, &[Migrations::NONE, outbox::MIGRATIONS]).await?;
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
        let report = self.outbox.clone().run(draining.clone());
        let watch = self.database.clone().watch_writes(draining.clone());
        join3(catch_up, report, watch).await;
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
