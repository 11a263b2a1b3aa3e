//! Settles the outcomes of deliveries, together with the next claim.

use std::time::Duration;

use sqlx::AnyConnection;

use service_kit::outbox::clock::after;

use super::Store;
use super::claim::Claimed;

/// The outcome of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// A 2xx, with its body as JSON.
    Accepted(Option<String>),
    /// A final 4xx, with its body as JSON.
    Refused(Option<String>),
    /// To be repeated after a wait.
    Failed {
        wait: Duration,
        /// Whether it may have been carried out.
        is_unsure: bool,
    },
    /// Not sent.
    Untouched,
}

impl Outcome {
    pub(crate) fn is_final(&self) -> bool {
        matches!(self, Self::Accepted(_) | Self::Refused(_))
    }
}

/// An entry and its outcome.
pub(crate) type Settled = (Claimed, Outcome);

/// What was carried out is accepted, whatever became of the entry if its lease ended first.
const ACCEPT: &str = "UPDATE entries SET state = 'accepted', answer = $2, ended_at = $3,
         request = '', leased_until = 0
     WHERE id = $1 AND state NOT IN ('accepted', 'refused')";

const REFUSE: &str = "UPDATE entries SET state = 'refused', answer = $2, ended_at = $3,
         request = '', leased_until = 0
     WHERE id = $1 AND state = 'pending'";

/// Changes nothing when the lease has ended and another replica has claimed the entry since.
const POSTPONE: &str = "UPDATE entries SET leased_until = 0, due_at = $2, attempts = attempts + 1,
         unsure = CASE WHEN $3 > 0 THEN 1 ELSE unsure END
     WHERE id = $1 AND state = 'pending' AND leased_until = $4";

const GIVE_BACK: &str = "UPDATE entries SET leased_until = 0
     WHERE id = $1 AND state = 'pending' AND leased_until = $2";

impl Store {
    /// Settles outcomes and claims at most this many lanes. Both are one transaction, because commits
    /// are the cost of a full queue.
    pub(crate) async fn turn(
        &self,
        upstream: &str,
        settled: &[Settled],
        lanes: usize,
    ) -> sqlx::Result<Vec<Vec<Claimed>>> {
        let now = self.now().await?;
        let mut transaction = self.database.write().await?;
        for (entry, outcome) in settled {
            settle(&mut transaction, entry, outcome, now).await?;
        }
        let claimed = match lanes {
            0 => Vec::new(),
            lanes => self.claim(&mut transaction, upstream, lanes, now).await?,
        };
        transaction.commit().await?;
        Ok(claimed)
    }
}

async fn settle(
    connection: &mut AnyConnection,
    entry: &Claimed,
    outcome: &Outcome,
    now: i64,
) -> sqlx::Result<()> {
    let id = entry.id.as_str();
    let statement = match outcome {
        Outcome::Accepted(answer) => {
            let accept = sqlx::query(ACCEPT).bind(id);
            accept.bind(answer.as_deref()).bind(now)
        }
        Outcome::Refused(answer) => {
            let refuse = sqlx::query(REFUSE).bind(id);
            refuse.bind(answer.as_deref()).bind(now)
        }
        Outcome::Failed { wait, is_unsure } => sqlx::query(POSTPONE)
            .bind(id)
            .bind(after(now, *wait))
            .bind(i64::from(*is_unsure))
            .bind(entry.leased_until),
        Outcome::Untouched => sqlx::query(GIVE_BACK).bind(id).bind(entry.leased_until),
    };
    statement.execute(connection).await.map(drop)
}
