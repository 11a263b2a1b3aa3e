//! Asks the order service for open orders: for all of them after a start, when this service has
//! forgotten them, and later for those that it had no room for.

use std::collections::HashMap;
use std::time::Duration;

use awc::Client;
use service_kit::outbox::Outbox;
use service_kit::peer::PeerUrl;
use shared_types::order::{OrderStage, OrderStatus};

use crate::intake::Intake;
use crate::local::{Admission, Learned, LocalOrders};
use crate::report;
use crate::walk::Walk;

/// The pause before a failed page is requested again. It grows to four times this.
const RETRY: Duration = Duration::from_millis(500);

/// How often a full service checks for room.
pub(crate) const ROOM_CHECK: Duration = Duration::from_secs(1);

/// One warning for this many failed tries, which is one a minute.
const TRIES_PER_WARNING: u32 = 30;

enum Progress {
    CaughtUp,
    NoRoom,
}

pub(crate) struct CatchUp<'a> {
    pub(crate) peer: &'a PeerUrl,
    pub(crate) outbox: &'a Outbox,
    pub(crate) intake: &'a Intake,
}

impl CatchUp<'_> {
    /// Tells `local` of every order in `stage`, the oldest first and as far as it has room; then of
    /// each order that it missed. An order that moves on meanwhile may be in none of the pages: its
    /// event tells of it. Never returns.
    pub(crate) async fn run(&self, stage: OrderStage, local: &impl LocalOrders) {
        let client = self.peer.client();
        let mut walk = Walk::new(stage.statuses());
        let mut tries = 0_u32;
        loop {
            let progress = self.advance(&client, &mut walk, local).await;
            walk.pause();
            match progress {
                Ok(Progress::CaughtUp) => {
                    log::info!("caught up: {} open orders", walk.take_passed());
                    tries = 0;
                    self.intake.until_missed().await;
                }
                Ok(Progress::NoRoom) => {
                    tries = 0;
                    until_room(local).await;
                }
                Err(why) => {
                    let level = match tries % TRIES_PER_WARNING {
                        0 => log::Level::Warn,
                        _ => log::Level::Debug,
                    };
                    log::log!(level, "the open orders are not known yet: {why}");
                    tokio::time::sleep(RETRY * tries.clamp(1, 4)).await;
                    tries = tries.saturating_add(1);
                }
            }
        }
    }

    /// Goes on as far as there is room. An unreported mark overrides the status that the order
    /// service answers.
    async fn advance(
        &self,
        client: &Client,
        walk: &mut Walk,
        local: &impl LocalOrders,
    ) -> Result<Progress, String> {
        let unreported = self.unreported().await.map_err(|error| error.to_string())?;
        loop {
            if let Some(missed) = self.intake.take_missed() {
                walk.restart_if_behind(missed);
            }
            while let Some(mut reached) = walk.next(client, self.peer).await? {
                let order = &mut reached.order;
                let ahead = unreported.get(&order.id.to_string());
                let ahead = ahead.filter(|status| status.rank() > order.status.rank());
                order.status = *ahead.unwrap_or(&order.status);
                match local.learn(order, Admission::Open).await {
                    Ok(Learned::Known) => walk.pass(&reached),
                    Ok(Learned::NoRoom) => {
                        self.intake.fill();
                        return Ok(Progress::NoRoom);
                    }
                    Err(failure) => return Err(format!("an order cannot be taken: {failure}")),
                }
            }
            if self.intake.conclude() {
                return Ok(Progress::CaughtUp);
            }
            walk.pause();
        }
    }

    /// The furthest status of each order with a report that is not sent yet.
    async fn unreported(&self) -> sqlx::Result<HashMap<String, OrderStatus>> {
        let steps = self.outbox.furthest_steps(report::RECIPIENT).await?;
        let status = |step| OrderStatus::ALL.iter().find(|status| status.rank() == step);
        let known = steps
            .into_iter()
            .filter_map(|(id, step)| Some((id, *status(step)?)));
        Ok(known.collect())
    }
}

async fn until_room(local: &impl LocalOrders) {
    loop {
        tokio::time::sleep(ROOM_CHECK).await;
        if local.has_room() {
            return;
        }
    }
}
