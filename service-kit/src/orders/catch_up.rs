//! What a service asks the order service for: all open orders when it starts, having forgotten them, and later those that
//! it had no room for.

use std::collections::HashMap;
use std::time::Duration;

use awc::Client;
use shared_types::order::OrderStatus;

use super::walk::Walk;
use super::{Admission, Keeper, Learned, NAME, Orders};

/// How long until a failed page is asked for again, up to four times as long after a while.
const ASK_AGAIN: Duration = Duration::from_millis(500);

/// How often a full service looks whether it has room again.
pub(super) const LOOK: Duration = Duration::from_secs(1);

/// One line in the log for as many failed tries, which is one a minute.
const COMPLAIN_EVERY: u32 = 30;

enum Progress {
    CaughtUp,
    NoRoom,
}

impl Orders {
    /// Has the keeper learn of every open order, the oldest first, as far as it has room; then of what it misses. An order
    /// that moves on meanwhile may be in none of the answers; its event tells of it.
    pub(super) async fn keep_up(&self, statuses: &[OrderStatus], keeper: &impl Keeper) {
        let client = self.peer.client();
        let mut walk = Walk::new(statuses);
        let mut tries = 0_u32;
        loop {
            let progress = self.advance(&client, &mut walk, keeper).await;
            walk.pause();
            match progress {
                Ok(Progress::CaughtUp) => {
                    log::info!("caught up: {} open orders", walk.take_passed());
                    tries = 0;
                    self.intake.until_missed().await;
                }
                Ok(Progress::NoRoom) => {
                    tries = 0;
                    until_room(keeper).await;
                }
                Err(why) => {
                    let level = match tries % COMPLAIN_EVERY {
                        0 => log::Level::Warn,
                        _ => log::Level::Debug,
                    };
                    log::log!(level, "the open orders are not known yet: {why}");
                    tokio::time::sleep(ASK_AGAIN * tries.clamp(1, 4)).await;
                    tries = tries.saturating_add(1);
                }
            }
        }
    }

    /// As far as there is room. What is still to be reported is ahead of what the order service answers.
    async fn advance(
        &self,
        client: &Client,
        walk: &mut Walk,
        keeper: &impl Keeper,
    ) -> Result<Progress, String> {
        let unreported = self.unreported().await.map_err(|error| error.to_string())?;
        loop {
            if let Some(missed) = self.intake.take_missed() {
                walk.meet(missed);
            }
            while let Some(mut reached) = walk.next(client, &self.peer).await? {
                let order = &mut reached.order;
                let ahead = unreported.get(&order.id.to_string());
                let ahead = ahead.filter(|status| status.rank() > order.status.rank());
                order.status = *ahead.unwrap_or(&order.status);
                match keeper.learn(order, Admission::Open).await {
                    Ok(Learned::Known) => walk.pass(&reached),
                    Ok(Learned::NoRoom) => {
                        self.intake.fill();
                        return Ok(Progress::NoRoom);
                    }
                    Err(failure) => return Err(format!("not all can be taken: {failure}")),
                }
            }
            if self.intake.conclude() {
                return Ok(Progress::CaughtUp);
            }
            walk.pause();
        }
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
}

async fn until_room(keeper: &impl Keeper) {
    loop {
        tokio::time::sleep(LOOK).await;
        if keeper.has_room() {
            return;
        }
    }
}
