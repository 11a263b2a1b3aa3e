//! What a service that has forgotten its orders asks the order service when it starts.

use std::collections::HashMap;
use std::time::Duration;

use actix_web::http::StatusCode;
use awc::Client;
use shared_types::field::FromText as _;
use shared_types::id::OrderId;
use shared_types::order::{Order, OrderStatus};

use super::{NAME, Orders};
use crate::failure::Failure;

/// How long one page of open orders may take, and how long until a failed one is asked for again, up to four times as
/// long after a while.
const DEADLINE: Duration = Duration::from_secs(3);
const ASK_AGAIN: Duration = Duration::from_millis(500);

/// One line in the log for as many failed tries, which is one a minute.
const COMPLAIN_EVERY: u32 = 30;

/// The order service's own limit on a page, each order at its longest (50 lines).
const PAGE: usize = 200;
const MAX_PAGE_BYTES: usize = 16 << 20;

impl Orders {
    /// Asks until it knows all. An order that moves on meanwhile may be in none of the answers; its event tells of it.
    pub(super) async fn catch_up(
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
